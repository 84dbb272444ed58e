/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Version data of a vfio-user peer: whatever is believed of them, can be answered and written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "user/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vg_user_caps caps, own, answer, again;
	char json[VG_USER_JSON_SIZE];
	int n;

	if (vg_user_caps_parse(data, size, &caps))
		return 0;
	vg_user_caps_init(&own);
	own.named = ~0u;
	own.twin_socket = own.write_multiple = true;
	own.twin_index = 0;
	own.display = 1;
	vg_user_caps_answer(&own, &caps, &answer);
	if (answer.named & ~caps.named || answer.max_data_xfer_size < VG_USER_DATA_MIN || !answer.pgsizes)
		abort();
	n = vg_user_caps_write(&answer, json, sizeof(json));
	if (n <= 0 || vg_user_caps_parse(json, (size_t)n, &again) || again.named != answer.named)
		abort();
	return 0;
}
