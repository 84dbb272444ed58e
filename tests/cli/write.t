# What is refused before the device is opened, and a device that is not there; the rest runs on real kernels.
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0
! vgpuctl: write: DEVICE REGION[+OFFSET] VALUE: missing, 2 of 3 given; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 zero
! vgpuctl: write: zero: this is no VALUE, a number of at most 4 bytes; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 0x
! vgpuctl: write: 0x: this is no VALUE, a number of at most 4 bytes; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 0x100000000
! vgpuctl: write: 0x100000000: this is no VALUE, a number of at most 4 bytes; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 256 -w 1
! vgpuctl: write: 256: this is no VALUE, a number of at most 1 bytes; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0+1 1
! vgpuctl: write: bar0+1: the offset is no multiple of the width, 4; see vgpuctl write -h
? 2
$ vgpuctl --root full write 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 18446744073709551616 -w 8
! vgpuctl: write: 18446744073709551616: this is no VALUE, a number of at most 8 bytes; see vgpuctl write -h
? 2
$ vgpuctl --root full write 12345678-1234-1234-1234-123456789012 bar0 18446744073709551615 -w 8
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
? 3
$ vgpuctl --root full --json write 12345678-1234-1234-1234-123456789012 bar0 1
{
  "schema": 1,
  "write": null,
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
