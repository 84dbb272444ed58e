# What is refused before the device is opened, and a device that is not there; the rest runs on real kernels.
$ vgpuctl --root full screenshot
! vgpuctl: screenshot: DEVICE [FILE.png]: missing, 0 of 1 given; see vgpuctl screenshot -h
? 2
$ vgpuctl --root full screenshot a b c
! vgpuctl: screenshot: c: one argument too many; see vgpuctl screenshot -h
? 2
$ vgpuctl --root full --json screenshot 12345678-1234-1234-1234-123456789012 -
{
  "schema": 1,
  "screenshot": null,
  "errors": [
    {
      "operation": "screenshot",
      "path": "-",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "excludes --json",
      "hint": "see vgpuctl screenshot -h"
    }
  ]
}
! vgpuctl: screenshot: -: excludes --json; see vgpuctl screenshot -h
? 2
$ script -qec 'vgpuctl --root full screenshot 12345678-1234-1234-1234-123456789012 -' /dev/null </dev/null | tr -d '\r'
vgpuctl: screenshot: -: standard output is a terminal; see vgpuctl screenshot -h
$ vgpuctl --root full screenshot 12345678-1234-1234-1234-123456789012 --access bus
! vgpuctl: screenshot: bus: --access wants auto|group|iommufd|user; see vgpuctl screenshot -h
? 2
$ vgpuctl --root full screenshot 12345678-1234-1234-1234-123456789012 a.png; ls a.png
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
! ls: cannot access 'a.png': No such file or directory
? 2
$ vgpuctl --root full --json screenshot 12345678-1234-1234-1234-123456789012
{
  "schema": 1,
  "screenshot": null,
  "errors": [
    {
      "operation": "open",
      "path": "12345678-1234-1234-1234-123456789012",
      "value": "12345678-1234-1234-1234-123456789012",
      "errno": 19,
      "cause": "no-such-device",
      "message": "there is no such device",
      "hint": "list the vGPUs of this host"
    }
  ]
}
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
? 3
