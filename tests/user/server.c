/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vfio-user server for tests of the client. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/unixsock.h"

/*
 * Under ThreadSanitizer, the linker sends the library's calls here: of dup() it knows that it is the same socket, by
 * which client and server take turns, and of fcntl() not.
 */
int __wrap_vg_dup_fd(int fd);

int __wrap_vg_dup_fd(int fd)
{
	int copy = dup(fd);

	if (copy < 0 || fcntl(copy, F_SETFD, FD_CLOEXEC))
		return -errno;
	return copy;
}

int server_memory(size_t size, bool sealed)
{
	int fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	if (sealed)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return fd;
}

void server_init(struct server *server)
{
	unsigned i, j;

	memset(server, 0, sizeof(*server));
	vg_user_caps_init(&server->caps);
	server->caps.named = 0xff;
	server->caps.display = VG_USER_DISPLAY_VERSION;
	server->caps.max_msg_fds = 16;
	server->caps.write_multiple = true;
	server->minor = VG_USER_MINOR;
	server->twin.fd = server->channel.fd = -1;
	server->mig_state = VFIO_DEVICE_STATE_RUNNING;
	for (i = 0; i < 5; i++)
		for (j = 0; j < MSIX_COUNT; j++)
			server->irqs[i][j] = -1;
	for (j = 0; j < MSIX_COUNT; j++)
		server->unmask[j] = -1;
	for (i = 0; i < sizeof(server->state); i++)
		server->state[i] = (unsigned char)(i * 13 + i / 255);
	memcpy(server->config, "\x34\x12\x11\x11", 4);
	server->edid[0] = 1;
	server->plane = (struct vg_user_gfx_plane){.argsz = sizeof(server->plane),
											   .flags = VFIO_GFX_PLANE_TYPE_REGION,
											   .drm_plane_type = VGPU_PLANE_PRIMARY,
											   .drm_format = VGPU_FORMAT_XRGB8888,
											   .width = 16,
											   .height = 8,
											   .stride = 64,
											   .size = 512,
											   .region_index = VGPU_REGION_BAR0,
											   .region_offset = 4096 + 68};
}

void server_reply(struct server *server, const struct vg_message *message, const void *body, size_t size)
{
	struct iovec part = {(void *)(uintptr_t)body, size};

	vg_channel_reply(&server->channel, &message->header, &part, 1, NULL, 0, 0);
}

void server_error(struct server *server, const struct vg_message *message, int err)
{
	vg_channel_reply_error(&server->channel, &message->header, err);
}

static void answer_version(struct server *server, struct vg_message *message)
{
	struct vg_user_version version;
	struct vg_user_caps theirs, answer;
	char json[VG_USER_JSON_SIZE];
	struct iovec body[2] = {{&version, sizeof(version)}, {json, 0}};
	int pair[2] = {-1, -1}, n;

	memcpy(&version, message->body, sizeof(version));
	ck_assert_int_eq(vg_user_caps_parse(message->body + 4, message->size - 4, &theirs), 0);
	if (server->has_twin) {
		ck_assert(theirs.twin_socket);
		ck_assert_int_eq(vg_socket_pair(pair), 0);
		server->caps.twin_socket = true;
		server->caps.twin_index = 0;
		vg_channel_init(&server->twin, pair[0], VG_USER_DEFAULT_DATA, 1, 10000);
	}
	vg_user_caps_answer(&server->caps, &theirs, &answer);
	n = vg_user_caps_write(&answer, json, sizeof(json));
	ck_assert_int_gt(n, 0);
	body[1].iov_len = (size_t)n;
	version.minor = server->minor;
	vg_channel_reply(&server->channel, &message->header, body, 2, &pair[1], pair[1] >= 0, 0);
	if (pair[1] >= 0)
		close(pair[1]);
}

static void answer_info(struct server *server, struct vg_message *message)
{
	struct vg_user_device_info info = {sizeof(info), VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI, REGION_COUNT, 5};

	server_reply(server, message, &info, sizeof(info));
}

