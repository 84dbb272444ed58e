# What is refused before the kernel is asked; the rest runs on real kernels.
$ vgpuctl --root idle create
! vgpuctl: create: --parent: missing; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p mtty
! vgpuctl: create: --type: missing; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p nobody -t mtty-1
! vgpuctl: create: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3
$ vgpuctl --root idle create -p mtty -t mtty-9
! vgpuctl: create: mtty: it offers no type 'mtty-9'; list the types of this parent
? 3
$ vgpuctl --root idle --json create -p mtty -t mtty-9 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
{
  "schema": 1,
  "vgpus": [
  ],
  "errors": [
    {
      "operation": "create",
      "path": "mtty",
      "value": "mtty-9",
      "errno": 19,
      "cause": "no-such-type",
      "message": "it offers no type 'mtty-9'",
      "hint": "list the types of this parent"
    }
  ]
}
! vgpuctl: create: mtty: it offers no type 'mtty-9'; list the types of this parent
? 3
$ vgpuctl --root idle create -p mtty -t ../mtty-1
! vgpuctl: create: ../mtty-1: this is no id of a type
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 8f4c0b46
! vgpuctl: create: 8f4c0b46: this is no UUID[:INSTANCE] with an instance from 0 to 65535
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536
! vgpuctl: create: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536: this is no UUID[:INSTANCE] with an instance from 0 to 65535
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:-1
! vgpuctl: create: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:-1: this is no UUID[:INSTANCE] with an instance from 0 to 65535
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 --wait long
! vgpuctl: create: long: --wait wants none|sysfs|node; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 --timeout 0
! vgpuctl: create: 0: --timeout wants 0.001 to 4294967 seconds; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 --timeout 1e3
! vgpuctl: create: 1e3: --timeout wants seconds, such as 2.5; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 --owner nobody-of-this-name
! vgpuctl: create: nobody-of-this-name: there is no such user or group; USER, USER:GROUP or :GROUP, by name or number
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 one two
! vgpuctl: create: two: one argument too many; see vgpuctl create -h
? 2

# No instance left, and taken already: by the pair, on any parent, or by the kernel's name.
$ vgpuctl --root full create -p 3b:00.4 -t nvidia-558 12345678-1234-1234-1234-123456789012
! vgpuctl: create: @/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/mdev_supported_types/nvidia-558/create: no instance of this type is left; destroy a vGPU of this parent, or take another parent or type
? 8
$ vgpuctl --root full create -p mtty -t mtty-1 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:3
! vgpuctl: create: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:3: it exists on parent 0000:3b:00.4; choose another UUID or instance, or destroy that one
? 7
$ vgpuctl --root full --json create -p mtty -t mtty-1 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
{
  "schema": 1,
  "vgpus": [
  ],
  "errors": [
    {
      "operation": "create",
      "path": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "value": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "errno": 17,
      "cause": "exists",
      "message": "a vGPU of this name exists on parent mtty",
      "hint": "choose another UUID or instance, or destroy that one"
    }
  ]
}
! vgpuctl: create: 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1: a vGPU of this name exists on parent mtty; choose another UUID or instance, or destroy that one
? 7

# None of these left a record.
$ ls idle/run full/run/vgpu | grep -c ,creating,
1
