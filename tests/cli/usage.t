$ vgpuctl
! vgpuctl: usage: COMMAND: missing; see vgpuctl -h
? 2
$ vgpuctl --json
{
  "schema": 1,
  "errors": [
    {
      "operation": "usage",
      "path": "COMMAND",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "missing",
      "hint": "see vgpuctl -h"
    }
  ]
}
! vgpuctl: usage: COMMAND: missing; see vgpuctl -h
? 2
$ vgpuctl lisst
! vgpuctl: usage: lisst: unknown command; see vgpuctl -h
? 2
$ vgpuctl --json lisst
{
  "schema": 1,
  "errors": [
    {
      "operation": "usage",
      "path": "lisst",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "unknown command",
      "hint": "see vgpuctl -h"
    }
  ]
}
! vgpuctl: usage: lisst: unknown command; see vgpuctl -h
? 2
$ vgpuctl --bogus
! vgpuctl: usage: --bogus: unknown option; see vgpuctl -h
? 2
$ vgpuctl --root
! vgpuctl: usage: --root: needs a value; see vgpuctl -h
? 2
$ vgpuctl -q list
! vgpuctl: usage: -q: unknown option; see vgpuctl -h
? 2
$ vgpuctl list -q --json
! vgpuctl: list: -q: unknown option; see vgpuctl list -h
? 2
$ vgpuctl list --bogus
! vgpuctl: list: --bogus: unknown option; see vgpuctl list -h
? 2
$ vgpuctl list -o
! vgpuctl: list: -o: needs a value; see vgpuctl list -h
? 2
$ vgpuctl list --parent
! vgpuctl: list: --parent: needs a value; see vgpuctl list -h
? 2
$ vgpuctl --json=yes list
! vgpuctl: usage: --json=yes: takes no value; see vgpuctl -h
? 2
$ vgpuctl list one two
! vgpuctl: list: two: one argument too many; see vgpuctl list -h
? 2
$ vgpuctl list --force
! vgpuctl: list: --force: unknown option; see vgpuctl list -h
? 2
$ vgpuctl list -o ''
! vgpuctl: list: '': no such column; see vgpuctl list -h
? 2
$ vgpuctl list -o uuid,,type
! vgpuctl: list: '': no such column; see vgpuctl list -h
? 2
$ vgpuctl list -o uuid,colour
! vgpuctl: list: colour: no such column; see vgpuctl list -h
? 2
$ vgpuctl --json types -o colour
{
  "schema": 1,
  "types": null,
  "errors": [
    {
      "operation": "types",
      "path": "colour",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "no such column",
      "hint": "see vgpuctl types -h"
    }
  ]
}
! vgpuctl: types: colour: no such column; see vgpuctl types -h
? 2
$ vgpuctl --root '' list
! vgpuctl: list: DIR: a directory has no name; see vgpuctl list -h
? 2
$ vgpuctl doctor -- now
! vgpuctl: doctor: now: one argument too many; see vgpuctl doctor -h
? 2
$ printf 'vgpuctl "\033[31mred\377" --json' | sh
{
  "schema": 1,
  "errors": [
    {
      "operation": "usage",
      "path": "?[31mred?",
      "value": null,
      "errno": 22,
      "cause": "invalid",
      "message": "unknown command",
      "hint": "see vgpuctl -h"
    }
  ]
}
! vgpuctl: usage: ?[31mred?: unknown command; see vgpuctl -h
? 2

# Help and version go to standard output, and need no host.
$ vgpuctl -h
usage: vgpuctl [OPTION ...] COMMAND [ARGUMENT ...]
.
Manages virtual GPUs.
.
Commands:
  parents    list the parent GPUs, on which vGPUs can be created
  types      list the types of vGPU that the parents offer
  list       list the vGPUs, or one of them
  create     create a vGPU, and print its UUID:INSTANCE
  destroy    destroy a vGPU
  show       show a device, its regions and IRQs, as JSON
  read       read from a region of a device, as a hex dump
  write      write a value to a region of a device
  screenshot write what a device shows to a PNG file
  edid       show the monitor that a device believes in, or give it another
  vfs        show, enable or disable the virtual functions of a parent
  capacity   list what can still be created, and what a mix of types would leave
  migrate    save the state of a device to a file, or restore it from one
  reconcile  mend the records that disagree with the kernel
  doctor     check what of this host works for vGPUs, and what to do about the rest
  serve      provide software GPUs, until it is ended
  start      tell all vGPUs of a virtual machine that it starts
  shutdown   tell all vGPUs of a virtual machine that it has ended
  qemu-args  print the arguments that give a vGPU to QEMU
.
Global options:
      --root DIR                    look at the host whose root directory is DIR
      --json                        print one JSON document
  -h, --help                        show this help
      --version                     show the version
      --sys DIR                     where sysfs is mounted (ROOT/sys)
      --dev DIR                     where the device nodes are (ROOT/dev)
      --proc DIR                    where procfs is mounted (ROOT/proc)
      --run DIR                     where the records are, in its folder vgpu (ROOT/run)
      --etc DIR                     where the configuration is (ROOT/etc)
      --var DIR                     where lasting state is (ROOT/var)
      --any-class                   take devices of every PCI class that have SR-IOV for parents
      --runtime-dir DIR             where providers of software GPUs have their sockets
.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 permission, 5 unsupported here,
6 busy, 7 exists already, 8 no capacity, 9 pending at the deadline.





$ vgpuctl read --help
usage: vgpuctl [OPTION ...] read [OPTION ...] DEVICE REGION[+OFFSET]
.
Read from a region of a device, as a hex dump.
REGION is bar0 to bar5, rom, config, vga or an index.
.
Options:
  -n, --length BYTES                how many bytes (256, or to the end of the region)
  -w, --width 1|2|4|8               bytes of each access
      --map                         access through a mapping of the region
      --raw                         write the bytes themselves to standard output
      --access auto|group|iommufd|user the way to the device (auto)
.
Global options:
      --root DIR                    look at the host whose root directory is DIR
      --json                        print one JSON document
  -h, --help                        show this help
      --version                     show the version
      --sys DIR                     where sysfs is mounted (ROOT/sys)
      --dev DIR                     where the device nodes are (ROOT/dev)
      --proc DIR                    where procfs is mounted (ROOT/proc)
      --run DIR                     where the records are, in its folder vgpu (ROOT/run)
      --etc DIR                     where the configuration is (ROOT/etc)
      --var DIR                     where lasting state is (ROOT/var)
      --any-class                   take devices of every PCI class that have SR-IOV for parents
      --runtime-dir DIR             where providers of software GPUs have their sockets
.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 permission, 5 unsupported here,
6 busy, 7 exists already, 8 no capacity, 9 pending at the deadline.





$ vgpuctl types -h
usage: vgpuctl [OPTION ...] types [OPTION ...]
.
List the types of vGPU that the parents offer.
.
Options:
  -p, --parent PARENT               the parent: its name, or its PCI address
  -o, --output COLS                 the table's columns, divided by commas
      --noheadings                  no line of headings above the table
.
Columns (* by default):
  parent* id* name* description device_api* available_instances* creatable
  max_instances* framebuffer_mib* heads max_resolution frame_rate_limit
.
Global options:
      --root DIR                    look at the host whose root directory is DIR
      --json                        print one JSON document
  -h, --help                        show this help
      --version                     show the version
      --sys DIR                     where sysfs is mounted (ROOT/sys)
      --dev DIR                     where the device nodes are (ROOT/dev)
      --proc DIR                    where procfs is mounted (ROOT/proc)
      --run DIR                     where the records are, in its folder vgpu (ROOT/run)
      --etc DIR                     where the configuration is (ROOT/etc)
      --var DIR                     where lasting state is (ROOT/var)
      --any-class                   take devices of every PCI class that have SR-IOV for parents
      --runtime-dir DIR             where providers of software GPUs have their sockets
.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 permission, 5 unsupported here,
6 busy, 7 exists already, 8 no capacity, 9 pending at the deadline.






$ vgpuctl list 1 2 3 -h | head -n 1
usage: vgpuctl [OPTION ...] list [OPTION ...] [DEVICE]
$ vgpuctl --version | sed 's/[0-9][0-9.]*/N/g'
vgpuctl N (libvgpu N)
$ vgpuctl list --version | sed 's/[0-9][0-9.]*/N/g'
vgpuctl N (libvgpu N)