static size_t region_size(uint32_t index)
{
	switch (index) {
	case VGPU_REGION_BAR0:
		return BAR0_SIZE;
	case VGPU_REGION_BAR2:
		return BAR2_SIZE;
	case VGPU_REGION_CONFIG:
		return CONFIG_SIZE;
	case EDID_REGION:
		return EDID_SIZE;
	default:
		return 0;
	}
}

static unsigned char *region_bytes(struct server *server, uint32_t index)
{
	switch (index) {
	case VGPU_REGION_BAR0:
		return server->bar0;
	case VGPU_REGION_BAR2:
		return server->bar2;
	case VGPU_REGION_CONFIG:
		return server->config;
	default:
		return server->edid;
	}
}

static void answer_region(struct server *server, struct vg_message *message)
{
	struct {
		struct vg_user_region_info info;
		struct vfio_info_cap_header header;
		uint32_t numbers[2];
		uint64_t areas[4];
	} reply = {.info = {.argsz = sizeof(struct vg_user_region_info), .flags = 3}};
	struct vg_user_region_info request;
	struct iovec part = {&reply, sizeof(reply.info)};
	uint32_t full = 0;

	memcpy(&request, message->body, sizeof(request));
	if (request.index >= REGION_COUNT) {
		server_error(server, message, EINVAL);
		return;
	}
	reply.info.index = request.index;
	reply.info.size = region_size(request.index);
	reply.header.version = 1;
	if (request.index == VGPU_REGION_BAR0) {
		full = sizeof(reply);
		reply.info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		reply.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
		reply.numbers[0] = 2;
		reply.areas[0] = reply.areas[1] = 4096;
		reply.areas[2] = 3 * 4096;
		reply.areas[3] = 4096;
	} else if (request.index == EDID_REGION) {
		full = offsetof(__typeof__(reply), areas);
		reply.header.id = VFIO_REGION_INFO_CAP_TYPE;
		reply.numbers[0] = VGPU_REGION_TYPE_GFX;
		reply.numbers[1] = VGPU_REGION_SUBTYPE_GFX_EDID;
	}
	if (full) {
		reply.info.argsz = full;
		reply.info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (request.argsz >= full) {
			reply.info.cap_offset = sizeof(reply.info);
			part.iov_len = full;
		}
	}
	vg_channel_reply(&server->channel, &message->header, &part, 1, &server->memory_fd,
					 request.index == VGPU_REGION_BAR0, 0);
}

static void answer_io_fds(struct server *server, struct vg_message *message)
{
	struct {
		struct vg_user_region_io_fds head;
		struct vg_user_io_fd parts[20];
	} reply = {.head = {.argsz = sizeof(reply), .count = 20}};
	struct vg_user_region_io_fds request;
	struct iovec part = {&reply, sizeof(reply.head)};
	int fds[2] = {eventfd(3, 0), eventfd(4, 0)};
	unsigned i;

	memcpy(&request, message->body, sizeof(request));
	reply.head.index = request.index;
	if (request.index != VGPU_REGION_BAR0) {
		server_error(server, message, EINVAL);
	} else {
		for (i = 0; i < 20; i++)
			reply.parts[i] = (struct vg_user_io_fd){.offset = 8 * i, .size = 4, .fd_index = i % 2, .datamatch = i};
		if (request.argsz >= sizeof(reply))
			part.iov_len = sizeof(reply);
		vg_channel_reply(&server->channel, &message->header, &part, 1, fds, 2, 0);
	}
	close(fds[0]);
	close(fds[1]);
}

static void answer_irq_info(struct server *server, struct vg_message *message)
{
	static const uint32_t counts[] = {1, 0, MSIX_COUNT, 1, 1}, flags[] = {7, 1, 9, 1, 1};
	struct vg_user_irq_info info;

	memcpy(&info, message->body, sizeof(info));
	if (info.index >= 5) {
		server_error(server, message, EINVAL);
		return;
	}
	info.count = counts[info.index];
	info.flags = flags[info.index];
	server_reply(server, message, &info, sizeof(info));
}

