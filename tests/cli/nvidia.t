# NVIDIA's vGPUs on virtual functions: what is offered, what is there, and why nothing is.
$ vgpuctl --root nvidia parents -o name,backend,driver,types,vgpus
NAME         BACKEND     DRIVER TYPES VGPUS
0000:3b:00.0 nvidia-vfio nvidia     3     2
0000:5b:00.0 nvidia-vfio nvidia     0     0
0000:7b:00.0 nvidia-vfio nvidia     0     0
0000:9b:00.0 nvidia-vfio nvidia     2     1
0000:bb:00.4 mdev        nvidia     1     0
$ vgpuctl --root nvidia types
PARENT       ID         NAME               API      AVAILABLE MAX MIB
0000:3b:00.0 1145       NVIDIA L40S-1B     vfio-pci         -   -   -
0000:3b:00.0 1148       NVIDIA L40S-2Q     vfio-pci         -   -   -
0000:3b:00.0 1155       NVIDIA L40S-48Q    vfio-pci         0   -   -
0000:9b:00.0 1414       NVIDIA H200X-1-18C vfio-pci         -   -   -
0000:9b:00.0 1415       -                  vfio-pci         0   -   -
0000:bb:00.4 nvidia-558 NVIDIA A40-2Q      vfio-pci         1   -   -
! vgpuctl: list types: 0000:5b:00.0: no function has a vGPU, and none can be created; with MIG on, create GPU instances first; else see the kernel's log
! vgpuctl: list types: 0000:7b:00.0: vGPUs live on virtual functions, and none is enabled; enable them: vgpuctl vfs, with --enable max
$ vgpuctl --root nvidia --json types -p 9b:00.0
{
  "schema": 1,
  "types": [
    {
      "parent": "0000:9b:00.0",
      "id": "1414",
      "name": "NVIDIA H200X-1-18C",
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": null,
      "creatable": true,
      "max_instances": null,
      "framebuffer_mib": null,
      "heads": null,
      "max_resolution": null,
      "frame_rate_limit": null
    },
    {
      "parent": "0000:9b:00.0",
      "id": "1415",
      "name": null,
      "description": null,
      "device_api": "vfio-pci",
      "available_instances": 0,
      "creatable": false,
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
$ vgpuctl --root nvidia types -p 3b:00.7
PARENT       ID   NAME            API      AVAILABLE MAX MIB
0000:3b:00.0 1155 NVIDIA L40S-48Q vfio-pci         0   -   -
! vgpuctl: list types: 0000:3b:00.0: the vGPUs that are there decide: beside them no other can be created; destroy those, or take the type that they have; functions of one GPU share its memory, and unless it is set to heterogeneous mode they share one type
$ vgpuctl --root nvidia list -o uuid,instance,owner,name,physfn,type,backend,iommu_group,driver,state
UUID                                 INSTANCE OWNER   NAME         PHYSFN       TYPE BACKEND     GROUP DRIVER STATE
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu 0000:3b:00.5 0000:3b:00.0 1145 nvidia-vfio    42 nvidia ready
-                                           - foreign 0000:3b:00.6 0000:3b:00.0 1155 nvidia-vfio    43 nvidia ready
-                                           - foreign 0000:9b:00.3 0000:9b:00.0 1415 nvidia-vfio    72 nvidia ready
$ vgpuctl --root nvidia list -u -p 3b:00.0
UUID                                 INSTANCE OWNER   PARENT       TYPE GROUP STATE USERS
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu 0000:3b:00.0 1145    42 ready none
-                                           - foreign 0000:3b:00.0 1155    43 ready qemu-system-x86(4711)
$ vgpuctl --root nvidia list -p 3b:00.6 -o name,owner,type
NAME         OWNER   TYPE
0000:3b:00.6 foreign 1155
$ vgpuctl --root nvidia list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 -o name,type,group_node,cdev_node
NAME         TYPE GROUP_NODE                                   CDEV_NODE
0000:3b:00.5 1145 @/nvidia/dev/vfio/42 @/nvidia/dev/vfio/devices/vfio1
$ vgpuctl --root nvidia list 3b:00.6 -o uuid,name,type
UUID NAME         TYPE
-    0000:3b:00.6 1155
$ vgpuctl --root nvidia list 3b:00.7
! vgpuctl: find: 3b:00.7: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root nvidia list 3b:01.0
! vgpuctl: find: 3b:01.0: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root nvidia list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1
! vgpuctl: find: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root nvidia show --no-open 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 | grep -A12 attributes
    "attributes": [
      {
        "name": "nvidia/creatable_vgpu_types",
        "value": ""
      },
      {
        "name": "nvidia/current_vgpu_type",
        "value": "1145"
      },
      {
        "name": "nvidia/vgpu_params",
        "value": ""
      }
$ vgpuctl --root nvidia reconcile --dry-run
UUID                                 INSTANCE ACTION  REASON
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        1 removed somebody else has made another vGPU of this name since
$ vgpuctl --root nvidia doctor -o name,ok,detail --noheadings | grep -E '^(parents|types)'
parents          yes 5 registered
types            yes 6 offered, of 4 of them one more can be created

# What create refuses before the driver is asked.
$ vgpuctl --root nvidia create -p 3b:00.0 -t L40S
! vgpuctl: create: L40S: this is no id of a type: these are numbers here
? 2
$ vgpuctl --root nvidia create -p 3b:00.0 -t 9999
! vgpuctl: create: 0000:3b:00.0: it offers no type '9999'; list the types of this parent
? 3
$ vgpuctl --root nvidia create -p 3b:00.0 -t 1155
! vgpuctl: create: 0000:3b:00.0: no free virtual function can become this type now; destroy a vGPU of this parent, or take another parent or type; types tells why
? 8
$ vgpuctl --root nvidia create -p 3b:00.5 -t 1145
! vgpuctl: create: 0000:3b:00.0: no virtual function is free; destroy a vGPU of this parent, or take another parent
? 8
$ vgpuctl --root nvidia create -p 3b:00.7 -t 1145
! vgpuctl: create: 0000:3b:00.0: no free virtual function can become this type now; destroy a vGPU of this parent, or take another parent or type; types tells why
? 8
$ vgpuctl --root nvidia create -p 5b:00.0 -t 1145
! vgpuctl: create: 0000:5b:00.0: it offers no type '1145'; list the types of this parent
? 3
$ vgpuctl --root nvidia create -p 7b:00.0 -t 1145
! vgpuctl: create: 0000:7b:00.0: none of its virtual functions is enabled; enable them: vgpuctl vfs, with --enable max
? 8
$ vgpuctl --root nvidia create -p bb:00.0 -t nvidia-558
! vgpuctl: create: bb:00.0: this physical function is no parent, its virtual functions are; take one of them: list the parents of this host
? 3
$ vgpuctl --root nvidia create -p 3b:00.0 -t 1145 -a placement_id=3
! vgpuctl: create: placement_id=3: this is no GROUP/FILE=VALUE
? 2
$ vgpuctl --root nvidia create -p 3b:00.0 -t 1145 -a nvidia/../driver_override=x
! vgpuctl: create: nvidia/../driver_override=x: this is no GROUP/FILE=VALUE
? 2
$ vgpuctl --root nvidia create -p 3b:00.0 -t 1145 -a nvidia/placement_id=3
! vgpuctl: create: @/nvidia/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.4/nvidia/placement_id: the driver does not give this attribute; show lists the attributes that a vGPU has
? 5
$ vgpuctl --root nvidia create -p 3b:00.0 -t 1145 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
! vgpuctl: create: 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:0: it exists on parent 0000:3b:00.0; choose another UUID or instance, or destroy that one
? 7
$ vgpuctl --root nvidia destroy 3b:00.6
! vgpuctl: destroy: 0000:3b:00.6: libvgpu has not made it; force it if nobody needs it
? 1
$ ls nvidia/run/vgpu | grep -c 0000:3b
1
