# Names in udev's hardware database vary, and it need not be there: they are not shown here.
$ vgpuctl --root full parents -o name,backend,driver,pci_address,vendor,device,class,numa,group,types,vgpus
NAME          BACKEND DRIVER PCI_ADDRESS   VENDOR DEVICE CLASS    NUMA GROUP TYPES VGPUS
0000:3b:00.4  mdev    nvidia 0000:3b:00.4  0x10de 0x2235 0x030200    1    20     2     3
10000:00:02.0 mdev    i915   10000:00:02.0 0x8086 0x591b 0x030000    -     2     2     0
mdpy          mdev    -      -             -      -      -           -     -     2     0
mtty          mdev    -      -             -      -      -           -     -     2     4
odd           mdev    -      -             -      -      -           -     -     -     0
! vgpuctl: list parents: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: No such file or directory
$ vgpuctl --root full --json parents | sed 's/\(_name": \).*,/\1"N",/'
{
  "schema": 1,
  "parents": [
    {
      "name": "0000:3b:00.4",
      "backend": "mdev",
      "driver": "nvidia",
      "pci_address": "0000:3b:00.4",
      "vendor": "0x10de",
      "vendor_name": "N",
      "device": "0x2235",
      "device_name": "N",
      "class": "0x030200",
      "class_name": "N",
      "numa_node": 1,
      "iommu_group": 20,
      "vf_count": null,
      "vf_total": null,
      "types": 2,
      "vgpus": 3,
      "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4"
    },
    {
      "name": "10000:00:02.0",
      "backend": "mdev",
      "driver": "i915",
      "pci_address": "10000:00:02.0",
      "vendor": "0x8086",
      "vendor_name": "N",
      "device": "0x591b",
      "device_name": "N",
      "class": "0x030000",
      "class_name": "N",
      "numa_node": null,
      "iommu_group": 2,
      "vf_count": null,
      "vf_total": null,
      "types": 2,
      "vgpus": 0,
      "sysfs_path": "@/full/sys/devices/pci10000:00/10000:00:02.0"
    },
    {
      "name": "mdpy",
      "backend": "mdev",
      "driver": null,
      "pci_address": null,
      "vendor": null,
      "vendor_name": "N",
      "device": null,
      "device_name": "N",
      "class": null,
      "class_name": "N",
      "numa_node": null,
      "iommu_group": null,
      "vf_count": null,
      "vf_total": null,
      "types": 2,
      "vgpus": 0,
      "sysfs_path": "@/full/sys/devices/virtual/mdpy/mdpy"
    },
    {
      "name": "mtty",
      "backend": "mdev",
      "driver": null,
      "pci_address": null,
      "vendor": null,
      "vendor_name": "N",
      "device": null,
      "device_name": "N",
      "class": null,
      "class_name": "N",
      "numa_node": null,
      "iommu_group": null,
      "vf_count": null,
      "vf_total": null,
      "types": 2,
      "vgpus": 4,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty"
    },
    {
      "name": "odd",
      "backend": "mdev",
      "driver": null,
      "pci_address": null,
      "vendor": null,
      "vendor_name": "N",
      "device": null,
      "device_name": "N",
      "class": null,
      "class_name": "N",
      "numa_node": null,
      "iommu_group": null,
      "vf_count": null,
      "vf_total": null,
      "types": null,
      "vgpus": 0,
      "sysfs_path": "@/full/sys/devices/virtual/odd/odd"
    }
  ],
  "errors": [
    {
      "operation": "list parents",
      "path": "@/full/sys/devices/virtual/odd/odd/mdev_supported_types",
      "value": null,
      "errno": 2,
      "cause": "other",
      "message": "No such file or directory",
      "hint": null
    }
  ]
}
! vgpuctl: list parents: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: No such file or directory
$ vgpuctl --root idle parents --noheadings -o name,sysfs_path
0000:3b:00.4  @/idle/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4
10000:00:02.0 @/idle/sys/devices/pci10000:00/10000:00:02.0
mdpy          @/idle/sys/devices/virtual/mdpy/mdpy
mtty          @/idle/sys/devices/virtual/mtty/mtty

# One of them, by its name, or its PCI address with or without the domain.
$ vgpuctl --root full parents -p mtty -o name
NAME
mtty
$ vgpuctl --root full parents -p 0000:3b:00.4 -o name
NAME
0000:3b:00.4
$ vgpuctl --root full parents -p 3B:00.4 -o name
NAME
0000:3b:00.4
$ vgpuctl --root full parents -p 10000:00:02.0 -o name
NAME
10000:00:02.0
$ vgpuctl --root full parents -p 00:02.0 -o name
! vgpuctl: list parents: 00:02.0: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3
$ vgpuctl --root full --json parents -p nobody
{
  "schema": 1,
  "parents": null,
  "errors": [
    {
      "operation": "list parents",
      "path": "nobody",
      "value": "nobody",
      "errno": 19,
      "cause": "no-such-parent",
      "message": "there is no such parent",
      "hint": "list the parents of this host; a parent's name is its kernel name or PCI address"
    }
  ]
}
! vgpuctl: list parents: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3

# A host without any.
$ vgpuctl --root bare parents
$ vgpuctl --root bare --json parents
{
  "schema": 1,
  "parents": [
  ],
  "errors": [
  ]
}
$ vgpuctl --root nowhere --json parents
{
  "schema": 1,
  "parents": [
  ],
  "errors": [
  ]
}