static void put_fd(int *place, int fd)
{
	if (*place >= 0)
		close(*place);
	*place = fd;
}

static int set_irqs(struct server *server, struct vg_message *message)
{
	struct vg_user_irq_set set;
	uint32_t i, action, at;
	uint64_t one = 1;

	memcpy(&set, message->body, sizeof(set));
	server->set_irqs_messages++;
	if (set.index >= 5 || set.start > MSIX_COUNT || set.count > MSIX_COUNT - set.start)
		return EINVAL;
	action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	if (set.flags & VFIO_IRQ_SET_DATA_NONE && !set.count) {
		for (i = 0; i < MSIX_COUNT; i++)
			put_fd(&server->irqs[set.index][i], -1);
		return 0;
	}
	if (set.flags & VFIO_IRQ_SET_DATA_EVENTFD && message->fds->count && message->fds->count != set.count)
		return EINVAL;
	for (i = 0; i < set.count; i++) {
		at = set.start + i;
		if (set.flags & VFIO_IRQ_SET_DATA_EVENTFD)
			put_fd(action == VFIO_IRQ_SET_ACTION_UNMASK ? &server->unmask[at] : &server->irqs[set.index][at],
				   vg_fds_take(message->fds, i));
		else if (set.flags & VFIO_IRQ_SET_DATA_BOOL && !message->body[sizeof(set) + i])
			continue;
		else if (action == VFIO_IRQ_SET_ACTION_TRIGGER && server->irqs[set.index][at] >= 0)
			ck_assert_int_eq(write(server->irqs[set.index][at], &one, 8), 8);
		else if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
			server->masked[at] = action == VFIO_IRQ_SET_ACTION_MASK;
	}
	return 0;
}

static void answer_set_irqs(struct server *server, struct vg_message *message)
{
	int r = set_irqs(server, message);

	if (r)
		server_error(server, message, r);
	else
		server_reply(server, message, NULL, 0);
}

static bool is_inside(const struct vg_user_region_access *access)
{
	size_t size = access->region < REGION_COUNT ? region_size(access->region) : 0;

	return access->offset <= size && access->count <= size - access->offset;
}

static void answer_read(struct server *server, struct vg_message *message)
{
	struct vg_user_region_access access;
	struct iovec body[2] = {{&access, sizeof(access)}};

	memcpy(&access, message->body, sizeof(access));
	if (!is_inside(&access) || access.count > server->caps.max_data_xfer_size) {
		server_error(server, message, EINVAL);
		return;
	}
	body[1] = (struct iovec){region_bytes(server, access.region) + access.offset, access.count};
	vg_channel_reply(&server->channel, &message->header, body, 2, NULL, 0, 0);
}

static void answer_write(struct server *server, struct vg_message *message)
{
	struct vg_user_region_access access;

	memcpy(&access, message->body, sizeof(access));
	server->writes++;
	if (!is_inside(&access) || access.count > server->caps.max_data_xfer_size ||
		message->size != sizeof(access) + access.count) {
		server_error(server, message, EINVAL);
		return;
	}
	memcpy(region_bytes(server, access.region) + access.offset, message->body + sizeof(access), access.count);
	server_reply(server, message, &access, sizeof(access));
}

static void answer_multi(struct server *server, struct vg_message *message)
{
	struct vg_user_write_multi multi;
	struct vg_user_write one;
	uint64_t i;

	memcpy(&multi, message->body, sizeof(multi));
	ck_assert_uint_eq(message->size, sizeof(multi) + multi.count * sizeof(one));
	server->multis++;
	for (i = 0; i < multi.count; i++) {
		struct vg_user_region_access access;

		memcpy(&one, message->body + sizeof(multi) + i * sizeof(one), sizeof(one));
		access = (struct vg_user_region_access){one.offset, one.region, one.count};
		server->multi_writes++;
		if (is_inside(&access) && one.count <= 8)
			memcpy(region_bytes(server, one.region) + one.offset, one.data, one.count);
	}
	server_reply(server, message, &multi, sizeof(multi));
}

