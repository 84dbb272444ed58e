// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for NVIDIA's driver on a host of vGPUs: drives QEMU's NVMe controller with SR-IOV as if it were a GPU
 * whose virtual functions become vGPUs. Files, formats, permissions and errors are those that were seen of the real
 * one.
 *
 * - sriov_numvfs is refused: another driver in here ("nvidia-sriov") takes the physical function for that.
 * - Each virtual function has a directory "nvidia" and is a VFIO device, that opens only while it has a type.
 * - Siblings share framebuffer, and one type unless they are heterogeneous.
 * - A write of 0 blocks for up to 5 s while the process of the vGPU is ending, then says EBUSY.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sysfs.h>
#include <linux/version.h>
#include <linux/vfio_pci_core.h>

#define PARAMS_MAX 1024
#define GONE_TRIES 250 /* of 20 ms */

static unsigned int framebuffer = 16;
module_param(framebuffer, uint, 0644);
MODULE_PARM_DESC(framebuffer, "GiB of a GPU, for all of its vGPUs");
static bool heterogeneous;
module_param(heterogeneous, bool, 0644);
MODULE_PARM_DESC(heterogeneous, "vGPUs of one GPU may have several types");
static bool mig;
module_param(mig, bool, 0644);
MODULE_PARM_DESC(mig, "MIG is on, without GPU instances: nothing can be created");
static unsigned int create_ms;
module_param(create_ms, uint, 0644);
MODULE_PARM_DESC(create_ms, "milliseconds that making a vGPU takes");
static unsigned int linger_ms;
module_param(linger_ms, uint, 0644);
MODULE_PARM_DESC(linger_ms, "milliseconds that the process of a vGPU lives on when it was closed");
static bool stuck;
module_param(stuck, bool, 0644);
MODULE_PARM_DESC(stuck, "a write of 0 does not return as long as this is set");

static const struct vgpu_type {
	unsigned int id;
	const char *name;
	unsigned int gib;
} types[] = {
	{1145, "NVIDIA L40S-1B", 1},
	{1148, "NVIDIA L40S-2Q", 2},
	{1150, "NVIDIA L40S-8Q", 8},
	{1152, "NVIDIA L40S-16Q", 16},
};

struct function {
	struct vfio_pci_core_device core; /* first: the core wants it as the device's data */
	struct list_head list;
	const struct vgpu_type *type; /* NULL: it is none */
	bool is_open;
	unsigned long closed_at;
	bool was_open;
	unsigned int placement;
	char params[PARAMS_MAX + 1];
};

static LIST_HEAD(functions);
static DEFINE_MUTEX(lock); /* of all functions */

static struct function *function_of(struct device *dev)
{
	return container_of((struct vfio_pci_core_device *)dev_get_drvdata(dev), struct function, core);
}

static bool are_siblings(const struct function *a, const struct function *b)
{
	return a->core.pdev->physfn == b->core.pdev->physfn;
}

static bool can_become(const struct function *function, const struct vgpu_type *type)
{
	const struct function *other;
	unsigned int used = 0;

	if (mig || function->type)
		return false;
	list_for_each_entry(other, &functions, list)
	{
		if (!other->type || !are_siblings(function, other))
			continue;
		if (!heterogeneous && other->type != type)
			return false;
		used += other->type->gib;
	}
	return used + type->gib <= framebuffer;
}

static ssize_t creatable_vgpu_types_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct function *function = function_of(dev);
	ssize_t n = 0;
	size_t i;

	mutex_lock(&lock);
	if (!function->type)
		n += sysfs_emit_at(buf, n, "%-5s : %s\n", "ID", "vGPU Name");
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (can_become(function, &types[i]))
			n += sysfs_emit_at(buf, n, "%-5u : %s\n", types[i].id, types[i].name);
	mutex_unlock(&lock);
	return n;
}

static ssize_t current_vgpu_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct function *function = function_of(dev);

	return sysfs_emit(buf, "%u\n", function->type ? function->type->id : 0);
}

static int make(struct function *function, unsigned int id)
{
	size_t i;

	if (function->type)
		return -EPERM;
	if (create_ms)
		msleep(create_ms);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].id != id || !can_become(function, &types[i]))
			continue;
		function->type = &types[i];
		function->was_open = false;
		function->placement = 0;
		function->params[0] = '\0';
		return 0;
	}
	return -EIO;
}

static bool lingers(const struct function *function)
{
	return function->was_open && time_before(jiffies, function->closed_at + msecs_to_jiffies(linger_ms));
}

/* With the lock, which is let go of meanwhile. */
static int take_back(struct function *function)
{
	int tries = 0;

	while (stuck || (function->type && !function->is_open && lingers(function))) {
		if (!stuck && ++tries > GONE_TRIES)
			return -EBUSY;
		mutex_unlock(&lock);
		msleep(20);
		mutex_lock(&lock);
	}
	if (!function->type || function->is_open)
		return -EPERM;
	function->type = NULL;
	return 0;
}

static ssize_t current_vgpu_type_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct function *function = function_of(dev);
	unsigned int id;
	int ret = kstrtouint(buf, 10, &id);

	if (ret)
		return ret;
	mutex_lock(&lock);
	ret = id ? make(function, id) : take_back(function);
	mutex_unlock(&lock);
	return ret ?: count;
}

