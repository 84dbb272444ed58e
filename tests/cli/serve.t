# Software GPUs: mistakes, and what the kernel's vGPUs make of start, shutdown and qemu-args.
$ vgpuctl serve
! vgpuctl: serve: softgpu: missing, 0 of 1 given; see vgpuctl serve -h
? 2
$ vgpuctl serve hardgpu
! vgpuctl: serve: hardgpu: there is no such provider: there is softgpu; see vgpuctl serve -h
? 2
$ vgpuctl serve softgpu --vram 0
! vgpuctl: serve: 0: --vram wants a number from 1 to 1048576; see vgpuctl serve -h
? 2
$ vgpuctl serve softgpu --layout other
! vgpuctl: serve: other: --layout wants spec|qemu; see vgpuctl serve -h
? 2
$ vgpuctl serve softgpu --name a/b --runtime-dir .
! vgpuctl: register a provider: a/b: a name has 1 to 63 of the characters A-Z a-z 0-9 . _ -
? 2
$ vgpuctl serve softgpu --owner no-such-user --runtime-dir run
! vgpuctl: register a provider: no-such-user: there is no such user or group; USER, USER:GROUP or :GROUP, by name or number
? 2
$ vgpuctl serve softgpu --runtime-dir nowhere/run
! vgpuctl: make the runtime directory: @/nowhere/run: No such file or directory
? 1
$ vgpuctl --runtime-dir "" list
! vgpuctl: list: DIR: a directory has no name; see vgpuctl list -h
? 2
$ vgpuctl start
! vgpuctl: start: UUID: missing, 0 of 1 given; see vgpuctl start -h
? 2
$ vgpuctl start 1234
! vgpuctl: start: 1234: this is no UUID
? 2
$ vgpuctl shutdown 1234
! vgpuctl: shutdown: 1234: this is no UUID
? 2
$ vgpuctl --root full start 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
$ vgpuctl --root full shutdown 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
$ vgpuctl --root full start 00000000-0000-4000-8000-00000000000a
! vgpuctl: start: 00000000-0000-4000-8000-00000000000a: this virtual machine has no vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full start 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 --json
{
  "schema": 1,
  "started": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1",
  "errors": [
  ]
}
$ vgpuctl --root full create -p 0000:3b:00.4 -t nvidia-558 --params a
! vgpuctl: create: 0000:3b:00.4: the kernel takes no parameters for a vGPU
? 5
$ vgpuctl --root full qemu-args 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:3
-device
vfio-pci,sysfsdev=@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/7893ed89-9484-5a67-bb0f-8714af64f5eb
$ vgpuctl --root full qemu-args a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10 --json
{
  "schema": 1,
  "arguments": [
    "-device",
    "vfio-pci,sysfsdev=@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10"
  ],
  "errors": [
  ]
}
$ vgpuctl --root full qemu-args nonsense
! vgpuctl: find: nonsense: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
