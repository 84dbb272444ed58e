/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider: a parent whose vGPUs are made by this process (software GPUs), and the table of callbacks behind them.
 *
 * The process registers a parent with a table of ops. The library keeps its vGPUs (struct vgpu_instance), calls the
 * ops, and, where it is given a directory for sockets, serves each vGPU over vfio-user to one client at a time: QEMU,
 * cloud-hypervisor, SPDK, or this library's own.
 *
 * The loop: everything that comes from outside arrives by one descriptor, vgpu_provider_get_fd(). When it is readable,
 * the caller calls vgpu_provider_process(); or it asks for a thread, which does both. Ops run one at a time, on that
 * thread; without it, on the thread that is in vgpu_provider_process() or in one of the calls that say "runs ops".
 * Calls that run ops wait for each other. No lock of the library is held in an op.
 *
 * Pending: where an op has a request, it may return -EINPROGRESS, keep the request and its buffer, and answer later,
 * from any thread, by vgpu_request_complete(). The client waits; others don't.
 *
 * From inside an op, a call that runs ops, or that would wait for the client, fails with -EDEADLK.
 */
#ifndef VGPU_PROVIDER_H
#define VGPU_PROVIDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_instance;
struct vgpu_irq_change;
struct vgpu_plane_info;
struct vgpu_provider;
struct vgpu_region_info;
struct vgpu_request;

/**
 * struct vgpu_type_info - a type that a provider offers
 * @size: set by the library to the size of its own struct; all else is zero when the op is called
 * @id: the type's id, at most 63 of the characters A-Z a-z 0-9 . _ -
 * @name: for people; NULL: the id
 * @description: NULL: none
 * @available_instances: how many more can be made now; -1: unknown
 * @max_instances: how many there can be at most; -1: unknown
 * @framebuffer_mib: video memory in MiB; 0: unknown
 * @heads: number of displays; 0: unknown
 * @max_resolution: for example "1920x1080"; NULL: unknown
 *
 * Text belongs to the provider and stays as it is while the provider is registered.
 */
struct vgpu_type_info {
	size_t size;
	const char *id;
	const char *name;
	const char *description;
	int64_t available_instances;
	int64_t max_instances;
	uint64_t framebuffer_mib;
	uint32_t heads;
	const char *max_resolution;
};

/**
 * struct vgpu_attr_info - an attribute of a parent or a vGPU, as text
 * @size: set by the library; all else is zero when the op is called
 * @name: set by the op, terminated
 * @value: set by the op, terminated
 */
struct vgpu_attr_info {
	size_t size;
	char name[64];
	char value[256];
};

/** Flags of op destroy. */
#define VGPU_PROVIDER_DESTROY_ASK (1u << 0)   /* a client uses it: may it be taken away? Nothing is freed yet */
#define VGPU_PROVIDER_DESTROY_FORCE (1u << 1) /* it goes whatever the op answers */

/** Why op quiesce is called: what comes next. */
enum vgpu_quiesce {
	VGPU_QUIESCE_UNMAP = 1,  /* guest memory is taken back */
	VGPU_QUIESCE_RESET,      /* op reset */
	VGPU_QUIESCE_MIGRATE,    /* op set_migration_state */
	VGPU_QUIESCE_DISCONNECT, /* the client has gone: all guest memory and all eventfds are taken back */
	VGPU_QUIESCE_DESTROY     /* op destroy; op resume is not called after it */
};