static ssize_t gpu_instance_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return function_of(dev)->type ? sysfs_emit(buf, "0\n") : -ENXIO;
}

static ssize_t gpu_instance_id_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	return function_of(dev)->type ? -EINVAL : -ENXIO; /* only with MIG */
}

static ssize_t placement_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct function *function = function_of(dev);

	return function->type ? sysfs_emit(buf, "%u\n", function->placement) : -ENXIO;
}

static ssize_t placement_id_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct function *function = function_of(dev);
	unsigned int placement;
	int ret = kstrtouint(buf, 10, &placement);

	if (ret)
		return ret;
	if (!function->type)
		return -ENXIO;
	if (function->is_open)
		return -EPERM;
	if (placement >= framebuffer)
		return -EINVAL;
	function->placement = placement;
	return count;
}

static ssize_t vgpu_params_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", function_of(dev)->params);
}

static ssize_t vgpu_params_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct function *function = function_of(dev);

	if (count > PARAMS_MAX)
		return -E2BIG;
	if (!function->type)
		return -ENXIO;
	if (function->is_open)
		return -EPERM;
	strscpy(function->params, buf, sizeof(function->params));
	return count;
}

static DEVICE_ATTR_RO(creatable_vgpu_types);
static DEVICE_ATTR_RW(current_vgpu_type);
static DEVICE_ATTR_RW(gpu_instance_id);
static DEVICE_ATTR_RW(placement_id);
static DEVICE_ATTR_RW(vgpu_params);

static struct attribute *attrs[] = {
	&dev_attr_creatable_vgpu_types.attr, &dev_attr_current_vgpu_type.attr, &dev_attr_gpu_instance_id.attr,
	&dev_attr_placement_id.attr,         &dev_attr_vgpu_params.attr,       NULL,
};

static const struct attribute_group group = {.name = "nvidia", .attrs = attrs};

static int open_device(struct vfio_device *vdev)
{
	struct function *function = container_of(vdev, struct function, core.vdev);
	int ret;

	mutex_lock(&lock);
	ret = function->type ? 0 : -ENODEV;
	if (!ret)
		function->is_open = true;
	mutex_unlock(&lock);
	if (ret)
		return ret;
	ret = vfio_pci_core_enable(&function->core);
	if (ret)
		function->is_open = false;
	else
		vfio_pci_core_finish_enable(&function->core);
	return ret;
}

static void close_device(struct vfio_device *vdev)
{
	struct function *function = container_of(vdev, struct function, core.vdev);

	vfio_pci_core_close_device(vdev);
	mutex_lock(&lock);
	function->is_open = false;
	function->was_open = true;
	function->closed_at = jiffies;
	mutex_unlock(&lock);
}

static const struct vfio_device_ops ops = {
	.name = "nvidia-vgpu-vfio",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = open_device,
	.close_device = close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct function *function;
	int ret;

	if (!pdev->is_virtfn)
		return 0; /* the physical function has nothing to show */
	function = vfio_alloc_device(function, core.vdev, &pdev->dev, &ops);
	if (IS_ERR(function))
		return PTR_ERR(function);
	dev_set_drvdata(&pdev->dev, &function->core);
	ret = vfio_pci_core_register_device(&function->core);
	if (ret)
		goto put;
	mutex_lock(&lock);
	list_add_tail(&function->list, &functions);
	mutex_unlock(&lock);
	ret = sysfs_create_group(&pdev->dev.kobj, &group);
	if (!ret)
		return 0;
	mutex_lock(&lock);
	list_del(&function->list);
	mutex_unlock(&lock);
	vfio_pci_core_unregister_device(&function->core);
put:
	vfio_put_device(&function->core.vdev);
	return ret;
}

static void remove(struct pci_dev *pdev)
{
	struct function *function;

	if (!pdev->is_virtfn)
		return;
	function = function_of(&pdev->dev);
	sysfs_remove_group(&pdev->dev.kobj, &group);
	vfio_pci_core_unregister_device(&function->core); /* waits for the last user */
	mutex_lock(&lock);
	list_del(&function->list);
	mutex_unlock(&lock);
	vfio_put_device(&function->core.vdev);
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1b36, 0x0010)}, {}};

static struct pci_driver driver = {
	.name = "nvidia",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.driver_managed_dma = true,
};

static int sriov_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

/* For driver_override only. */
static struct pci_driver sriov_driver = {
	.name = "nvidia-sriov",
	.probe = sriov_probe,
	.sriov_configure = pci_sriov_configure_simple,
	.driver_managed_dma = true,
};

static int __init start(void)
{
	int ret = pci_register_driver(&sriov_driver);

	if (ret)
		return ret;
	ret = pci_register_driver(&driver);
	if (ret)
		pci_unregister_driver(&sriov_driver);
	return ret;
}

static void __exit end(void)
{
	pci_unregister_driver(&driver);
	pci_unregister_driver(&sriov_driver);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_VERSION("550.90.05");
MODULE_DESCRIPTION("Stand-in for NVIDIA's vGPU driver");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
MODULE_IMPORT_NS(IOMMUFD);
#endif
