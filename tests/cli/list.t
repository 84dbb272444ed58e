$ vgpuctl --root full list
UUID                                 INSTANCE OWNER   PARENT       TYPE       STATE
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 foreign mtty         mtty-1     ready
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 libvgpu mtty         mtty-1     creating
7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02        0 foreign mtty         mtty-2     ready
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu 0000:3b:00.4 nvidia-558 ready
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        3 libvgpu 0000:3b:00.4 nvidia-558 ready
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10        0 foreign 0000:3b:00.4 nvidia-558 ready
c0ffee00-5a5a-4b1b-8a8a-000000000001        0 foreign mtty         -          incomplete
$ vgpuctl --root full list -o uuid,instance,name,device_api,driver
UUID                                 INSTANCE NAME                                 API      DRIVER
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 vfio-pci mtty
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01 vfio-pci mtty
7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02        0 7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02 vfio-pci mtty
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 vfio-pci nvidia-vgpu-vfio
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        3 7893ed89-9484-5a67-bb0f-8714af64f5eb vfio-pci nvidia-vgpu-vfio
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10        0 a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10 vfio-pci nvidia-vgpu-vfio
c0ffee00-5a5a-4b1b-8a8a-000000000001        0 c0ffee00-5a5a-4b1b-8a8a-000000000001 -        -
$ vgpuctl --root full --json list
{
  "schema": 1,
  "vgpus": [
    {
      "uuid": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "instance": 0,
      "owner": "foreign",
      "name": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "parent": "mtty",
      "physfn": null,
      "type": "mtty-1",
      "backend": "mdev",
      "device_api": "vfio-pci",
      "iommu_group": 30,
      "group_node": "@/full/dev/vfio/30",
      "cdev_node": "@/full/dev/vfio/devices/vfio0",
      "socket": null,
      "driver": "mtty",
      "state": "ready",
      "started": null,
      "users": null,
      "users_complete": null,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1"
    },
    {
      "uuid": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
      "instance": 0,
      "owner": "libvgpu",
      "name": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
      "parent": "mtty",
      "physfn": null,
      "type": "mtty-1",
      "backend": "mdev",
      "device_api": "vfio-pci",
      "iommu_group": 35,
      "group_node": "@/full/dev/vfio/35",
      "cdev_node": "@/full/dev/vfio/devices/vfio5",
      "socket": null,
      "driver": "mtty",
      "state": "creating",
      "started": null,
      "users": null,
      "users_complete": null,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01"
    },
    {
      "uuid": "7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02",
      "instance": 0,
      "owner": "foreign",
      "name": "7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02",
      "parent": "mtty",
      "physfn": null,
      "type": "mtty-2",
      "backend": "mdev",
      "device_api": "vfio-pci",
      "iommu_group": 31,
      "group_node": "@/full/dev/vfio/31",
      "cdev_node": "@/full/dev/vfio/devices/vfio1",
      "socket": null,
      "driver": "mtty",
      "state": "ready",
      "started": null,
      "users": null,
      "users_complete": null,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02"
    },
    {
      "uuid": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1",
      "instance": 0,
      "owner": "libvgpu",
      "name": "8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1",
      "parent": "0000:3b:00.4",
      "physfn": null,
      "type": "nvidia-558",
      "backend": "mdev",
      "device_api": "vfio-pci",
      "iommu_group": 33,
      "group_node": "@/full/dev/vfio/33",
      "cdev_node": "@/full/dev/vfio/devices/vfio3",
      "socket": null,
      "driver": "nvidia-vgpu-vfio",
      "state": "ready",
      "started": null,
      "users": null,
      "users_complete": null,
      "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1"
    },
    {
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
      "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/7893ed89-9484-5a67-bb0f-8714af64f5eb"
    },
    {
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
      "sysfs_path": "@/full/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10"
    },
    {
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
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001"
    }
  ],
  "errors": [
  ]
}
$ vgpuctl --root full list -p mtty --noheadings
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 foreign mtty   mtty-1 ready
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 libvgpu mtty   mtty-1 creating
7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02        0 foreign mtty   mtty-2 ready
c0ffee00-5a5a-4b1b-8a8a-000000000001        0 foreign mtty   -      incomplete
$ vgpuctl --root full list --parent 3b:00.4 -o NAME,State
NAME                                 STATE
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 ready
7893ed89-9484-5a67-bb0f-8714af64f5eb ready
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10 ready
$ vgpuctl --root full list -p nobody
! vgpuctl: list vGPUs: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3

# One of them: the pair, in any case; a number; the kernel's name of it; a path in sysfs.
$ vgpuctl --root full list 8F4C0B46-0F0E-4A4E-8F8B-24B4A7C7A8B1
UUID                                 INSTANCE OWNER   PARENT       TYPE       STATE
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu 0000:3b:00.4 nvidia-558 ready
$ vgpuctl --root full list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:3 -o uuid,instance,name
UUID                                 INSTANCE NAME
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        3 7893ed89-9484-5a67-bb0f-8714af64f5eb
$ vgpuctl --root full list 7893ed89-9484-5a67-bb0f-8714af64f5eb -o uuid,instance,name
UUID                                 INSTANCE NAME
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        3 7893ed89-9484-5a67-bb0f-8714af64f5eb
$ vgpuctl --root full list $PWD/full/sys/bus/mdev/devices/0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 -o uuid
UUID
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
$ vgpuctl --root full --json list c0ffee00-5a5a-4b1b-8a8a-000000000001
{
  "schema": 1,
  "vgpus": [
    {
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
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001"
    }
  ],
  "errors": [
  ]
}

