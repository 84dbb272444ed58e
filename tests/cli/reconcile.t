$ vgpuctl --root full reconcile --dry-run
UUID                                 INSTANCE ACTION    REASON
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 removed   it is of an earlier boot
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 completed its creation was cut off, but the kernel has made the vGPU
61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002        0 removed   its vGPU does not exist
$ vgpuctl --root full --json reconcile --dry-run | sed 's/,[0-9a-f]*,mdev/,INODE,mdev/'
{
  "schema": 1,
  "mends": [
    {
      "record": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1:0,ready,00000000,INODE,mdev,mtty,0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "uuid": "0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1",
      "instance": 0,
      "action": "removed",
      "reason": "it is of an earlier boot"
    },
    {
      "record": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01:0,creating,5d0a2c1e,INODE,mdev,mtty,3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
      "uuid": "3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01",
      "instance": 0,
      "action": "completed",
      "reason": "its creation was cut off, but the kernel has made the vGPU"
    },
    {
      "record": "61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002:0,ready,5d0a2c1e,INODE,mdev,mtty,61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002",
      "uuid": "61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002",
      "instance": 0,
      "action": "removed",
      "reason": "its vGPU does not exist"
    }
  ],
  "errors": [
  ]
}
$ ls full/run/vgpu | wc -l
5

# Mended, it has nothing left to do; what was ours stays ours.
$ vgpuctl --root full reconcile -o uuid,action
UUID                                 ACTION
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1 removed
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01 completed
61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002 removed
$ vgpuctl --root full --json reconcile
{
  "schema": 1,
  "mends": [
  ],
  "errors": [
  ]
}
$ vgpuctl --root full list -o uuid,instance,owner,state
UUID                                 INSTANCE OWNER   STATE
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 foreign ready
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 libvgpu ready
7c2e26f1-0b1d-4b7a-8f37-3d9d2a4b1f02        0 foreign ready
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        0 libvgpu ready
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1        3 libvgpu ready
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10        0 foreign ready
c0ffee00-5a5a-4b1b-8a8a-000000000001        0 foreign incomplete
$ vgpuctl --root idle reconcile
$ vgpuctl --root bare --json reconcile
{
  "schema": 1,
  "mends": [
  ],
  "errors": [
  ]
}
$ vgpuctl --root bare reconcile everything
! vgpuctl: reconcile: everything: one argument too many; see vgpuctl reconcile -h
? 2
