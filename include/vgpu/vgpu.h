/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All of libvgpu's public API. */
#ifndef VGPU_VGPU_H
#define VGPU_VGPU_H

#include <vgpu/capacity.h>
#include <vgpu/check.h>
#include <vgpu/context.h>
#include <vgpu/device.h>
#include <vgpu/dirty.h>
#include <vgpu/display.h>
#include <vgpu/dma.h>
#include <vgpu/edid.h>
#include <vgpu/error.h>
#include <vgpu/format.h>
#include <vgpu/guest.h>
#include <vgpu/instance.h>
#include <vgpu/irq.h>
#include <vgpu/kvm.h>
#include <vgpu/log.h>
#include <vgpu/migration.h>
#include <vgpu/parent.h>
#include <vgpu/pci.h>
#include <vgpu/picture.h>
#include <vgpu/provider.h>
#include <vgpu/record.h>
#include <vgpu/region.h>
#include <vgpu/reset.h>
#include <vgpu/softgpu.h>
#include <vgpu/type.h>
#include <vgpu/version.h>
#include <vgpu/vfio.h>
#include <vgpu/vm.h>

#endif
