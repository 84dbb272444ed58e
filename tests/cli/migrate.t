# What is refused before the device is opened; the rest runs on real kernels.
$ vgpuctl --root full migrate save 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
! vgpuctl: migrate: save|restore DEVICE FILE: missing, 2 of 3 given; see vgpuctl migrate -h
? 2
$ vgpuctl --root full migrate load 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 state
! vgpuctl: migrate: load: this is neither save nor restore; see vgpuctl migrate -h
? 2
$ vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 state --pre-copy
! vgpuctl: migrate: --pre-copy: makes sense with save only; see vgpuctl migrate -h
? 2
$ vgpuctl --root full migrate save 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 state --timeout never
! vgpuctl: migrate: never: --timeout wants seconds, such as 2.5; see vgpuctl migrate -h
? 2
$ vgpuctl --root full migrate save nonsense state
! vgpuctl: find: nonsense: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full migrate save 12345678-1234-1234-1234-123456789012 state; ls state*
! vgpuctl: open: 12345678-1234-1234-1234-123456789012: there is no such device; list the vGPUs of this host
! ls: cannot access 'state*': No such file or directory
? 2
$ vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 state
! vgpuctl: migrate: state: No such file or directory
? 1
$ vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 .
! vgpuctl: migrate: .: Is a directory
? 1
$ echo this is no state | vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 -
! vgpuctl: migrate: -: it is too short for the saved state of a device
? 1
$ head -c 1000 /dev/zero >zeros; vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 zeros
! vgpuctl: migrate: zeros: this is not the saved state of a device
? 1
$ vgpuctl --root full migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 /dev/zero
! vgpuctl: migrate: /dev/zero: this is not the saved state of a device
? 1
$ vgpuctl --root full --json migrate save 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 -
{
  "schema": 1,
  "migrate": null,
  "errors": [
    {
      "operation": "migrate",
      "path": "--json",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "excludes a state on standard output",
      "hint": "see vgpuctl migrate -h"
    }
  ]
}
! vgpuctl: migrate: --json: excludes a state on standard output; see vgpuctl migrate -h
? 2
$ vgpuctl --root full --json migrate restore 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 zeros
{
  "schema": 1,
  "migrate": null,
  "errors": [
    {
      "operation": "migrate",
      "path": "zeros",
      "value": null,
      "errno": 74,
      "cause": "bad-data",
      "message": "this is not the saved state of a device",
      "hint": null
    }
  ]
}
! vgpuctl: migrate: zeros: this is not the saved state of a device
? 1
