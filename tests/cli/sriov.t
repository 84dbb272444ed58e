# Plain SR-IOV: virtual functions that a VFIO driver has are vGPUs. Devices that are no GPUs only for who says so.
$ vgpuctl --root sriov parents -o name,backend,driver,vf_count,vf_total,types,vgpus
NAME         BACKEND DRIVER VFS VFS_TOTAL TYPES VGPUS
0000:00:02.0 sriov   xe       4        31     1     2
0000:08:00.0 sriov   i915     1         7     1     1
0000:10:02.0 sriov   i915     0         7     4     0
$ vgpuctl --root sriov --any-class parents -o name,backend,driver,vf_count,vf_total,types,vgpus
NAME         BACKEND DRIVER VFS VFS_TOTAL TYPES VGPUS
0000:00:02.0 sriov   xe       4        31     1     2
0000:08:00.0 sriov   i915     1         7     1     1
0000:10:02.0 sriov   i915     0         7     4     0
0000:20:00.0 sriov   i40e     2         2     1     2
$ vgpuctl --root sriov types
PARENT       ID   NAME                     API      AVAILABLE MAX MIB
0000:00:02.0 vf-4 one of 4 equal functions vfio-pci         1   4   -
0000:08:00.0 vf-1 the whole device         vfio-pci         0   1   -
0000:10:02.0 vf-1 the whole device         vfio-pci         1   1   -
0000:10:02.0 vf-2 one of 2 equal functions vfio-pci         2   2   -
0000:10:02.0 vf-4 one of 4 equal functions vfio-pci         4   4   -
0000:10:02.0 vf-7 one of 7 equal functions vfio-pci         7   7   -
! vgpuctl: list types: 0000:08:00.0: each virtual function has a driver, or is kept for one; destroy a vGPU, or unbind what else has a function
$ vgpuctl --root sriov --any-class types -p 20:00.0
PARENT       ID   NAME                     API      AVAILABLE MAX MIB
0000:20:00.0 vf-2 one of 2 equal functions vfio-pci         0   2   -
! vgpuctl: list types: 0000:20:00.0: each virtual function has a driver, or is kept for one; destroy a vGPU, or unbind what else has a function
$ vgpuctl --root sriov list -o uuid,instance,owner,name,physfn,type,backend,driver,state
UUID                                 INSTANCE OWNER   NAME         PHYSFN       TYPE BACKEND DRIVER   STATE
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu 0000:00:02.1 0000:00:02.0 vf-4 sriov   vfio-pci ready
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        1 libvgpu 0000:20:02.1 0000:20:00.0 vf-2 sriov   vfio-pci ready
-                                           - foreign 0000:00:02.2 0000:00:02.0 vf-4 sriov   vfio-pci ready
-                                           - foreign 0000:08:00.1 0000:08:00.0 vf-1 sriov   vfio-pci ready
$ vgpuctl --root sriov --any-class list -o uuid,name
UUID                                 NAME
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 0000:00:02.1
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 0000:20:02.1
-                                    0000:00:02.2
-                                    0000:08:00.1
-                                    0000:20:02.0
$ vgpuctl --root sriov list -p 00:02.2 -o name
NAME
0000:00:02.2
$ vgpuctl --root sriov list 8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1:1 -o name,type
NAME         TYPE
0000:20:02.1 vf-2
$ vgpuctl --root sriov list 00:02.4
! vgpuctl: find: 00:02.4: there is no such vGPU; list the vGPUs of this host
? 3
$ vgpuctl --root sriov show --no-open 00:02.2 | grep -A14 attributes
    "attributes": [
      {
        "name": "profile/exec_quantum_ms",
        "value": "10"
      },
      {
        "name": "profile/preempt_timeout_us",
        "value": "10"
      },
      {
        "name": "profile/sched_priority",
        "value": "[low] normal high"
      }
    ]
  },
$ vgpuctl --root sriov show --no-open 08:00.1 | grep -A5 attributes
    "attributes": [
      {
        "name": "gt/contexts_quota",
        "value": "1024"
      }
    ]
$ vgpuctl --root sriov vfs 10:02.0
0000:10:02.0: 0 of 7 virtual functions enabled
$ vgpuctl --root sriov vfs 20:00.0
! vgpuctl: list parents: 20:00.0: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3
$ vgpuctl --root sriov create -p 00:02.0 -t vf-2
! vgpuctl: create: 0000:00:02.0: it is cut into another number of functions, which changes only through 0; take the type that there is, or disable the functions first (vgpuctl vfs)
? 8
$ vgpuctl --root sriov create -p 00:02.0 -t vf-32
! vgpuctl: create: 0000:00:02.0: it offers no type 'vf-32'; list the types of this parent
? 3
$ vgpuctl --root sriov create -p 00:02.0 -t whole
! vgpuctl: create: 0000:00:02.0: it offers no type 'whole'; list the types of this parent
? 3
$ vgpuctl --root sriov create -p 00:02.4 -t vf-4
! vgpuctl: create: 0000:00:02.0: no virtual function is free; destroy a vGPU of this parent, unbind what else has a function, or take another
? 8
$ vgpuctl --root sriov create -p 00:02.0 -t vf-4 -a profile/lmem_quota=1
! vgpuctl: create: @/sriov/sys/devices/pci0000:00/0000:00:02.0/sriov_admin/vf3/profile/lmem_quota: the driver does not give this attribute; show lists the attributes that a vGPU has
? 5
$ vgpuctl --root sriov create -p 20:00.0 -t vf-2
! vgpuctl: create: 20:00.0: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3
$ vgpuctl --root sriov destroy 00:02.2
! vgpuctl: destroy: 0000:00:02.2: libvgpu has not made it; force it if nobody needs it
? 1
$ vgpuctl --root sriov reconcile --dry-run
