# A closed pipe ends it quietly, also where the signal is ignored.
$ vgpuctl --root full list | head -n 1
UUID                                 INSTANCE OWNER   PARENT       TYPE       STATE
$ vgpuctl --root full --json list | head -n 2
{
  "schema": 1,
$ { vgpuctl --root full list; echo $? >code; } | :; cat code | sed 's/141/0/'
0
$ (trap '' PIPE; { sleep 0.5; vgpuctl --root full --json list; echo $? >code; } | :); cat code
0
$ (trap '' PIPE; { sleep 0.5; vgpuctl --root full types 2>/dev/null; echo $? >code; } | :); cat code
0

# A full disk is an error.
$ vgpuctl --root full list >/dev/full
! vgpuctl: write: standard output: No space left on device
? 1
$ vgpuctl --root full --json list >/dev/full
! vgpuctl: write: standard output: No space left on device
? 1
$ vgpuctl --version >/dev/full
! vgpuctl: write: standard output: No space left on device
? 1
$ vgpuctl -h >/dev/full
! vgpuctl: write: standard output: No space left on device
? 1
$ vgpuctl --root full list nobody >/dev/full
! vgpuctl: find: nobody: this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, or a path in sysfs or of a vfio-user socket
? 2

# Nothing but the document is on standard output, and it is one.
$ for c in parents types list doctor 'reconcile --dry-run' 'show x' 'create -p x -t y' 'destroy x' 'read x y' 'write x y z' 'screenshot x' 'edid x' x; do vgpuctl --root full --json $c 2>/dev/null | sed -n '1p;$p;s/^  "\([a-z]*\)".*/\1/p' | tr '\n' ' '; echo; done
{ schema parents errors } 
{ schema types errors } 
{ schema vgpus errors } 
{ schema checks errors } 
{ schema mends errors } 
{ schema device regions irqs errors } 
{ schema vgpus errors } 
{ schema destroyed errors } 
{ schema read errors } 
{ schema write errors } 
{ schema screenshot errors } 
{ schema edids errors } 
{ schema errors } 
$ vgpuctl --sys full/sys --run full/run --dev /dev --proc full/proc list -o uuid,owner,group_node -p 3b:00.4
UUID                                 OWNER   GROUP_NODE
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 libvgpu /dev/vfio/33
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 libvgpu /dev/vfio/34
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10 foreign /dev/vfio/32
$ vgpuctl --root full --run idle/run list -o uuid,owner -p 3b:00.4
UUID                                 OWNER
7893ed89-9484-5a67-bb0f-8714af64f5eb foreign
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1 foreign
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10 foreign
$ (cd full && vgpuctl --root . list -o uuid -p 3b:00.4 --noheadings)
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
8f4c0b46-0f0e-4a4e-8f8b-24b4a7c7a8b1
a2c6b9c4-91d1-4f0e-8f7b-2f1f0f9f7a10

# A wide terminal shows the same as a file; a narrow one cuts what may be cut, and wraps.
$ vgpuctl --root full list -o uuid,instance,type,group,users >file; script -qec 'stty cols 200; vgpuctl --root full list -o uuid,instance,type,group,users' /dev/null | tr -d '\r' | diff file -
$ vgpuctl --root full types -o id,available,description,max 2>/dev/null >file; script -qec 'stty cols 200; vgpuctl --root full types -o id,available,description,max 2>/dev/null' /dev/null | tr -d '\r' | diff file -
$ vgpuctl --root full types --noheadings -o heads,id 2>/dev/null >file; script -qec 'stty cols 200; vgpuctl --root full types --noheadings -o heads,id 2>/dev/null' /dev/null | tr -d '\r' | diff file -
$ script -qec 'stty cols 50; vgpuctl --root full types -p 3b:00.4 -o id,description,max' /dev/null | tr -d '\r'
ID          DESCRIPTION                        MAX
nvidia-558  num_heads=4, frl_config=60, frameb  24
nvidia-1120 num_heads=4, frl_config=45, frameb  32
$ script -qec 'stty cols 90; vgpuctl --root full reconcile --dry-run --noheadings' /dev/null | tr -d '\r'
0fd8cbbb-8a3c-4b5f-9c0d-64f1c07c8dc1        0 removed   it is of an earlier boot
3f0e9c55-3c1c-4b3e-a1f0-5a7d1b0c9e01        0 completed its creation was cut off, but the 
                                                        kernel has made the vGPU
61d7b6f0-6ed1-4e6c-9a4e-70a5f2f7b002        0 removed   its vGPU does not exist
