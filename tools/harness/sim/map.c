// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - harness: floor 0's mappings (src/port/port_map.h). Addresses are real
 * in number and order, with a guard page behind, lowest free ones first as the
 * host's; nothing is behind them: the core reaches the pages of an area by their
 * own addresses, and a touch of the mapping faults.
 */
#include "sim/control.h"

#include <pthread.h>
#include <stdlib.h>

#define MAP_START	0xffffc90000000000UL
#define MAP_SLOTS	(1UL << 20)	/* pages of the range */

/* The page behind each address; GUARD where nothing is, and nothing may be. */
static struct page *slots[MAP_SLOTS];
#define GUARD	((struct page *)1UL)

static pthread_mutex_t map_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long first_free, mapped;

static unsigned long find_room(unsigned long nr, unsigned long align)
{
	unsigned long step = max(align >> PAGE_SHIFT, 1UL), at, n;

	at = round_up(first_free, step);
	while (at + nr < MAP_SLOTS) {
		for (n = 0; n <= nr && !slots[at + n]; n++)
			;
		if (n > nr)
			return at;
		at = round_up(at + n + 1, step);
	}
	return MAP_SLOTS;
}

void *soba_port_map(struct page **pages, unsigned long nr, pgprot_t prot, gfp_t gfp, bool user,
		    unsigned long align)
{
	unsigned long at, i;

	(void)prot;
	(void)user;
	sim_point();
	sim_might_sleep("soba_port_map");
	if (sim_lock_any_held())
		sim_fail("soba_port_map with a lock held");
	if (gfp & ~__GFP_BITS_MASK || !nr)
		sim_fail("soba_port_map: %lu pages, gfp %#x", nr, gfp);
	if (sim_host_refuse_map())
		return NULL;
	pthread_mutex_lock(&map_mutex);
	at = find_room(nr, align);
	if (at == MAP_SLOTS)
		sim_fail("the harness has no room for a mapping of %lu pages", nr);
	for (i = 0; i < nr; i++)
		slots[at + i] = pages[i];
	slots[at + nr] = GUARD;
	if (at == first_free)
		first_free += nr + 1;
	mapped++;
	pthread_mutex_unlock(&map_mutex);
	return (void *)(MAP_START + (at << PAGE_SHIFT));
}

void soba_port_unmap(const void *addr, bool flush)
{
	unsigned long at = ((unsigned long)addr - MAP_START) >> PAGE_SHIFT;

	(void)flush;
	sim_point();
	sim_might_sleep("soba_port_unmap");
	if (sim_lock_any_held())
		sim_fail("soba_port_unmap with a lock held");
	pthread_mutex_lock(&map_mutex);
	if (at >= MAP_SLOTS || !slots[at] || (at && slots[at - 1] && slots[at - 1] != GUARD))
		sim_fail("%p is unmapped but is no mapping's start", (void *)(unsigned long)addr);
	first_free = min(first_free, at);
	for (; slots[at] != GUARD; at++)
		slots[at] = NULL;
	slots[at] = NULL;
	mapped--;
	pthread_mutex_unlock(&map_mutex);
}

struct page *soba_port_mapped_page(const void *addr)
{
	unsigned long at = ((unsigned long)addr - MAP_START) >> PAGE_SHIFT;

	return at < MAP_SLOTS && slots[at] != GUARD ? slots[at] : NULL;
}

unsigned long sim_mapped(void)
{
	return mapped;
}

void *soba_port_array_alloc(size_t size, gfp_t gfp, int nid)
{
	sim_might_sleep("soba_port_array_alloc");
	return soba_port_meta_alloc(size, gfp, nid);
}

void soba_port_array_free(void *p)
{
	soba_port_meta_free(p, 0);
}

bool soba_port_killed(void)
{
	return false;
}

u64 soba_port_clock(void)
{
	return jiffies * 4000000ULL;
}

unsigned long soba_port_vma(const struct vm_area_struct *vma, unsigned long *start)
{
	*start = vma->vm_start;
	return vma->vm_end - vma->vm_start;
}

int soba_port_vma_insert(struct vm_area_struct *vma, unsigned long at, struct page **pages,
			 unsigned long nr)
{
	unsigned long i;

	if (at < vma->vm_start || at + (nr << PAGE_SHIFT) > vma->vm_end)
		return -EFAULT;
	for (i = 0; i < nr; i++)
		get_page(pages[i]);
	return 0;
}
