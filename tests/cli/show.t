# It prints JSON always. These cannot be opened here: sysfs and the error are what is left.
$ vgpuctl --root full show --no-open a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10
{
  "schema": 1,
  "device": {
    "uuid": "a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10",
    "instance": 0,
    "owner": "foreign",
    "name": "a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10",
    "parent": "0000:3b:00.4",
    "physfn": null,
    "type": "nvidia-558",
    "backend": "mdev",
    "device_api": "vfio-pci",
    "iommu_group": 32,
    "group_node": "@/full/dev/vfio/32",
    "cdev_node": "@/full/dev/vfio/devices/vfio2",
    "socket": null,
    "driver": "nvidia-vgpu-vfio",
    "state": "ready",
    "started": null,
    "users": null,
    "users_complete": null,
    "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10",
    "access": null,
    "access_reason": null,
    "flags": null,
    "num_regions": null,
    "num_irqs": null,
    "attributes": [
      {
        "name": "nvidia/placement_id",
        "value": "Not Applicable"
      },
      {
        "name": "nvidia/vm_name",
        "value": ""
      }
    ]
  },
  "regions": null,
  "irqs": null,
  "errors": [
  ]
}
$ vgpuctl --root full show --no-open 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:3 --json
{
  "schema": 1,
  "device": {
    "uuid": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1",
    "instance": 3,
    "owner": "libvgpu",
    "name": "7893ed89-9484-5a67-bb0f-8714af64f5eb",
    "parent": "0000:3b:00.4",
    "physfn": null,
    "type": "nvidia-558",
    "backend": "mdev",
    "device_api": "vfio-pci",
    "iommu_group": 34,
    "group_node": "@/full/dev/vfio/34",
    "cdev_node": "@/full/dev/vfio/devices/vfio4",
    "socket": null,
    "driver": "nvidia-vgpu-vfio",
    "state": "ready",
    "started": null,
    "users": null,
    "users_complete": null,
    "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/7893ed89-9484-5a67-bb0f-8714af64f5eb",
    "access": null,
    "access_reason": null,
    "flags": null,
    "num_regions": null,
    "num_irqs": null,
    "attributes": [
    ]
  },
  "regions": null,
  "irqs": null,
  "errors": [
  ]
}
$ vgpuctl --root full show c0ffee00-5a5a-4b1b-8a8a-000000000001
{
  "schema": 1,
  "device": {
    "uuid": "c0ffee00-5a5a-4b1b-8a8a-000000000001",
    "instance": 0,
    "owner": "foreign",
    "name": "c0ffee00-5a5a-4b1b-8a8a-000000000001",
    "parent": "mtty",
    "physfn": null,
    "type": null,
    "backend": "mdev",
    "device_api": null,
    "iommu_group": null,
    "group_node": null,
    "cdev_node": null,
    "socket": null,
    "driver": null,
    "state": "incomplete",
    "started": null,
    "users": null,
    "users_complete": null,
    "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001",
    "access": null,
    "access_reason": null,
    "flags": null,
    "num_regions": null,
    "num_irqs": null,
    "attributes": [
    ]
  },
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "open",
      "path": "@/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001",
      "value": null,
      "errno": 95,
      "cause": "iommu-off",
      "message": "it has no IOMMU group",
      "hint": "switch the IOMMU on: intel_iommu=on or amd_iommu=on on the kernel's command line, and in the firmware"
    }
  ]
}
! vgpuctl: open: @/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001: it has no IOMMU group; switch the IOMMU on: intel_iommu=on or amd_iommu=on on the kernel's command line, and in the firmware
$ vgpuctl --root full show --access group 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 | grep -A99 '"errors"'
  "errors": [
    {
      "operation": "open",
      "path": "@/full/sys/devices/virtual/mtty/mtty/0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "value": null,
      "errno": 95,
      "cause": "unsupported",
      "message": "no access by group: the kernel's VFIO has no groups",
      "hint": "use the access path iommufd; or a kernel that has CONFIG_VFIO_GROUP"
    }
  ]
}
! vgpuctl: open: @/full/sys/devices/virtual/mtty/mtty/0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1: no access by group: the kernel's VFIO has no groups; use the access path iommufd; or a kernel that has CONFIG_VFIO_GROUP
$ vgpuctl --root full show --access teapot 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "show",
      "path": "teapot",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "--access wants auto|group|iommufd|user",
      "hint": "see vgpuctl show -h"
    }
  ]
}
! vgpuctl: show: teapot: --access wants auto|group|iommufd|user; see vgpuctl show -h
? 2
$ vgpuctl --root full show --no-open 0000:3b:00.4
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "find",
      "path": "0000:3b:00.4",
      "value": "0000:3b:00.4",
      "errno": 19,
      "cause": "no-such-device",
      "message": "there is no such vGPU",
      "hint": "list the vGPUs of this host"
    }
  ]
}
! vgpuctl: find: 0000:3b:00.4: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full show 0000:3b:00.4
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "open",
      "path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4",
      "value": null,
      "errno": 19,
      "cause": "no-vfio-driver",
      "message": "the driver nvidia is bound to it, which is no VFIO driver",
      "hint": "bind it: load vfio-pci, write vfio-pci to its driver_override, its address to driver/unbind, and write 0000:3b:00.4 to drivers_probe of its bus"
    }
  ]
}
! vgpuctl: open: @/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4: the driver nvidia is bound to it, which is no VFIO driver; bind it: load vfio-pci, write vfio-pci to its driver_override, its address to driver/unbind, and write 0000:3b:00.4 to drivers_probe of its bus
? 5
$ vgpuctl --root full show 0000:ff:00.0
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "open",
      "path": "0000:ff:00.0",
      "value": "0000:ff:00.0",
      "errno": 19,
      "cause": "no-such-device",
      "message": "there is no such device",
      "hint": "list the vGPUs of this host"
    }
  ]
}
! vgpuctl: open: 0000:ff:00.0: there is no such device; list the vGPUs of this host
? 3
$ vgpuctl --root full show nonsense
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "find",
      "path": "nonsense",
      "value": "nonsense",
      "errno": 22,
      "cause": "invalid",
      "message": "this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket",
      "hint": null
    }
  ]
}
! vgpuctl: find: nonsense: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full show
{
  "schema": 1,
  "device": null,
  "regions": null,
  "irqs": null,
  "errors": [
    {
      "operation": "show",
      "path": "DEVICE",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "missing, 0 of 1 given",
      "hint": "see vgpuctl show -h"
    }
  ]
}
! vgpuctl: show: DEVICE: missing, 0 of 1 given; see vgpuctl show -h
? 2
