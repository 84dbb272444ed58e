# What depends on who runs it, and where, is left out.
$ vgpuctl --root full doctor -o name,ok | grep -Ev '^(root|memlock|udev) '
NAME             OK
sysfs            yes
iommu            yes
vfio             yes
vfio_iommu_type1 yes
vfio_pci         yes
mdev             yes
vfio-container   yes
iommufd          yes
parents          yes
types            yes
records          no
$ vgpuctl --root bare doctor -o name,ok | grep -Ev '^(root|memlock|udev) '
NAME             OK
sysfs            yes
iommu            no
vfio             no
vfio_iommu_type1 no
vfio_pci         no
mdev             no
vfio-container   no
iommufd          no
parents          no
types            no
records          yes
$ vgpuctl --root bare --json doctor | grep -A5 '"name": "\(mdev\|parents\|types\)"'
      "name": "mdev",
      "ok": false,
      "detail": "mediated devices: module mdev is not loaded",
      "hint": "modprobe mdev"
    },
    {
--
      "name": "parents",
      "ok": false,
      "detail": "0 registered",
      "hint": "load the vendor's vGPU driver"
    },
    {
      "name": "types",
      "ok": false,
      "detail": "no driver of this host offers vGPUs: module mdev is not loaded",
      "hint": "load the vendor's vGPU driver; for i915, its parameter enable_gvt=1 and kvmgt"
    },
    {
$ vgpuctl --root nowhere doctor -o name,ok,detail --noheadings | head -n 1
sysfs            no  @/nowhere/sys is no sysfs
