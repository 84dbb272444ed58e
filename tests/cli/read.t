# What is refused before the device is opened, and a device that is not there; the rest runs on real kernels.
$ vgpuctl --root full read
! vgpuctl: read: DEVICE REGION[+OFFSET]: missing, 0 of 2 given; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
! vgpuctl: read: DEVICE REGION[+OFFSET]: missing, 1 of 2 given; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar6
! vgpuctl: read: bar6: this is no REGION: bar0 to bar5, rom, config, vga or an index; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 BAR0
! vgpuctl: read: BAR0: this is no REGION: bar0 to bar5, rom, config, vga or an index; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 4294967296
! vgpuctl: read: 4294967296: this is no REGION: bar0 to bar5, rom, config, vga or an index; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0+
! vgpuctl: read: '': this is no offset, such as 16 or 0x10; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0+-4
! vgpuctl: read: -4: this is no offset, such as 16 or 0x10; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0+0x8000000000000000
! vgpuctl: read: 0x8000000000000000: this is no offset, such as 16 or 0x10; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 -w 3
! vgpuctl: read: 3: --width wants 1, 2, 4 or 8; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 -w 16
! vgpuctl: read: 16: --width wants a number from 1 to 8; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0+2 -w 4
! vgpuctl: read: bar0+2: the offset is no multiple of the width, 4; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 -w 4 -n 6
! vgpuctl: read: 6: the length is no multiple of the width, 4; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 -n 0
! vgpuctl: read: 0: --length wants a number from 1 to 9223372036854775807; see vgpuctl read -h
? 2
$ vgpuctl --root full read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 -n 1k
! vgpuctl: read: 1k: --length wants a number from 1 to 9223372036854775807; see vgpuctl read -h
? 2
$ vgpuctl --root full --json read 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 bar0 --raw
{
  "schema": 1,
  "read": null,
  "errors": [
    {
      "operation": "read",
      "path": "--raw",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "excludes --json",
      "hint": "see vgpuctl read -h"
    }
  ]
}
! vgpuctl: read: --raw: excludes --json; see vgpuctl read -h
? 2
$ vgpuctl --root full read 12345678-1234-1234-1234-123456789012 bar0
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
? 3
$ vgpuctl --root full --json read 12345678-1234-1234-1234-123456789012 config+0x10 -n 4
{
  "schema": 1,
  "read": null,
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