static void answer_map(struct server *server, struct vg_message *message)
{
	struct server_map *map = &server->maps[server->map_count];
	unsigned i;

	if (server->map_count == MAPS_MAX) {
		server_error(server, message, ENOSPC);
		return;
	}
	memcpy(&map->map, message->body, sizeof(map->map));
	for (i = 0; i < server->map_count; i++)
		if (map->map.address < server->maps[i].map.address + server->maps[i].map.size &&
			server->maps[i].map.address < map->map.address + map->map.size) {
			server_error(server, message, EEXIST);
			return;
		}
	map->fd = vg_fds_take(message->fds, 0);
	server->map_count++;
	server_reply(server, message, NULL, 0);
}

static void answer_unmap(struct server *server, struct vg_message *message)
{
	struct vg_user_dma_unmap unmap;
	unsigned i;

	memcpy(&unmap, message->body, sizeof(unmap));
	for (i = 0; i < server->map_count; i++) {
		if (server->maps[i].map.address != unmap.address || server->maps[i].map.size != unmap.size)
			continue;
		put_fd(&server->maps[i].fd, -1);
		server->maps[i] = server->maps[--server->map_count];
		server_reply(server, message, &unmap, sizeof(unmap));
		return;
	}
	server_error(server, message, ENOENT);
}

static void answer_log(struct server *server, struct vg_message *message)
{
	struct {
		struct vg_user_feature feature;
		uint64_t iova;
		uint64_t length;
		uint64_t page_size;
		uint64_t bits[256];
	} reply;
	size_t words;

	memcpy(&reply, message->body, offsetof(__typeof__(reply), bits));
	words = (size_t)(reply.length / reply.page_size + 63) / 64;
	ck_assert_uint_le(words, 256);
	ck_assert_uint_eq(reply.feature.argsz, offsetof(__typeof__(reply), bits) + words * 8);
	memset(reply.bits, 0, sizeof(reply.bits));
	reply.bits[0] = 1 | reply.iova << 8; /* tells which part it is */
	server_reply(server, message, &reply, offsetof(__typeof__(reply), bits) + words * 8);
}

static void answer_feature(struct server *server, struct vg_message *message)
{
	struct {
		struct vg_user_feature feature;
		uint32_t data[2];
	} reply = {0};
	unsigned char body[1024];
	uint32_t flags;

	memcpy(&reply, message->body, message->size < sizeof(reply) ? message->size : sizeof(reply));
	flags = reply.feature.flags;
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
		reply.data[0] = VFIO_MIGRATION_STOP_COPY;
		break;
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
		if (flags & VFIO_DEVICE_FEATURE_SET) {
			server->mig_state = reply.data[0];
			server->state_at = 0;
		}
		reply.data[0] = server->mig_state;
		reply.data[1] = 0; /* unused, and no descriptor */
		break;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
		if (flags & VFIO_DEVICE_FEATURE_PROBE)
			break;
		ck_assert_uint_le(message->size, sizeof(body));
		memcpy(body, message->body, message->size);
		server->log_page = 8192;
		memcpy(body + 8, &server->log_page, 8);
		server_reply(server, message, body, message->size);
		return;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
		break;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		answer_log(server, message);
		return;
	default:
		server_error(server, message, EINVAL);
		return;
	}
	if (flags & VFIO_DEVICE_FEATURE_PROBE || (flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP)
		server_reply(server, message, &reply, sizeof(reply.feature));
	else
		server_reply(server, message, &reply, sizeof(reply));
}

static void answer_mig_read(struct server *server, struct vg_message *message)
{
	struct vg_user_mig_data data;
	struct iovec body[2] = {{&data, sizeof(data)}};
	size_t left = sizeof(server->state) - server->state_at;

	memcpy(&data, message->body, sizeof(data));
	if (data.size > left)
		data.size = (uint32_t)left;
	body[1] = (struct iovec){server->state + server->state_at, data.size};
	server->state_at += data.size;
	data.argsz = (uint32_t)(sizeof(data) + data.size);
	vg_channel_reply(&server->channel, &message->header, body, 2, NULL, 0, 0);
}

