// SPDX-License-Identifier: GPL-2.0
/*
 * host.c - harness: a fake host's physical memory, NUMA nodes and references.
 *
 * Two nodes with memory, each with a run of frames in some address classes;
 * PFNs have the values of a real machine (below 16 MiB, below 4 GiB, above).
 * A frame that the host has not given to soba is filled with garbage when it
 * is given, and poisoned for ASan while the host has it.
 */
#include "sim/control.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)		((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n)	((void)(p), (void)(n))
#endif

#define MIB_FRAMES	256UL
#define GIB_FRAMES	(1024 * MIB_FRAMES)
#define END_PFN		(5 * GIB_FRAMES + 160 * MIB_FRAMES)

static const struct run {
	unsigned long pfn, n;
	s8 nid;
	u8 class;
} runs[] = {
	{ 1 * MIB_FRAMES,	14 * MIB_FRAMES,	0, SOBA_CLASS_DMA },
	{ 16 * MIB_FRAMES,	32 * MIB_FRAMES,	0, SOBA_CLASS_DMA32 },
	{ 1 * GIB_FRAMES,	16 * MIB_FRAMES,	1, SOBA_CLASS_DMA32 },
	{ 4 * GIB_FRAMES,	160 * MIB_FRAMES,	0, SOBA_CLASS_NORMAL },
	{ 5 * GIB_FRAMES,	160 * MIB_FRAMES,	1, SOBA_CLASS_NORMAL },
};

struct sim_host sim_host;
struct page *sim_memmap;
unsigned long sim_page_offset;
bool init_on_alloc, init_on_free;

static pthread_mutex_t host_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long taken;