/**
 * struct vgpu_provider_ops - the callbacks of a provider
 * @size: sizeof(struct vgpu_provider_ops); a table of an older program is complete with its size
 * @get_type: type number @i (from 0); -ERANGE beyond the last. Without it there are no types, and none can be made
 * @get_attr: attribute number @i of the parent (@instance NULL), or of a vGPU; -ERANGE beyond the last
 * @create: a vGPU has been asked for: declare its regions and interrupts (vgpu/instance.h, vgpu/pci.h). @params is what
 *          the user gave, or NULL. On failure the op has taken back what it did; data that it gave by
 *          vgpu_instance_set_data() is freed in any case. Without it a vGPU has no regions
 * @destroy: with VGPU_PROVIDER_DESTROY_ASK: a client uses it; 0 lets it go, -EBUSY (or another error) keeps it, intact.
 * Without: free what was made; a failure keeps it, unless there is VGPU_PROVIDER_DESTROY_FORCE. Without this op a vGPU
 * in use is kept (it knows no hot-unplug), and one that is not is freed
 * @start: the virtual machine is about to start
 * @shutdown: the virtual machine has ended
 * @read: read @len bytes of a region that has no backing there; 0 or @len for a success. May be pending
 * @write: the same for writing; @buf is valid until the request is complete
 * @get_region_info: asked when a client asks, or first touches the region, once a connection; @info is what was
 *                   declared. Decides what is mapped and what is trapped meanwhile: by flag VGPU_REGION_FLAG_MMAP and
 *                   the areas; what lies outside the areas, or all where VGPU_REGION_BACKED is taken away, goes to ops
 *                   read and write. An error is what the client gets, who may ask again
 * @set_irqs: a client changes interrupts; an error refuses. The library does the rest
 * @quiesce: stop using guest memory, give what was borrowed back, and hold still until op resume. The client's answer
 *           waits for it, and for what is borrowed; at the deadline the vGPU goes to state error
 * @resume: what quiesce was for is done, or failed
 * @reset: as after creation; guest memory and eventfds stay. Without it the client is told that there is no reset
 * @set_migration_state: go from one state to a neighbour, numbers as the kernel's VFIO_DEVICE_STATE_*: STOP (1) and
 *                       RUNNING (2), STOP_COPY (3) or RESUMING (4), each there and back; with VGPU_PROVIDER_PRE_COPY
 *                       also RUNNING and PRE_COPY (6), there and back, and from PRE_COPY to STOP_COPY, where the stream
 *                       goes on. Without it the vGPU can't be migrated
 * @read_migration: the next bytes of the state that is saved: how many; less than @len: this is its end, or in PRE_COPY
 *                  all that there is for now
 * @write_migration: the next bytes of the state that is restored: @len, or an error
 * @get_plane: what the display shows (@type 1: primary, 2: cursor); numbers stay 0 where nothing is shown. Asked for
 *             management clients, and for vfio-user clients that know libvgpu-vfio-user(7), as this library does;
 *             -EOPNOTSUPP: this vGPU has no display
 *
 * @data is that of vgpu_provider_register(); a vGPU's own is vgpu_instance_get_data(). Ops return 0 or -errno. A
 * missing op answers -EOPNOTSUPP where nothing else is said. Those with a request may return -EINPROGRESS.
 */
struct vgpu_provider_ops {
	size_t size;
	int (*get_type)(void *data, size_t i, struct vgpu_type_info *out);
	int (*get_attr)(void *data, struct vgpu_instance *instance, size_t i, struct vgpu_attr_info *out);
	int (*create)(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request);
	int (*destroy)(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request);
	int (*start)(struct vgpu_instance *instance, struct vgpu_request *request);
	int (*shutdown)(struct vgpu_instance *instance, struct vgpu_request *request);
	ssize_t (*read)(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
					struct vgpu_request *request);
	ssize_t (*write)(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf, size_t len,
					 struct vgpu_request *request);
	int (*get_region_info)(struct vgpu_instance *instance, uint32_t region, struct vgpu_region_info *info);
	int (*set_irqs)(struct vgpu_instance *instance, const struct vgpu_irq_change *change);
	int (*quiesce)(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request);
	void (*resume)(struct vgpu_instance *instance);
	int (*reset)(struct vgpu_instance *instance, struct vgpu_request *request);
	int (*set_migration_state)(struct vgpu_instance *instance, uint32_t from, uint32_t to,
							   struct vgpu_request *request);
	ssize_t (*read_migration)(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request);
	ssize_t (*write_migration)(struct vgpu_instance *instance, const void *buf, size_t len,
							   struct vgpu_request *request);
	int (*get_plane)(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out);
};

/**
 * vgpu_request_complete() - answer a request that an op left pending
 * @request: the request; not to be used after this
 * @result: what the op would have returned
 *
 * From any thread, once a request; also before the op has returned. And also when the vGPU has been destroyed
 * meanwhile, or the provider unregistered: then nobody is told, no op is called any more, and what the request kept in
 * memory is freed, the vGPU too if nobody else has a reference. A request that is never completed keeps it for ever.
 *
 * Since: 0.1
 */
void vgpu_request_complete(struct vgpu_request *request, ssize_t result);

/** Flags of a provider. */
#define VGPU_PROVIDER_THREAD (1u << 0)       /* a thread of the library drives it; the caller need not */
#define VGPU_PROVIDER_NO_MAP (1u << 1)       /* no region can be mapped: every access is a message */
#define VGPU_PROVIDER_TRUST_MEMORY (1u << 2) /* map guest memory that can be taken away: then a touch kills us */
#define VGPU_PROVIDER_PRE_COPY (1u << 3)     /* its vGPUs have the state PRE_COPY (op set_migration_state) */

/**
 * How a client lays out messages by which its memory is read and written; it can't be told from the messages. This
 * library's own client says so when it connects, and is served whatever is set.
 */
