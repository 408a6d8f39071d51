// SPDX-License-Identifier: GPL-2.0
/*
 * host_map.c - floor 0: mappings made by the host's vmap().
 *
 * Locking: none; the host's own. Page tables are allocated by the host with
 * GFP_KERNEL whatever the caller may do, so the task's scope narrows it.
 */
#include "soba_env.h"

#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include "compat.h"

/* Enter the scope that @gfp asks for; to be left with scope_leave(). */
static unsigned int scope_enter(gfp_t gfp)
{
	if (!(gfp & __GFP_IO))
		return memalloc_noio_save();
	return gfp & __GFP_FS ? 0 : memalloc_nofs_save();
}

static void scope_leave(gfp_t gfp, unsigned int saved)
{
	if (!(gfp & __GFP_IO))
		memalloc_noio_restore(saved);
	else if (!(gfp & __GFP_FS))
		memalloc_nofs_restore(saved);
}

void *soba_port_map(struct page **pages, unsigned long nr, pgprot_t prot,
		    gfp_t gfp, bool user, unsigned long align)
{
	unsigned long flags = VM_MAP | (user ? VM_USERMAP : 0);
	unsigned int saved;
	void *addr;

	if (nr > UINT_MAX)
		return NULL;
	/* The host aligns these, and no others, to their size. */
	if (align > PAGE_SIZE)
		flags |= VM_IOREMAP;
	saved = scope_enter(gfp);
	addr = vmap(pages, nr, flags, prot);
	scope_leave(gfp, saved);
	if (likely(IS_ALIGNED((unsigned long)addr, align)))
		return addr;
	vunmap(addr);
	return NULL;
}

void soba_port_unmap(const void *addr, bool flush)
{
	vunmap(addr);
	if (flush)
		vm_unmap_aliases();
}

struct page *soba_port_mapped_page(const void *addr)
{
	return is_vmalloc_addr(addr) ? vmalloc_to_page(addr) : NULL;
}

void *soba_port_array_alloc(size_t size, gfp_t gfp, int nid)
{
	unsigned int saved = scope_enter(gfp);
	void *p = vmalloc_node(size, nid);

	scope_leave(gfp, saved);
	return p;
}

void soba_port_array_free(void *p)
{
	vfree(p);
}

bool soba_port_killed(void)
{
	return fatal_signal_pending(current);
}

u64 soba_port_clock(void)
{
	return local_clock();
}

unsigned long soba_port_vma(const struct vm_area_struct *vma,
			    unsigned long *start)
{
	*start = vma->vm_start;
	return vma->vm_end - vma->vm_start;
}

int soba_port_vma_insert(struct vm_area_struct *vma, unsigned long at,
			 struct page **pages, unsigned long nr)
{
	unsigned long i;
	int err = 0;

	soba_compat_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	for (i = 0; i < nr && !err; i++)
		err = vm_insert_page(vma, at + (i << PAGE_SHIFT), pages[i]);
	return err;
}
