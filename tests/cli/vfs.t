# Virtual functions: shown; and what is refused before anything is written.
$ vgpuctl --root nvidia vfs 3b:00.0
0000:3b:00.0: 5 of 32 virtual functions enabled
$ vgpuctl --root nvidia vfs 7b:00.0
0000:7b:00.0: 0 of 32 virtual functions enabled
$ vgpuctl --root nvidia vfs 3b:00.5
0000:3b:00.0: 5 of 32 virtual functions enabled
$ vgpuctl --root nvidia vfs 7b:00.0 --disable
0000:7b:00.0: 0 of 32 virtual functions enabled
$ vgpuctl --root nvidia --json vfs 7b:00.0 | grep -E 'name"|vf_'
      "name": "0000:7b:00.0",
      "vendor_name": null,
      "device_name": null,
      "class_name": null,
      "vf_count": 0,
      "vf_total": 32,
$ vgpuctl --root full vfs mtty
mtty: no virtual functions
$ vgpuctl --root full vfs mtty --enable max
! vgpuctl: set virtual functions: mtty: its vGPUs do not live on virtual functions
? 5
$ vgpuctl --root nvidia vfs
! vgpuctl: vfs: PARENT: missing, 0 of 1 given; see vgpuctl vfs -h
? 2
$ vgpuctl --root nvidia vfs 7b:00.0 --enable 0
! vgpuctl: vfs: 0: --enable wants a number from 1 to 65535, or max; see vgpuctl vfs -h
? 2
$ vgpuctl --root nvidia vfs 7b:00.0 --enable all
! vgpuctl: vfs: all: --enable wants a number from 1 to 65535, or max; see vgpuctl vfs -h
? 2
$ vgpuctl --root nvidia vfs 7b:00.0 --enable 2 --disable
! vgpuctl: vfs: --disable: --enable and --disable exclude each other; see vgpuctl vfs -h
? 2
$ vgpuctl --root nvidia vfs 7b:00.0 --enable 33
! vgpuctl: set virtual functions: 0000:7b:00.0: it has no more than 32 virtual functions
? 2
$ vgpuctl --root nvidia vfs 3b:00.0 --enable max
! vgpuctl: set virtual functions: 0000:3b:00.0: some are enabled, and their number changes only through 0; disable them first
? 6
$ vgpuctl --root nvidia vfs 3b:00.0 --disable
! vgpuctl: set virtual functions: 0000:3b:00.0: it has vGPUs; destroy them first
? 6
$ vgpuctl --root nvidia vfs bb:00.0 --disable
! vgpuctl: set virtual functions: bb:00.0: this physical function is no parent, its virtual functions are; take one of them: list the parents of this host
? 3
$ vgpuctl --root nvidia vfs nobody --enable 1
! vgpuctl: set virtual functions: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3
