# What is refused before the kernel is asked; the rest runs on real kernels.
$ vgpuctl --root full destroy
! vgpuctl: destroy: DEVICE: missing, 0 of 1 given; see vgpuctl destroy -h
? 2
$ vgpuctl --root full destroy 12345678-1234-1234-1234-123456789012
! vgpuctl: destroy: 12345678-1234-1234-1234-123456789012: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full --json destroy 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1
{
  "schema": 1,
  "destroyed": null,
  "errors": [
    {
      "operation": "destroy",
      "path": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1",
      "value": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1",
      "errno": 19,
      "cause": "no-such-device",
      "message": "there is no such vGPU",
      "hint": "list the vGPUs of this host"
    }
  ]
}
! vgpuctl: destroy: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full destroy 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536
! vgpuctl: destroy: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full destroy 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 --timeout soon
! vgpuctl: destroy: soon: --timeout wants seconds, such as 2.5; see vgpuctl destroy -h
? 2
$ vgpuctl --root full destroy 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 --timeout .
! vgpuctl: destroy: .: --timeout wants seconds, such as 2.5; see vgpuctl destroy -h
? 2
$ vgpuctl --root full destroy 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 --timeout 9999999
! vgpuctl: destroy: 9999999: --timeout wants 0.001 to 4294967 seconds; see vgpuctl destroy -h
? 2
$ vgpuctl --root full destroy --force
! vgpuctl: destroy: DEVICE: missing, 0 of 1 given; see vgpuctl destroy -h
? 2
