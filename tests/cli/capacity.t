# What can still be created, as far as drivers tell; what a mix leaves, where that can be known.
$ vgpuctl --root idle capacity
PARENT        TYPE           NAME                AVAILABLE CREATABLE
0000:3b:00.4  nvidia-558     NVIDIA A40-2Q               0 no
0000:3b:00.4  nvidia-1120    NVIDIA A40-1B      4294967295 yes
10000:00:02.0 i915-GVTg_V5_4 GVTg_V5_4                   1 yes
mdpy          mdpy-hd        mdpy-hd                     4 yes
mtty          mtty-1         Single port serial         22 yes
mtty          mtty-2         Dual port serial           11 yes
$ vgpuctl --root idle capacity --mix mtty-1=2
PARENT        TYPE           NAME                AVAILABLE FITS LEFT
0000:3b:00.4  nvidia-558     NVIDIA A40-2Q               0 no      -
0000:3b:00.4  nvidia-1120    NVIDIA A40-1B      4294967295 no      -
10000:00:02.0 i915-GVTg_V5_4 GVTg_V5_4                   1 no      -
mdpy          mdpy-hd        mdpy-hd                     4 no      -
mtty          mtty-1         Single port serial         22 yes    20
mtty          mtty-2         Dual port serial           11 yes     -
$ vgpuctl --root idle capacity -p 3b:00.4 --mix nvidia-1120=1000000
! vgpuctl: list capacity: nvidia-1120=1000000: this is no TYPE=N,TYPE=N with at most 32 types
? 2
$ vgpuctl --root idle capacity -p mtty --mix mtty-1=2,mtty-2=1
PARENT TYPE   NAME               AVAILABLE FITS LEFT
mtty   mtty-1 Single port serial        22 -       -
mtty   mtty-2 Dual port serial          11 -       -
$ vgpuctl --root idle capacity -p mtty --mix mtty-1=23
PARENT TYPE   NAME               AVAILABLE FITS LEFT
mtty   mtty-1 Single port serial        22 no      -
mtty   mtty-2 Dual port serial          11 no      -
$ vgpuctl --root idle capacity -p mtty --mix mtty-9=1 --json
{
  "schema": 1,
  "capacity": [
    {
      "parent": "mtty",
      "type": "mtty-1",
      "name": "Single port serial",
      "available_instances": 22,
      "creatable": true,
      "fits": false,
      "left": null
    },
    {
      "parent": "mtty",
      "type": "mtty-2",
      "name": "Dual port serial",
      "available_instances": 11,
      "creatable": true,
      "fits": false,
      "left": null
    }
  ],
  "errors": [
  ]
}
$ vgpuctl --root nvidia capacity -p 3b:00.0 --mix 1145=1
PARENT       TYPE NAME            AVAILABLE FITS LEFT
0000:3b:00.0 1145 NVIDIA L40S-1B          - yes     -
0000:3b:00.0 1148 NVIDIA L40S-2Q          - yes     -
0000:3b:00.0 1155 NVIDIA L40S-48Q         0 yes     -
$ vgpuctl --root nvidia capacity -p 3b:00.0 --mix 1145=2
PARENT       TYPE NAME            AVAILABLE FITS LEFT
0000:3b:00.0 1145 NVIDIA L40S-1B          - -       -
0000:3b:00.0 1148 NVIDIA L40S-2Q          - -       -
0000:3b:00.0 1155 NVIDIA L40S-48Q         0 -       -
$ vgpuctl --root nvidia capacity -p 3b:00.0 --mix 1155=1
PARENT       TYPE NAME            AVAILABLE FITS LEFT
0000:3b:00.0 1145 NVIDIA L40S-1B          - no      -
0000:3b:00.0 1148 NVIDIA L40S-2Q          - no      -
0000:3b:00.0 1155 NVIDIA L40S-48Q         0 no      -
$ vgpuctl --root sriov capacity -p 10:02.0 --mix vf-4=3
PARENT       TYPE NAME                     AVAILABLE FITS LEFT
0000:10:02.0 vf-1 the whole device                 1 yes     -
0000:10:02.0 vf-2 one of 2 equal functions         2 yes     -
0000:10:02.0 vf-4 one of 4 equal functions         4 yes     1
0000:10:02.0 vf-7 one of 7 equal functions         7 yes     -
$ vgpuctl --root shared capacity --mix nvidia-558=3
PARENT       TYPE        NAME          AVAILABLE FITS LEFT
0000:3b:00.4 nvidia-558  NVIDIA A40-2Q        10 yes     7
0000:3b:00.4 nvidia-1120 NVIDIA A40-1B        20 yes    14
$ vgpuctl --root shared capacity --mix nvidia-558=11
PARENT       TYPE        NAME          AVAILABLE FITS LEFT
0000:3b:00.4 nvidia-558  NVIDIA A40-2Q        10 no      -
0000:3b:00.4 nvidia-1120 NVIDIA A40-1B        20 no      -
$ vgpuctl --root shared capacity --mix nvidia-558=2,nvidia-1120=4
PARENT       TYPE        NAME          AVAILABLE FITS LEFT
0000:3b:00.4 nvidia-558  NVIDIA A40-2Q        10 yes     6
0000:3b:00.4 nvidia-1120 NVIDIA A40-1B        20 yes    12
$ vgpuctl --root idle capacity --mix mtty-1
! vgpuctl: list capacity: mtty-1: this is no TYPE=N,TYPE=N with at most 32 types
? 2
$ vgpuctl --root idle capacity --mix =1
! vgpuctl: list capacity: =1: this is no TYPE=N,TYPE=N with at most 32 types
? 2
$ vgpuctl --root idle capacity -p nobody
! vgpuctl: list types: nobody: there is no such parent; list the parents of this host; a parent's name is its kernel name or PCI address
? 3

# Any parent: the wish first, then the load; it is the copy of a host that ends it.
$ vgpuctl --root full create -p auto -t none
! vgpuctl: create: auto: no parent offers type 'none'; list the types of this host
? 3
$ vgpuctl --root full create -p auto -t nvidia-558
! vgpuctl: create: auto: no parent that offers type 'nvidia-558' has room for one more; destroy a vGPU, or take another type
? 8
$ vgpuctl --root nvidia create -p auto -t 1155
! vgpuctl: create: auto: no parent that offers type '1155' has room for one more; destroy a vGPU, or take another type
? 8
$ vgpuctl --root idle create -p mtty -t mtty-1 --policy pack
! vgpuctl: create: pack: only with --parent auto there is a choice; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p mtty -t mtty-1 --numa 0
! vgpuctl: create: 0: only with --parent auto there is a choice; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p auto -t mtty-1 --numa one
! vgpuctl: create: one: --numa wants a number from 0 to 2147483647; see vgpuctl create -h
? 2
$ vgpuctl --root idle create -p auto -t mtty-1 --below one
! vgpuctl: create: one: this is no PCI address
? 2
$ vgpuctl --root idle create -p auto -t mtty-1 --policy full
! vgpuctl: create: full: --policy wants spread|pack; see vgpuctl create -h
? 2