static void answer_mig_write(struct server *server, struct vg_message *message)
{
	struct vg_user_mig_data data;

	memcpy(&data, message->body, sizeof(data));
	if (data.size != message->size - sizeof(data) || data.size > sizeof(server->state) - server->state_at) {
		server_error(server, message, EINVAL);
		return;
	}
	memcpy(server->state + server->state_at, message->body + sizeof(data), data.size);
	server->state_at += data.size;
	server_reply(server, message, NULL, 0);
}

static void answer_plane(struct server *server, struct vg_message *message)
{
	struct vg_user_gfx_plane plane;

	ck_assert_uint_eq(message->size, sizeof(plane));
	memcpy(&plane, message->body, sizeof(plane));
	server->plane_messages++;
	if (!(plane.flags & VFIO_GFX_PLANE_TYPE_REGION)) {
		server_error(server, message, EINVAL);
		return;
	}
	if (!(plane.flags & VFIO_GFX_PLANE_TYPE_PROBE) && plane.drm_plane_type == VGPU_PLANE_PRIMARY)
		plane = server->plane; /* which the test changes between its calls */
	server_reply(server, message, &plane, sizeof(plane));
}

void server_answer(struct server *server, struct vg_message *message)
{
	switch (message->header.command) {
	case VG_USER_VERSION:
		answer_version(server, message);
		return;
	case VG_USER_DEVICE_GET_INFO:
		answer_info(server, message);
		return;
	case VG_USER_DEVICE_GET_REGION_INFO:
		answer_region(server, message);
		return;
	case VG_USER_DEVICE_GET_REGION_IO_FDS:
		answer_io_fds(server, message);
		return;
	case VG_USER_DEVICE_GET_IRQ_INFO:
		answer_irq_info(server, message);
		return;
	case VG_USER_DEVICE_SET_IRQS:
		answer_set_irqs(server, message);
		return;
	case VG_USER_REGION_READ:
		answer_read(server, message);
		return;
	case VG_USER_REGION_WRITE:
		answer_write(server, message);
		return;
	case VG_USER_REGION_WRITE_MULTI:
		answer_multi(server, message);
		return;
	case VG_USER_DMA_MAP:
		answer_map(server, message);
		return;
	case VG_USER_DMA_UNMAP:
		answer_unmap(server, message);
		return;
	case VG_USER_DEVICE_FEATURE:
		answer_feature(server, message);
		return;
	case VG_USER_MIG_DATA_READ:
		answer_mig_read(server, message);
		return;
	case VG_USER_MIG_DATA_WRITE:
		answer_mig_write(server, message);
		return;
	case VG_USER_QUERY_GFX_PLANE:
		answer_plane(server, message);
		return;
	case VG_USER_DEVICE_RESET:
		server->resets++;
		server->mig_state = VFIO_DEVICE_STATE_RUNNING;
		server_reply(server, message, NULL, 0);
		return;
	default:
		server_error(server, message, EOPNOTSUPP);
	}
}

int server_ask(struct server *server, uint16_t command, const void *body, size_t size)
{
	struct vg_channel *channel = server->twin.fd >= 0 ? &server->twin : &server->channel;
	struct vg_user_header header = {.id = 4711, .command = command};
	struct iovec part = {(void *)(uintptr_t)body, size};
	struct vg_message *message;
	int r;

	ck_assert_int_eq(vg_channel_send(channel, &header, &part, 1, NULL, 0, 0), 0);
	for (;;) {
		struct pollfd poll_fd = {.fd = channel->fd, .events = POLLIN};

		vg_channel_flush(channel);
		r = vg_channel_receive(channel, &message);
		ck_assert_int_ge(r, 0);
		if (r == 0) {
			ck_assert_int_eq(poll(&poll_fd, 1, 10000), 1);
			continue;
		}
		if ((message->header.flags & VG_USER_TYPE_MASK) == VG_USER_TYPE_COMMAND) {
			server_answer(server, message);
			continue;
		}
		ck_assert_uint_eq(message->header.id, 4711);
		ck_assert_uint_eq(message->header.command, command);
		if (message->header.flags & VG_USER_ERROR)
			return (int)message->header.error;
		server->reply_size = message->size;
		ck_assert_uint_le(message->size, sizeof(server->reply_body));
		memcpy(server->reply_body, message->body, message->size);
		return 0;
	}
}

