/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of a vGPU: one client at a time; others are told so. */
#include <errno.h>
#include <stdlib.h>

#include "provider/conn.h"
#include "sys/files.h"
#include "sys/listen.h"
#include "sys/unixsock.h"
#include "util/str.h"

bool vg_provider_admits(const struct vgpu_provider *provider, int fd, struct vg_peer *peer)
{
	if (vg_socket_peer(fd, peer))
		return false;
	return peer->uid == vg_own_uid() || peer->uid == 0 || peer->uid == provider->owner ||
		   (provider->group != (gid_t)-1 &&
			(peer->gid == provider->group || vg_socket_peer_is_in(fd, provider->group)));
}

int vg_provider_listen(const struct vgpu_provider *provider, const char *path, int *lock_fd)
{
	int r, fd = vg_listen_open(path, lock_fd);

	if (fd < 0)
		return fd == -EADDRINUSE ? -EEXIST : fd;
	if (provider->owner == (uid_t)-1 && provider->group == (gid_t)-1)
		return fd;
	r = vg_listen_admit(path, provider->owner, provider->group);
	if (r == 0)
		return fd;
	vg_listen_close(path, fd, *lock_fd);
	return r;
}

static int why_not(struct vg_server *server)
{
	struct vgpu_instance *instance = server->instance;
	int err = 0;

	pthread_mutex_lock(&instance->provider->lock);
	if (instance->failed)
		err = EIO;
	else if (instance->stage != VG_STAGE_READY)
		err = ENODEV;
	else if (server->conn)
		err = EBUSY;
	pthread_mutex_unlock(&instance->provider->lock);
	return err;
}

static void add_client(struct vg_server *server, int fd)
{
	struct vgpu_instance *instance = server->instance;
	struct vg_peer peer;
	int refuse = why_not(server);

	if (!vg_provider_admits(instance->provider, fd, &peer)) {
		vg_close(fd);
		return;
	}
	if (vg_conn_open(server, fd, refuse) || refuse)
		return;
	pthread_mutex_lock(&instance->provider->lock);
	instance->client_pid = peer.pid;
	pthread_mutex_unlock(&instance->provider->lock);
}

static void take_in(struct vg_source *source, uint32_t events)
{
	struct vg_server *server = VG_OWNER(source, struct vg_server, source);
	struct vgpu_instance *instance = vgpu_instance_ref(server->instance);
	int fd = vg_listen_accept(source->fd, &instance->provider->loop.spare_fd);

	(void)events;
	if (fd >= 0 && server->conn)
		vg_conn_serve(server->conn); /* it may have left already, and been all that a destruction waited for */
	if (fd >= 0 && instance->server == server)
		add_client(server, fd);
	else if (fd >= 0)
		vg_close(fd);
	vgpu_instance_unref(instance);
}

static void free_server(struct vg_source *source)
{
	free(VG_OWNER(source, struct vg_server, source));
}

int vg_server_open(struct vgpu_instance *instance)
{
	const char *dir = instance->provider->socket_dir;
	char name[VG_PAIR_SIZE];
	struct vg_server *server;
	int r;

	if (!dir)
		return 0;
	vg_pair_format(&instance->pair, name);
	instance->socket = vg_asprintf("%s/%s.sock", dir, name);
	server = calloc(1, sizeof(*server));
	if (!instance->socket || !server) {
		free(server);
		return -ENOMEM;
	}
	r = vg_provider_listen(instance->provider, instance->socket, &server->lock_fd);
	if (r < 0) {
		free(server);
		return r;
	}
	server->instance = instance;
	server->source = (struct vg_source){.fn = take_in, .fd = r};
	r = vg_source_open(&instance->provider->loop, &server->source, VG_POLL_IN);
	if (r) {
		vg_listen_close(instance->socket, server->source.fd, server->lock_fd);
		free(server);
		return r;
	}
	instance->server = server;
	return 0;
}

void vg_server_close(struct vgpu_instance *instance)
{
	struct vg_server *server = instance->server;
	size_t i;

	if (!server)
		return;
	if (server->conn) { /* nobody waits until it has come to rest */
		pthread_mutex_lock(&instance->provider->lock);
		instance->failed = true;
		pthread_mutex_unlock(&instance->provider->lock);
		vg_conn_close(server->conn);
	}
	for (i = 0; i < VG_SERVER_GUESTS_MAX; i++)
		if (server->guests[i])
			vg_conn_close(server->guests[i]);
	instance->server = NULL;
	server->source.free_fn = free_server;
	vg_source_close(&instance->provider->loop, &server->source);
	vg_listen_close(instance->socket, server->source.fd, server->lock_fd);
}

bool vg_server_has_client(const struct vgpu_instance *instance)
{
	return instance->server && instance->server->conn;
}

void vg_server_disconnect(struct vgpu_instance *instance)
{
	if (vg_server_has_client(instance))
		vg_conn_close(instance->server->conn);
}
