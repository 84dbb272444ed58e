/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server asks of its client: to read and write the client's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/client_impl.h"

/* Memory that is on its way to the server. */
static int make_scratch(struct vg_client *client, size_t size)
{
	unsigned char *bigger;

	if (client->scratch_size >= size)
		return 0;
	bigger = realloc(client->scratch, size);
	if (!bigger)
		return -ENOMEM;
	client->scratch = bigger;
	client->scratch_size = size;
	return 0;
}

/* 0 where the answer was sent, or the positive errno to answer with. */
static int serve_read(struct vg_client *client, struct vg_channel *channel, const struct vg_message *message)
{
	struct vg_user_dma_access access;
	struct iovec body[2] = {{&access, sizeof(access)}};
	int r;

	if (message->size != sizeof(access))
		return EINVAL;
	memcpy(&access, message->body, sizeof(access));
	if (!access.count || access.count > VG_USER_DEFAULT_DATA)
		return EINVAL;
	if (make_scratch(client, (size_t)access.count))
		return ENOMEM;
	r = client->opts.dma(client->opts.dma_data, access.address, client->scratch, (size_t)access.count, false);
	if (r)
		return r;
	body[1] = (struct iovec){client->scratch, (size_t)access.count};
	/* while a borrowed body waits, no other request is taken: the scratch memory stays as it is */
	return -vg_channel_reply(channel, &message->header, body, 2, NULL, 0, VG_SEND_BORROW);
}

static int serve_write(struct vg_client *client, struct vg_channel *channel, const struct vg_message *message)
{
	struct vg_user_dma_access access;
	struct iovec body = {&access, sizeof(access)};
	int r;

	if (message->size < sizeof(access))
		return EINVAL;
	memcpy(&access, message->body, sizeof(access));
	if (!access.count || access.count != message->size - sizeof(access))
		return EINVAL;
	r = client->opts.dma(client->opts.dma_data, access.address, (void *)(uintptr_t)(message->body + sizeof(access)),
						 (size_t)access.count, true);
	if (r)
		return r;
	return -vg_channel_reply(channel, &message->header, &body, 1, NULL, 0, 0);
}

void vg_client_serve(struct vg_client *client, struct vg_channel *channel, const struct vg_message *message)
{
	int r = message->refused;

	if (r == 0 && (!client->opts.dma || message->fds->count || (channel == &client->main && client->twin.fd >= 0)))
		r = EINVAL; /* with a twin socket, requests come by that one */
	else if (r == 0 && message->header.command == VG_USER_DMA_READ)
		r = serve_read(client, channel, message);
	else if (r == 0 && message->header.command == VG_USER_DMA_WRITE)
		r = serve_write(client, channel, message);
	else if (r == 0)
		r = EOPNOTSUPP;
	if (r)
		vg_channel_reply_error(channel, &message->header, r);
	if (channel->out_error)
		vg_client_break(client, channel->out_error);
}