static void *serve(void *data)
{
	struct server *server = data;
	struct vg_message *message;
	int r;

	while (!server->stop) {
		struct pollfd fds[2] = {{.fd = server->channel.fd, .events = POLLIN}, {.fd = server->wake, .events = POLLIN}};

		r = vg_channel_flush(&server->channel);
		if (r == 1)
			fds[0].events |= POLLOUT;
		if (r < 0)
			break;
		r = vg_channel_receive(&server->channel, &message);
		if (r < 0)
			break;
		if (r == 0)
			poll(fds, 2, -1);
		else if (!server->hook || !server->hook(server, message))
			server_answer(server, message);
	}
	return NULL;
}

void server_start_with(struct server *server, int fd)
{
	server->memory_fd = server_memory(server->is_short ? BAR0_SIZE / 8 : BAR0_SIZE, !server->is_unsealed);
	server->bar0 = mmap(NULL, BAR0_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, server->memory_fd, 0);
	ck_assert_ptr_ne(server->bar0, MAP_FAILED);
	server->wake = eventfd(0, EFD_CLOEXEC);
	vg_channel_init(&server->channel, fd, VG_USER_DEFAULT_DATA, 64, 10000);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

int server_start(struct server *server)
{
	int pair[2];

	ck_assert_int_eq(vg_socket_pair(pair), 0);
	server_start_with(server, pair[1]);
	return pair[0];
}

void server_stop(struct server *server)
{
	uint64_t one = 1;

	server->stop = true;
	ck_assert_int_eq(write(server->wake, &one, 8), 8);
	pthread_join(server->thread, NULL);
	vg_channel_free(&server->channel);
	vg_channel_free(&server->twin);
}

void server_free(struct server *server)
{
	unsigned i, j;

	if (!server->stop)
		server_stop(server);
	for (i = 0; i < 5; i++)
		for (j = 0; j < MSIX_COUNT; j++)
			put_fd(&server->irqs[i][j], -1);
	for (j = 0; j < MSIX_COUNT; j++)
		put_fd(&server->unmask[j], -1);
	for (i = 0; i < server->map_count; i++)
		put_fd(&server->maps[i].fd, -1);
	if (server->bar0)
		munmap(server->bar0, BAR0_SIZE);
	close(server->memory_fd);
	close(server->wake);
}

static int open_here(struct server *server, struct vgpu_context *ctx, struct vgpu_dma *dma,
					 const struct vgpu_user_opts *user, struct vgpu_vfio **out)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	int r;

	fds.name = "scripted";
	fds.socket_fd = server_start(server);
	fds.dma = dma;
	fds.user = user;
	r = vgpu_vfio_open_fds(ctx, &fds, out);
	close(fds.socket_fd);
	return r;
}

struct vgpu_vfio *server_open(struct server *server, struct vgpu_context *ctx, struct vgpu_dma *dma,
							  const struct vgpu_user_opts *user)
{
	struct vgpu_vfio *vfio = NULL;
	int r = open_here(server, ctx, dma, user, &vfio);

	ck_assert_msg(r == 0, "open: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return vfio;
}

int server_try_open(struct server *server, struct vgpu_context *ctx)
{
	const struct vgpu_user_opts user = {.size = sizeof(user), .timeout_ms = 200};
	struct vgpu_vfio *vfio = NULL;
	int r = open_here(server, ctx, NULL, &user, &vfio);

	ck_assert_int_eq(r == 0, vfio != NULL);
	vgpu_vfio_close(vfio);
	return r;
}