enum vgpu_message_layout {
	VGPU_MESSAGE_LAYOUT_NONE = 0, /* unknown: memory without a descriptor can't be reached */
	VGPU_MESSAGE_LAYOUT_SPEC,     /* 64-bit count, as the specification has it, and QEMU 11.1 */
	VGPU_MESSAGE_LAYOUT_QEMU      /* 32-bit count, as QEMU had it at first (10.1) */
};

/**
 * struct vgpu_provider_opts - how to register a provider
 * @size: sizeof(struct vgpu_provider_opts)
 * @name: the parent's name, at most 63 of the characters A-Z a-z 0-9 . _ -
 * @vendor: PCI vendor id; 0: none
 * @device: PCI device id
 * @vendor_name: NULL: none
 * @device_name: NULL: none
 * @flags: VGPU_PROVIDER_*
 * @socket_dir: an existing directory for the sockets of vGPUs, one each, named UUID:INSTANCE.sock, mode 0600; NULL: no
 *              sockets. Its path and a name must fit into a socket address (107 bytes)
 * @message_layout: enum vgpu_message_layout
 * @quiesce_ms: how long quiesce may take, and borrowed memory be kept; 0: 5000
 * @request_ms: how long a client may take to answer a message, or to leave after it was asked to; 0: 5000
 * @max_dma_maps: how many mappings of guest memory a client may have; 0: 4096
 * @owner: "USER[:GROUP]", names or numbers: who may connect to the sockets, beside our own user and root: their files
 * are given to them; NULL: nobody
 * @spin_us: how long another message of a client is looked for, after one, before the thread sleeps or
 *           vgpu_provider_process() returns, in microseconds: faster, where a CPU can be spared. 0: not at all; but a
 *           thread of the library looks for 20 where messages come one after the other
 *
 * Strings are copied.
 *
 * Descriptors: a provider takes about ten, a vGPU one for each region that is backed and two for its socket; its client
 * can make it one more for each interrupt vector and doorbell, and about a hundred for a while. See that RLIMIT_NOFILE
 * allows it.
 */
struct vgpu_provider_opts {
	size_t size;
	const char *name;
	uint16_t vendor;
	uint16_t device;
	const char *vendor_name;
	const char *device_name;
	uint32_t flags;
	const char *socket_dir;
	uint32_t message_layout;
	uint32_t quiesce_ms;
	uint32_t request_ms;
	uint32_t max_dma_maps;
	const char *owner;
	uint32_t spin_us;
};

/**
 * vgpu_provider_register() - register a parent
 * @ctx: the context
 * @opts: name and the like
 * @ops: the callbacks; the table is copied
 * @data: handed to the callbacks; belongs to the caller, who frees it after vgpu_provider_unregister()
 * @out: receives the provider; untouched on failure; vgpu_provider_unregister() ends it
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument, or a name, flag or option that makes no sense (invalid);
 *  * -EEXIST: the context has a provider of that name (exists);
 *  * -ENOENT: opts->owner names nobody (invalid);
 *  * -E2BIG, -EMFILE, -ENFILE, -ENOMEM, or -EAGAIN (no thread, or fs.aio-max-nr is reached: limit).
 * Since: 0.1
 */
int vgpu_provider_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts,
						   const struct vgpu_provider_ops *ops, void *data, struct vgpu_provider **out);

/**
 * vgpu_provider_unregister() - destroy what is left, and end the provider; runs ops
 * @provider: the provider, or NULL
 *
 * Clients are disconnected, each vGPU is destroyed by force. References to vGPUs stay valid, and say that it is gone.
 * Ops that are pending are waited for until the deadlines that opts gave; requests that are left may, and should, be
 * completed later.
 * Not from inside an op (it would do nothing). No other call on @provider may be running.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_provider *vgpu_provider_unregister(struct vgpu_provider *provider);

/**
 * vgpu_provider_open_control() - let management clients find the provider, and its vGPUs
 * @provider: the provider, registered with a directory for sockets
 *
 * Listens at NAME.control in that directory. Where it is the one that vgpu_context_get_runtime_dir() names, or root's,
 * the provider appears in every management call, in any process, as a parent of backend "soft": its vGPUs are listed,
 * created, destroyed, started and shut down there. Requests are worked on in the loop, as those of vfio-user clients,
 * and none waits for another. Ends with the provider.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @provider is NULL, or has no directory for sockets (invalid);
 *  * -EEXIST: another process has a provider of this name there, or this call was made before (exists);
 *  * -EDEADLK: from inside an op; -ENAMETOOLONG: its path is too long for a socket; -EMFILE, -ENOMEM, or another
 * -errno. Since: 0.1
 */