static void *reserve(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void sim_host_init(u64 seed)
{
	unsigned int r;
	unsigned long i;

	if (!sim_memmap) {
		sim_memmap = reserve(END_PFN * sizeof(struct page), PROT_READ | PROT_WRITE);
		sim_page_offset = (unsigned long)reserve((END_PFN + 1) << PAGE_SHIFT, PROT_NONE);
		sim_page_offset = PAGE_ALIGN(sim_page_offset);
		for (r = 0; r < ARRAY_SIZE(runs); r++)
			mprotect((void *)(PAGE_OFFSET + (runs[r].pfn << PAGE_SHIFT)),
				 runs[r].n << PAGE_SHIFT, PROT_READ | PROT_WRITE);
	}
	for (r = 0; r < ARRAY_SIZE(runs); r++) {
		for (i = 0; i < runs[r].n; i++)
			sim_memmap[runs[r].pfn + i] = (struct page){
				.owner = SIM_HOST, .nid = runs[r].nid, .class = runs[r].class };
		ASAN_POISON_MEMORY_REGION((void *)(PAGE_OFFSET + (runs[r].pfn << PAGE_SHIFT)),
					  runs[r].n << PAGE_SHIFT);
	}
	taken = 0;
	sim_host = (struct sim_host){ .rand = seed, .max_order = SOBA_MAX_ORDER,
		.only_class = -1, .take_budget = -1, .meta_budget = -1, .map_budget = -1 };
	init_on_alloc = false;
	init_on_free = false;
}

bool node_state(int nid, enum node_states st)
{
	if (st == N_NORMAL_MEMORY)
		return nid == 0 || nid == 1;
	return nid >= 0 && nid <= SIM_NODE_EMPTY;
}

/* The node without memory is nearer to node 1. */
int node_distance(int a, int b)
{
	static const int d[3][3] = { { 10, 20, 30 }, { 20, 10, 15 }, { 30, 15, 10 } };

	if (a < 0 || b < 0 || a > 2 || b > 2)
		sim_fail("node_distance(%d, %d)", a, b);
	return d[a][b];
}

unsigned long soba_port_max_pfn(void)
{
	return END_PFN;
}

bool pfn_valid(unsigned long pfn)
{
	return pfn < END_PFN;
}

static unsigned long runs_frames(int nid, int class, bool free_only)
{
	unsigned long n = 0, i;
	unsigned int r;

	for (r = 0; r < ARRAY_SIZE(runs); r++) {
		if ((nid >= 0 && nid != runs[r].nid) || (class >= 0 && class != runs[r].class))
			continue;
		for (i = 0; i < runs[r].n; i++)
			n += !free_only || sim_memmap[runs[r].pfn + i].owner == SIM_HOST;
	}
	return n;
}

unsigned long soba_port_host_frames(void) { return runs_frames(-1, -1, false); }
unsigned long sim_host_taken(void) { return __atomic_load_n(&taken, __ATOMIC_RELAXED); }
unsigned long sim_host_free(int nid, int class) { return runs_frames(nid, class, true); }

static bool run_free(struct page *p, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		if (p[i].owner != SIM_HOST)
			return false;
	return true;
}

/* Garbage in a few words of each page: what a page must not be trusted for. */
static void fill(struct page *p, unsigned int order, bool zero)
{
	unsigned long i;

	ASAN_UNPOISON_MEMORY_REGION(page_address(p), PAGE_SIZE << order);
	for (i = 0; i < 1UL << order; i++) {
		u64 *w = page_address(p + i);

		if (zero) {
			memset(w, 0, PAGE_SIZE);
			continue;
		}
		w[0] = 0x6761726261676500ULL + i;
		w[sim_below(&sim_host.rand, 512)] = ~0ULL;
		w[511] = ~i;
	}
}

static struct page *take_from(const struct run *r, unsigned int order)
{
	unsigned long slots = r->n >> order, n = 1UL << order, k, i, at;

	if (!slots)
		return NULL;
	at = sim_below(&sim_host.rand, slots);
	for (k = 0; k < slots; k++) {
		unsigned long pfn = r->pfn + (((at + k) % slots) << order);
		struct page *p;

		if (pfn & (n - 1))
			pfn = ALIGN(pfn, n);
		p = pfn_to_page(pfn);
		if (pfn + n > r->pfn + r->n || !run_free(p, n))
			continue;
		for (i = 0; i < n; i++) {
			p[i].owner = SIM_SOBA;
			p[i].comp = false;
			p[i].first = !i;
		}
		p->order = order;
		return p;
	}
	return NULL;
}

/*
 * Host's fallback: highest class first on the node, then the other node. As on a
 * machine of this size, lowmem_reserve keeps DMA from those who can do without.
 */
struct page *sim_host_take(int nid, unsigned int class, unsigned int order, bool this_node,
			   bool comp)
{
	struct page *p = NULL;
	unsigned int step, r;
	int c;

	pthread_mutex_lock(&host_mutex);
	if (nid == SIM_NODE_EMPTY && !this_node)
		nid = 1;
	if (sim_below(&sim_host.rand, 1000) < sim_host.wrong_node_1k && !this_node)
		nid = !nid;
	for (step = 0; step < (this_node ? 1U : 2U) && !p; step++)
		for (c = class; c >= (class ? SOBA_CLASS_DMA32 : 0) && !p; c--)
			for (r = 0; r < ARRAY_SIZE(runs) && !p; r++)
				if (runs[r].class == c && runs[r].nid == (step ? !nid : nid) &&
				    (sim_host.only_class < 0 || sim_host.only_class == c))
					p = take_from(&runs[r], order);
	if (p) {
		__atomic_add_fetch(&taken, 1UL << order, __ATOMIC_RELAXED);
		p->comp = comp && order;
		fill(p, order, init_on_alloc);
		sim_host.takes++;
	}
	pthread_mutex_unlock(&host_mutex);
	return p;
}

void sim_host_give(struct page *p, unsigned int order)
{
	unsigned long i;

	pthread_mutex_lock(&host_mutex);
	for (i = 0; i < 1UL << order; i++) {
		if (p[i].owner != SIM_SOBA)
			sim_fail("frame %#lx is given back but is not soba's (%u)",
				 page_to_pfn(p + i), p[i].owner);
		p[i].owner = SIM_HOST;
	}
	ASAN_POISON_MEMORY_REGION(page_address(p), PAGE_SIZE << order);
	__atomic_sub_fetch(&taken, 1UL << order, __ATOMIC_RELAXED);
	sim_host.gives++;
	pthread_mutex_unlock(&host_mutex);
}

void get_page(struct page *p)
{
	if (page_ref_add_return(p, 1) <= 1)
		sim_fail("get_page() of a free frame %#lx", page_to_pfn(p));
}

/* The last reference gives the frame to the host: soba must have noticed. */
void put_page(struct page *p)
{
	int refs = page_ref_add_return(p, -1);

	if (refs < 0)
		sim_fail("put_page() of a free frame %#lx", page_to_pfn(p));
	if (refs)
		return;
	pthread_mutex_lock(&host_mutex);
	p->owner = SIM_LOST;
	__atomic_sub_fetch(&taken, 1, __ATOMIC_RELAXED);
	ASAN_POISON_MEMORY_REGION(page_address(p), PAGE_SIZE);
	pthread_mutex_unlock(&host_mutex);
}

void sim_clear_page(struct page *p)
{
	sim_point();
	if (p->owner != SIM_SOBA)
		sim_fail("frame %#lx is cleared but is not soba's", page_to_pfn(p));
	memset(page_address(p), 0, PAGE_SIZE);
	sim_point();
}

bool sim_page_is_zero(struct page *page, unsigned int order)
{
	const u64 *w = page_address(page);
	unsigned long i;

	for (i = 0; i < (PAGE_SIZE << order) / sizeof(*w); i++)
		if (w[i])
			return false;
	return true;
}

/* A user's pattern: in each page of the block its PFN and the user's tag. */
void sim_page_dirty(struct page *page, unsigned int order, u64 tag)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++) {
		u64 *w = page_address(page + i);

		w[0] = tag;
		w[1 + (tag + i) % 510] = page_to_pfn(page + i) + tag;
		w[511] = ~tag;
	}
}

bool sim_page_check(struct page *page, unsigned int order, u64 tag)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++) {
		const u64 *w = page_address(page + i);

		if (w[0] != tag || w[511] != ~tag ||
		    w[1 + (tag + i) % 510] != page_to_pfn(page + i) + tag)
			return false;
	}
	return true;
}
