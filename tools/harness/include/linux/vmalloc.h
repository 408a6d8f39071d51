/* SPDX-License-Identifier: GPL-2.0 */
/* vmalloc.h - harness: what soba's public header takes from the host. */
#ifndef SIM_VMALLOC_H
#define SIM_VMALLOC_H

#include "sim/mm.h"

#define VM_ALLOC		0x2
#define VM_MAP			0x4
#define VM_USERMAP		0x8
#define VM_DMA_COHERENT		0x10
#define VM_MAP_PUT_PAGES	0x200

#define is_vmalloc_addr(p)	((unsigned long)(p) >= 0xffffc90000000000UL &&	\
				 (unsigned long)(p) < 0xffffe90000000000UL)
#define vm_map_ram(pages, n, node)	((void)(pages), (void)(n), (void)(node), (void *)NULL)
#define vm_unmap_ram(mem, n)	((void)(mem), (void)(n))

#endif /* SIM_VMALLOC_H */