int vgpu_provider_open_control(struct vgpu_provider *provider);

/** vgpu_provider_get_name() - its name (borrowed). Since: 0.1 */
const char *vgpu_provider_get_name(const struct vgpu_provider *provider);

/** vgpu_provider_get_fd() - the descriptor to poll for reading (borrowed). Since: 0.1 */
int vgpu_provider_get_fd(const struct vgpu_provider *provider);

/**
 * vgpu_provider_process() - do what has come in; runs ops
 * @provider: the provider
 *
 * Never blocks but on other threads that are running ops, and for opts->spin_us. Does a bounded amount of work: while
 * there is more, the descriptor stays readable. With VGPU_PROVIDER_THREAD there is nothing to do for it.
 *
 * Return: 0, -EINVAL (@provider is NULL), or -EDEADLK (from inside an op).
 * Since: 0.1
 */
int vgpu_provider_process(struct vgpu_provider *provider);

/**
 * vgpu_provider_get_type() - ask for a type; runs an op
 * @provider: the provider
 * @i: number, from 0
 * @out: its size is set by the caller; receives the type; untouched on failure
 *
 * Return: 0, -ERANGE beyond the last, -EINVAL, -E2BIG, -EDEADLK, or what the op returned.
 * Since: 0.1
 */
int vgpu_provider_get_type(struct vgpu_provider *provider, size_t i, struct vgpu_type_info *out);

/**
 * vgpu_provider_get_attr() - ask for an attribute of the parent or of a vGPU; runs an op
 * @provider: the provider
 * @instance: one of its vGPUs, or NULL for the parent's own
 * @i: number, from 0
 * @out: its size is set by the caller; receives name and value; untouched on failure
 *
 * Return: 0, -ERANGE beyond the last, -ENODEV (the vGPU is gone), -EINVAL, -E2BIG, -EDEADLK, or what the op returned.
 * Since: 0.1
 */
int vgpu_provider_get_attr(struct vgpu_provider *provider, struct vgpu_instance *instance, size_t i,
						   struct vgpu_attr_info *out);

/**
 * vgpu_provider_start() - start all vGPUs of a virtual machine; runs ops
 * @provider: the provider
 * @uuid: the virtual machine's UUID
 *
 * In the order of their instance numbers; those that are started already are passed over. When one fails, those that
 * this call has started are shut down again. Each that is started makes an event.
 *
 * Return: 0, -ENODEV (it has no vGPU here: no-such-device), -EINVAL, -EDEADLK, -ENOMEM, or the first failure.
 * Since: 0.1
 */
int vgpu_provider_start(struct vgpu_provider *provider, const char *uuid);

/**
 * vgpu_provider_shutdown() - shut all vGPUs of a virtual machine down; runs ops
 * @provider: the provider
 * @uuid: the virtual machine's UUID
 * @errors: receives an error for each that failed (new; vgpu_errors_unref() it), NULL where none did; or NULL
 *
 * Goes on after a failure; one that failed stays started. Each that is shut down makes an event.
 *
 * Return: 0, -ENODEV (it has no vGPU here: no-such-device), -EINVAL, -EDEADLK, -ENOMEM, or the first failure.
 * Since: 0.1
 */
int vgpu_provider_shutdown(struct vgpu_provider *provider, const char *uuid, struct vgpu_errors **errors);

/** What happened to a vGPU. */
enum vgpu_provider_event_type {
	VGPU_PROVIDER_EVENT_ONLINE = 1, /* started */
	VGPU_PROVIDER_EVENT_OFFLINE     /* shut down */
};

/**
 * struct vgpu_provider_event - something that happened to a vGPU
 * @size: sizeof(struct vgpu_provider_event), set by the caller
 * @type: enum vgpu_provider_event_type
 * @instance: number of the vGPU
 * @uuid: UUID of its virtual machine
 */
struct vgpu_provider_event {
	size_t size;
	uint32_t type;
	uint32_t instance;
	char uuid[37];
};

/** vgpu_provider_get_event_fd() - a descriptor that is readable while there are events (borrowed). Since: 0.1 */
int vgpu_provider_get_event_fd(const struct vgpu_provider *provider);

/**
 * vgpu_provider_take_event() - take the oldest event
 * @provider: the provider
 * @out: receives it; untouched where there is none
 *
 * At most 4096 wait to be taken: then the oldest are lost.
 *
 * Return: 1, 0 (there is none), -EINVAL or -E2BIG.
 * Since: 0.1
 */
int vgpu_provider_take_event(struct vgpu_provider *provider, struct vgpu_provider_event *out);

#ifdef __cplusplus
}
#endif
#endif
