// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for Intel's xe as far as SR-IOV goes: drives QEMU's NVMe controller as if it were a GPU with virtual
 * functions, and gives it the directory sriov_admin (Documentation/ABI/testing/sysfs-driver-intel-xe-sriov) with a
 * profile of each function, whose values its firmware rounds.
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#define FUNCTIONS_MAX 8
#define QUANTUM_MS 10
#define VRAM_STEP (2ULL << 20)
#define VRAM_MAX (8ULL << 30)

/* The directory of one function, and within it the profile. */
struct function {
	struct kobject kobj;
	struct kobject profile;
	u64 exec_quantum_ms;
	u64 preempt_timeout_us;
	u64 vram_quota;
};

static struct kobject *admin;
static struct function *all[FUNCTIONS_MAX];

static struct function *function_of(struct kobject *profile)
{
	return container_of(profile, struct function, profile);
}

static u64 used_vram(const struct function *but)
{
	u64 used = 0;
	int i;

	for (i = 0; i < FUNCTIONS_MAX; i++)
		if (all[i] && all[i] != but)
			used += all[i]->vram_quota;
	return used;
}

#define SHOW(name)                                                                                                     \
	static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)                           \
	{                                                                                                                  \
		return sysfs_emit(buf, "%llu\n", function_of(kobj)->name);                                                     \
	}

static ssize_t exec_quantum_ms_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t count)
{
	u64 value;
	int ret = kstrtou64(buf, 10, &value);

	if (ret)
		return ret;
	if (value > 100000)
		return -EINVAL;
	function_of(kobj)->exec_quantum_ms = roundup(value, QUANTUM_MS);
	return count;
}

static ssize_t preempt_timeout_us_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
										size_t count)
{
	int ret = kstrtou64(buf, 10, &function_of(kobj)->preempt_timeout_us);

	return ret ?: count;
}

static ssize_t vram_quota_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t count)
{
	u64 value;
	int ret = kstrtou64(buf, 10, &value);

	if (ret)
		return ret;
	value = (value + VRAM_STEP - 1) / VRAM_STEP * VRAM_STEP;
	if (used_vram(function_of(kobj)) + value > VRAM_MAX)
		return -EIO;
	function_of(kobj)->vram_quota = value;
	return count;
}

static ssize_t sched_priority_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "[low] normal high\n");
}

SHOW(exec_quantum_ms)
SHOW(preempt_timeout_us)
SHOW(vram_quota)

static struct kobj_attribute exec_quantum_ms = __ATTR_RW(exec_quantum_ms);
static struct kobj_attribute preempt_timeout_us = __ATTR_RW(preempt_timeout_us);
static struct kobj_attribute vram_quota = __ATTR_RW(vram_quota);
static struct kobj_attribute sched_priority = __ATTR_RO(sched_priority);

static struct attribute *profile_attrs[] = {&exec_quantum_ms.attr, &preempt_timeout_us.attr, &vram_quota.attr,
											&sched_priority.attr, NULL};
ATTRIBUTE_GROUPS(profile);

static ssize_t stop_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t count)
{
	return count;
}

static struct kobj_attribute stop = __ATTR_WO(stop);
static struct attribute *function_attrs[] = {&stop.attr, NULL};
ATTRIBUTE_GROUPS(function);

static void function_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct function, kobj));
}

/* It lives and dies with the function. */
static void profile_release(struct kobject *kobj)
{
}

static const struct kobj_type function_type = {
	.release = function_release, .sysfs_ops = &kobj_sysfs_ops, .default_groups = function_groups};
static const struct kobj_type profile_type = {
	.release = profile_release, .sysfs_ops = &kobj_sysfs_ops, .default_groups = profile_groups};

static int add_function(int i)
{
	struct function *function = kzalloc(sizeof(*function), GFP_KERNEL);
	int ret;

	if (!function)
		return -ENOMEM;
	ret = kobject_init_and_add(&function->kobj, (struct kobj_type *)&function_type, admin, "vf%d", i + 1);
	if (ret) {
		kobject_put(&function->kobj);
		return ret;
	}
	ret = kobject_init_and_add(&function->profile, (struct kobj_type *)&profile_type, &function->kobj, "profile");
	if (ret) {
		kobject_put(&function->profile);
		kobject_put(&function->kobj);
		return ret;
	}
	all[i] = function;
	return 0;
}

static void remove_functions(void)
{
	int i;

	for (i = 0; i < FUNCTIONS_MAX; i++) {
		if (!all[i])
			continue;
		kobject_put(&all[i]->profile);
		kobject_put(&all[i]->kobj);
		all[i] = NULL;
	}
	kobject_put(admin);
	admin = NULL;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int i, ret = 0, total = min(pci_sriov_get_totalvfs(pdev), FUNCTIONS_MAX);

	if (pdev->is_virtfn)
		return -ENODEV; /* the host does not use them */
	pdev->class = PCI_CLASS_DISPLAY_VGA << 8;
	admin = kobject_create_and_add("sriov_admin", &pdev->dev.kobj);
	if (!admin)
		return -ENOMEM;
	for (i = 0; !ret && i < total; i++)
		ret = add_function(i);
	if (ret)
		remove_functions();
	return ret;
}

static void remove(struct pci_dev *pdev)
{
	pci_disable_sriov(pdev);
	remove_functions();
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1b36, 0x0010)}, {}};

static struct pci_driver xe_driver = {
	.name = "xe",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.sriov_configure = pci_sriov_configure_simple,
};
module_pci_driver(xe_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stand-in for Intel's xe with SR-IOV");