# Not there, or no DEVICE.
$ vgpuctl --root full list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1
! vgpuctl: find: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full --json list 12345678-1234-1234-1234-123456789012
{
  "schema": 1,
  "vgpus": [
  ],
  "errors": [
    {
      "operation": "find",
      "path": "12345678-1234-1234-1234-123456789012",
      "value": "12345678-1234-1234-1234-123456789012",
      "errno": 19,
      "cause": "no-such-device",
      "message": "there is no such vGPU",
      "hint": "list the vGPUs of this host"
    }
  ]
}
! vgpuctl: find: 12345678-1234-1234-1234-123456789012: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full list 61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002
! vgpuctl: find: 61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full list 0000:3b:00.4
! vgpuctl: find: 0000:3b:00.4: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root full list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536
! vgpuctl: find: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:65536: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b
! vgpuctl: find: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full list ''
! vgpuctl: find: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2
$ vgpuctl --root full list -p mtty 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
! vgpuctl: list: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1: --parent and a DEVICE exclude each other; see vgpuctl list -h
? 2

# Users are looked for only when asked.
$ vgpuctl --root full list -u 0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1
UUID                                 INSTANCE OWNER   PARENT TYPE   GROUP STATE USERS
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 foreign mtty   mtty-1    30 ready none
$ vgpuctl --root full --json list -u -p mtty | grep -A9 '"users"'
      "users": [
      ],
      "users_complete": false,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1"
    },
    {
      "uuid": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
      "instance": 0,
      "owner": "libvgpu",
      "name": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
--
      "users": [
      ],
      "users_complete": false,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01"
    },
    {
      "uuid": "7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02",
      "instance": 0,
      "owner": "foreign",
      "name": "7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02",
--
      "users": [
        {
          "pid": 4711,
          "command": "qemu-system-x86",
          "via": "group",
          "certain": true
        }
      ],
      "users_complete": false,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02"
--
      "users": [
      ],
      "users_complete": false,
      "sysfs_path": "@/full/sys/devices/virtual/mtty/mtty/c0ffee00-5a5a-4b1b-8a8a-000000000001"
    }
  ],
  "errors": [
  ]
}

# None.
$ vgpuctl --root idle list
$ vgpuctl --root idle --json list
{
  "schema": 1,
  "vgpus": [
  ],
  "errors": [
  ]
}
$ vgpuctl --root bare list
$ vgpuctl --root bare --json list
{
  "schema": 1,
  "vgpus": [
  ],
  "errors": [
  ]
}

# Many on a parent: types and drivers come from the directories of types and drivers.
$ $FIXTURES . many; vgpuctl --root many list -o uuid,parent,type,driver,group,state,api
UUID                                 PARENT TYPE    DRIVER GROUP STATE      API
00000010-0000-4000-8000-000000000000 mtty   mtty-1  mtty      10 ready      vfio-pci
00000011-0000-4000-8000-000000000000 mtty   mtty-1  mtty      11 ready      vfio-pci
00000012-0000-4000-8000-000000000000 mtty   mtty-1  mtty      12 ready      vfio-pci
00000013-0000-4000-8000-000000000000 mtty   mtty-1  mtty      13 ready      vfio-pci
00000014-0000-4000-8000-000000000000 mtty   mtty-1  mtty      14 ready      vfio-pci
00000015-0000-4000-8000-000000000000 mtty   mtty-1  mtty      15 ready      vfio-pci
00000016-0000-4000-8000-000000000000 mtty   mtty-1  mtty      16 ready      vfio-pci
00000017-0000-4000-8000-000000000000 mtty   mtty-1  mtty      17 ready      vfio-pci
00000018-0000-4000-8000-000000000000 mtty   mtty-1  mtty      18 ready      vfio-pci
00000019-0000-4000-8000-000000000000 mtty   mtty-1  mtty      19 ready      vfio-pci
00000020-0000-4000-8000-000000000000 mtty   mtty-1  mtty      20 ready      vfio-pci
00000021-0000-4000-8000-000000000000 mtty   mtty-1  mtty      21 ready      vfio-pci
00000022-0000-4000-8000-000000000000 mtty   mtty-1  mtty      22 ready      vfio-pci
00000023-0000-4000-8000-000000000000 mtty   mtty-1  mtty      23 ready      vfio-pci
00000024-0000-4000-8000-000000000000 mtty   mtty-1  mtty      24 ready      vfio-pci
00000025-0000-4000-8000-000000000000 mtty   mtty-1  mtty      25 ready      vfio-pci
00000026-0000-4000-8000-000000000000 mtty   mtty-1  mtty      26 ready      vfio-pci
00000027-0000-4000-8000-000000000000 mtty   mtty-1  mtty      27 ready      vfio-pci
00000028-0000-4000-8000-000000000000 mtty   mtty-1  mtty      28 ready      vfio-pci
00000029-0000-4000-8000-000000000000 mtty   mtty-1  -         29 ready      vfio-pci
00000030-0000-4000-8000-000000000000 mdpy   mdpy-hd mdpy      30 ready      vfio-pci
c0ffee00-5a5a-4b1b-8a8a-000000000001 mtty   -       -          - incomplete -
# What the table does not show is not looked for; that changes no state.
$ for more in '' ,group,cdev_node; do vgpuctl --root many list --noheadings -o name,state$more | awk '{ print $1, $2 }'; done | sort | uniq -c | awk '{ print $1, $3 }' | sort | uniq -c
      1 2 incomplete
     21 2 ready
$ rm -r many/sys/bus/mdev/drivers many/sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/devices; vgpuctl --root many list -p mtty -o uuid,type,driver,state | sort -u -k 2
UUID                                 TYPE   DRIVER STATE
c0ffee00-5a5a-4b1b-8a8a-000000000001 -      -      incomplete
00000029-0000-4000-8000-000000000000 mtty-1 -      ready
00000010-0000-4000-8000-000000000000 mtty-1 mtty   ready
