$ vgpuctl --root full types
PARENT        ID             NAME               API       AVAILABLE MAX  MIB
0000:3b:00.4  nvidia-558     NVIDIA A40-2Q      vfio-pci          0  24 2048
0000:3b:00.4  nvidia-1120    NVIDIA A40-1B      vfio-pci 4294967295  32 1024
10000:00:02.0 i915-GVTg_V5_4 GVTg_V5_4          vfio-pci          1   -    -
10000:00:02.0 i915-GVTg_V5_8 GVTg_V5_8          -                 2   -    -
mdpy          mdpy-hd        mdpy-hd            vfio-pci          4   -    -
mdpy          mdpy-vga       mdpy-vga           vfio-pci          -   -    -
mtty          mtty-1         Single port serial vfio-pci         22   -    -
mtty          mtty-2         Dual port serial   vfio-pci         11   -    -
! vgpuctl: list types: @/full/sys/devices/pci10000:00/10000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/device_api: the driver does not give this attribute
! vgpuctl: list types: @/full/sys/devices/virtual/mdpy/mdpy/mdev_supported_types/mdpy-vga/available_instances: holds no number from 0 to 4294967295
! vgpuctl: list types: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: the parent is registered, but offers no directory of types; see the kernel's log for its driver
$ vgpuctl --root full types -o parent,id,description,heads,max_resolution,frame_rate_limit
PARENT        ID             DESCRIPTION                                                                              HEADS RESOLUTION FPS
0000:3b:00.4  nvidia-558     num_heads=4, frl_config=60, framebuffer=2048M, max_resolution=7680x4320, max_instance=24     4  7680x4320  60
0000:3b:00.4  nvidia-1120    num_heads=4, frl_config=45, framebuffer=1024M, max_resolution=5120x2880, max_instance=32     4  5120x2880  45
10000:00:02.0 i915-GVTg_V5_4 low_gm_size: 128MB, high_gm_size: 512MB, fence: 4, resolution: 1920x1200, weight: 4          -  1920x1200   -
10000:00:02.0 i915-GVTg_V5_8 -                                                                                            -          -   -
mdpy          mdpy-hd        virtual display, 1920x1080 framebuffer                                                       -          -   -
mdpy          mdpy-vga       -                                                                                            -          -   -
mtty          mtty-1         -                                                                                            -          -   -
mtty          mtty-2         -                                                                                            -          -   -
! vgpuctl: list types: @/full/sys/devices/pci10000:00/10000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/device_api: the driver does not give this attribute
! vgpuctl: list types: @/full/sys/devices/virtual/mdpy/mdpy/mdev_supported_types/mdpy-vga/available_instances: holds no number from 0 to 4294967295
! vgpuctl: list types: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: the parent is registered, but offers no directory of types; see the kernel's log for its driver
$ vgpuctl --root full --json types
{
  "schema": 1,
  "types": [
    {
      "parent": "0000:3b:00.4",
      "id": "nvidia-558",
      "name": "NVIDIA A40-2Q",
      "description": "num_heads=4, frl_config=60, framebuffer=2048M, max_resolution=7680x4320, max_instance=24",
      "device_api": "vfio-pci",
      "available_instances": 0,
      "creatable": false,
      "max_instances": 24,
      "framebuffer_mib": 2048,
      "heads": 4,
      "max_resolution": "7680x4320",
      "frame_rate_limit": 60
    },
    {
      "parent": "0000:3b:00.4",
      "id": "nvidia-1120",
      "name": "NVIDIA A40-1B",
      "description": "num_heads=4, frl_config=45, framebuffer=1024M, max_resolution=5120x2880, max_instance=32",
      "device_api": "vfio-pci",
      "available_instances": 4294967295,
      "creatable": true,
      "max_instances": 32,
      "framebuffer_mib": 1024,
      "heads": 4,
      "max_resolution": "5120x2880",
      "frame_rate_limit": 45
    },
    {
      "parent": "10000:00:02.0",
      "id": "i915-GVTg_V5_4",
      "name": "GVTg_V5_4",
      "description": "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\nresolution: 1920x1200\nweight: 4",
      "device_api": "vfio-pci",
      "available_instances": 1,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": "1920x1200",
      "frame_rate_limit": null
    },
    {
      "parent": "10000:00:02.0",
      "id": "i915-GVTg_V5_8",
      "name": "GVTg_V5_8",
      "description": null,
      "device_api": null,
      "available_instances": 2,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "mdpy",
      "id": "mdpy-hd",
      "name": "mdpy-hd",
      "description": "virtual display, 1920x1080 framebuffer",
      "device_api": "vfio-pci",
      "available_instances": 4,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "mdpy",
      "id": "mdpy-vga",
      "name": "mdpy-vga",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": null,
      "creatable": null,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "mtty",
      "id": "mtty-1",
      "name": "Single port serial",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": 22,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "mtty",
      "id": "mtty-2",
      "name": "Dual port serial",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": 11,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    }
  ],
  "errors": [
    {
      "operation": "list types",
      "path": "@/full/sys/devices/pci10000:00/10000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/device_api",
      "value": null,
      "errno": 2,
      "cause": "bad-data",
      "message": "the driver does not give this attribute",
      "hint": null
    },
    {
      "operation": "list types",
      "path": "@/full/sys/devices/virtual/mdpy/mdpy/mdev_supported_types/mdpy-vga/available_instances",
      "value": null,
      "errno": 22,
      "cause": "bad-data",
      "message": "holds no number from 0 to 4294967295",
      "hint": null
    },
    {
      "operation": "list types",
      "path": "@/full/sys/devices/virtual/odd/odd/mdev_supported_types",
      "value": null,
      "errno": 2,
      "cause": "bad-data",
      "message": "the parent is registered, but offers no directory of types",
      "hint": "see the kernel's log for its driver"
    }
  ]
}
! vgpuctl: list types: @/full/sys/devices/pci10000:00/10000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/device_api: the driver does not give this attribute
! vgpuctl: list types: @/full/sys/devices/virtual/mdpy/mdpy/mdev_supported_types/mdpy-vga/available_instances: holds no number from 0 to 4294967295
! vgpuctl: list types: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: the parent is registered, but offers no directory of types; see the kernel's log for its driver
$ vgpuctl --root idle types -p 3b:00.4
PARENT       ID          NAME          API       AVAILABLE MAX  MIB
0000:3b:00.4 nvidia-558  NVIDIA A40-2Q vfio-pci          0  24 2048
0000:3b:00.4 nvidia-1120 NVIDIA A40-1B vfio-pci 4294967295  32 1024
$ vgpuctl --root idle --json types -p mtty
{
  "schema": 1,
  "types": [
    {
      "parent": "mtty",
      "id": "mtty-1",
      "name": "Single port serial",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": 22,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "mtty",
      "id": "mtty-2",
      "name": "Dual port serial",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": 11,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    }
  ],
  "errors": [
  ]
}
$ vgpuctl --root idle types -p nobody
! vgpuctl: list types: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3

# None: it says why.
$ vgpuctl --root bare types
! vgpuctl: list types: @/bare/sys/bus/mdev: no driver of this host offers vGPUs: module mdev is not loaded; load the vendor's vGPU driver; for i915, its parameter enable_gvt=1 and kvmgt
$ vgpuctl --root bare --json types
{
  "schema": 1,
  "types": [
  ],
  "errors": [
    {
      "operation": "list types",
      "path": "@/bare/sys/bus/mdev",
      "value": null,
      "errno": 19,
      "cause": "module-missing",
      "message": "no driver of this host offers vGPUs: module mdev is not loaded",
      "hint": "load the vendor's vGPU driver; for i915, its parameter enable_gvt=1 and kvmgt"
    }
  ]
}
! vgpuctl: list types: @/bare/sys/bus/mdev: no driver of this host offers vGPUs: module mdev is not loaded; load the vendor's vGPU driver; for i915, its parameter enable_gvt=1 and kvmgt
$ vgpuctl --root full types -p odd
! vgpuctl: list types: @/full/sys/devices/virtual/odd/odd/mdev_supported_types: the parent is registered, but offers no directory of types; see the kernel's log for its driver
