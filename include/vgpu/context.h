/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: root directories, log, and the error record of the calling thread. */
#ifndef VGPU_CONTEXT_H
#define VGPU_CONTEXT_H

#include <stddef.h>
#include <vgpu/log.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_error;

/**
 * struct vgpu_context_opts - how a context sees the host
 * @size: sizeof(struct vgpu_context_opts)
 * @root: directory that stands for "/": the six directories below are looked up in it; NULL for "/"
 * @sys: where sysfs is mounted; NULL: @root + "/sys". The others likewise. A directory that is given
 *       is used as it is, @root is not put before it.
 * @dev: device nodes; NULL: @root + "/dev"
 * @proc: procfs; NULL: @root + "/proc"
 * @run: records and locks lie in its folder "vgpu"; NULL: @root + "/run"
 * @etc: configuration; NULL: @root + "/etc"
 * @var: lasting state; NULL: @root + "/var"
 * @log: receives log messages; NULL: none is made
 * @log_data: handed to @log
 * @log_level: highest enum vgpu_log_level delivered; 0: the number in the environment variable
 *             VGPU_LOG_LEVEL, else VGPU_LOG_WARNING
 * @any_class: not 0: devices of every PCI class that have SR-IOV are parents, not only display controllers (03xx) and
 *             processing accelerators (12xx)
 * @runtime_dir: where providers of software GPUs have their sockets: used as it is, and nothing else is looked at.
 * NULL: what vgpu_context_get_runtime_dir() says, and those of root's providers
 *
 * All strings are copied. A zeroed struct with @size set means the host itself.
 */
struct vgpu_context_opts {
	size_t size;
	const char *root;
	const char *sys;
	const char *dev;
	const char *proc;
	const char *run;
	const char *etc;
	const char *var;
	vgpu_log_fn log;
	void *log_data;
	int log_level;
	int any_class;
	const char *runtime_dir;
};

/**
 * vgpu_context_new() - make a context
 * @opts: options, or NULL for the host itself
 * @out: receives the context, a new reference; untouched on failure
 *
 * Opens nothing and reads nothing. Contexts are independent of each other. Management calls (list, find,
 * create, destroy, reconcile): one thread at a time in one context.
 *
 * Return: 0, or
 *  * -EINVAL: @out is NULL, opts->size is smaller than its first field, or a directory is not absolute;
 *  * -E2BIG: opts->size is larger than this library knows, and what it does not know is not zero;
 *  * -ENAMETOOLONG: a directory is longer than PATH_MAX / 2;
 *  * -ENOMEM.
 * Since: 0.1
 */
int vgpu_context_new(const struct vgpu_context_opts *opts, struct vgpu_context **out);

/**
 * vgpu_context_ref() - take a reference to a context
 * @ctx: the context, or NULL
 *
 * Return: @ctx, a new reference.
 * Since: 0.1
 */
struct vgpu_context *vgpu_context_ref(struct vgpu_context *ctx);

/**
 * vgpu_context_unref() - drop a reference to a context
 * @ctx: the context, or NULL
 *
 * Objects made with it hold it too: the order in which they and the context are released is free.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_context *vgpu_context_unref(struct vgpu_context *ctx);

/**
 * vgpu_context_get_runtime_dir() - where providers of software GPUs of the calling user have their sockets
 * @ctx: the context
 *
 * That of the options; else, for root, and where the context is not the host's own, "vgpu/soft" in its run directory;
 * else, for another user, "vgpu" in the directory that the environment variable XDG_RUNTIME_DIR named when the context
 * was made, or /tmp/vgpu-UID where it named none.
 *
 * Return: a path (borrowed), which need not exist.
 * Since: 0.1
 */
const char *vgpu_context_get_runtime_dir(const struct vgpu_context *ctx);

/**
 * vgpu_context_make_runtime_dir() - make that directory, for a provider of this process
 * @ctx: the context
 * @owner: who shall use its sockets beside us and root (vgpu/provider.h): then everybody may look into the directory;
 *         NULL: nobody, and only we may
 *
 * What is there already must be ours, and writable by nobody else. A directory that others were let into once stays so.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @ctx is NULL; -EPERM: it is not ours, or others can write to it (permission);
 *  * -ENOTDIR: something else is there; -EACCES, -ENOENT, or another -errno of what is above it.
 * Since: 0.1
 */
int vgpu_context_make_runtime_dir(struct vgpu_context *ctx, const char *owner);

/**
 * vgpu_context_get_error() - the last error of the calling thread in this context
 * @ctx: the context
 *
 * Meaningful after a call that returned a negative errno, until the thread's next failing call in this
 * context. Take a reference to keep it longer. A thread's record lives until the context is freed.
 *
 * Return: the record (borrowed; never NULL: before any failure its errno is 0).
 * Since: 0.1
 */
struct vgpu_error *vgpu_context_get_error(struct vgpu_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
