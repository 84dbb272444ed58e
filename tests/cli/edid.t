# What is refused before the device is opened, and a device that is not there; the rest runs on real kernels.
$ vgpuctl --root full edid
! vgpuctl: edid: DEVICE: missing, 0 of 1 given; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920
! vgpuctl: edid: 1920: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x
! vgpuctl: edid: 1920x: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set x1080
! vgpuctl: edid: x1080: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920X1080
! vgpuctl: edid: 1920X1080: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080x60
! vgpuctl: edid: 1920x1080x60: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080@
! vgpuctl: edid: 1920x1080@: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080@0
! vgpuctl: edid: 1920x1080@0: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080@60.
! vgpuctl: edid: 1920x1080@60.: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080@60.0001
! vgpuctl: edid: 1920x1080@60.0001: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set -1x1
! vgpuctl: edid: -1x1: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 99999999999x1
! vgpuctl: edid: 99999999999x1: --set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --link sideways
! vgpuctl: edid: sideways: --link wants up|down; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 -o sizes
! vgpuctl: edid: sizes: no such column; see vgpuctl edid -h
? 2
$ vgpuctl --root full edid 12345678-1234-1234-1234-123456789012 --set 1920x1080@59.94
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
? 3
$ vgpuctl --root full --json edid 12345678-1234-1234-1234-123456789012 --link up
{
  "schema": 1,
  "edids": null,
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
