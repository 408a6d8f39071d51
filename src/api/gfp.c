// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - floor 4: what each GFP flag means in soba. See Documentation/gfp.rst
 * for the table; this is the only place that reads the flags.
 *
 * Locking: none, works on the caller's stack.
 */
#include "api/gfp.h"
#include "page/chunk.h"
#include "page/zone.h"
#include "base/report.h"

/* Reclaim rounds of a sleeping request before it gives up. */
#define ROUNDS_NORETRY		1
#define ROUNDS_DEFAULT		3
#define ROUNDS_RETRY_MAYFAIL	8

/*
 * Above this order __GFP_NORETRY means a try: who makes one has something else
 * to fall back on, which reclaim would take away from under it (kvmalloc()).
 */
#define COSTLY_ORDER 3

/* The order up to which the kernel promises __GFP_NOFAIL. */
#define NOFAIL_MAX_ORDER 1

#define ZONE_FLAGS (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

/* Mobility and page-cache hints: without meaning for frames that never move. */
#define HINTS (__GFP_MOVABLE | __GFP_RECLAIMABLE | __GFP_WRITE)

static void complain(const struct soba_req *req, gfp_t gfp, const char *rule)
{
	soba_report(SOBA_R_BAD_FLAGS, req->caller,
		    "order %u, gfp %#x (%pGg): %s", req->order,
		    (__force unsigned int)gfp, &gfp, rule);
}

/* Unknown bits and hints out, so that nothing of them reaches the host. */
static gfp_t known_bits(const struct soba_req *req, gfp_t gfp)
{
	if (unlikely(gfp & ~__GFP_BITS_MASK)) {
		complain(req, gfp, "unknown bits are ignored");
		gfp &= __GFP_BITS_MASK;
	}
	return gfp & ~HINTS;
}

static gfp_t decode_zone(struct soba_req *req, gfp_t gfp)
{
	gfp_t zones = gfp & ZONE_FLAGS;

	if (unlikely(hweight32((__force u32)zones) > 1)) {
		complain(req, gfp,
			 "more than one zone modifier, the lowest zone is used");
		gfp &= ~ZONE_FLAGS;
		gfp |= zones & __GFP_DMA ? __GFP_DMA : __GFP_DMA32;
	}
	if (gfp & __GFP_DMA)
		req->class = SOBA_CLASS_DMA;
	else if (gfp & __GFP_DMA32)
		req->class = SOBA_CLASS_DMA32;
	else
		req->class = SOBA_CLASS_NORMAL;
	/* As in the kernel: a zone that there is not is the next one up. */
	req->class = max_t(u8, req->class, soba_port_lowest_class());
	return gfp & ~__GFP_HIGHMEM;
}

static gfp_t decode_sleep(struct soba_req *req, gfp_t gfp)
{
	req->sleep = gfp & __GFP_DIRECT_RECLAIM;
	if (req->sleep && unlikely(!soba_port_can_sleep())) {
		soba_report(SOBA_R_SLEEP_IN_ATOMIC, req->caller,
			    "order %u, gfp %#x (%pGg) may sleep, but preempt_count is %#x and interrupts are %s",
			    req->order, (__force unsigned int)gfp, &gfp,
			    preempt_count(), irqs_disabled() ? "off" : "on");
		req->sleep = false;
		gfp &= ~__GFP_DIRECT_RECLAIM;
		gfp |= __GFP_HIGH;
	}
	req->wake = gfp & __GFP_KSWAPD_RECLAIM;
	return gfp;
}

static void decode_depth(struct soba_req *req, gfp_t gfp)
{
	req->depth = SOBA_DEPTH_MIN;
	if (gfp & __GFP_HIGH)
		req->depth = SOBA_DEPTH_HIGH;
	if (gfp & __GFP_NOMEMALLOC)
		return;
	if ((gfp & __GFP_MEMALLOC) || soba_port_memalloc())
		req->depth = SOBA_DEPTH_ALL;
}

static gfp_t decode_effort(struct soba_req *req, gfp_t gfp)
{
	req->rounds = ROUNDS_DEFAULT;
	if (gfp & __GFP_NORETRY)
		req->rounds = req->order > COSTLY_ORDER ? 0 : ROUNDS_NORETRY;
	else if (gfp & __GFP_RETRY_MAYFAIL)
		req->rounds = ROUNDS_RETRY_MAYFAIL;
	if (!(gfp & __GFP_NOFAIL))
		return gfp;
	if (req->order > NOFAIL_MAX_ORDER)
		complain(req, gfp,
			 "__GFP_NOFAIL is for orders 0 and 1, it is ignored");
	else if (!req->sleep)
		complain(req, gfp,
			 "__GFP_NOFAIL must be able to sleep, it is ignored");
	else
		req->nofail = true;
	return gfp & ~__GFP_NOFAIL;
}

/* What needs no second thought: neither a hint nor a wrong or special bit. */
#define PLAIN (__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __GFP_ZERO | \
	       __GFP_NOWARN | __GFP_HARDWALL)

void soba_gfp_decode(struct soba_req *req, gfp_t gfp, unsigned int order,
		     int nid, unsigned long caller)
{
	*req = (struct soba_req){
		.nid = nid == NUMA_NO_NODE ? numa_mem_id() : nid,
		.caller = caller,
		.order = order,
		.class = SOBA_CLASS_NORMAL,
		.rounds = ROUNDS_DEFAULT,
	};

	gfp = soba_port_gfp_context(gfp);
	if (gfp & ~PLAIN) {
		gfp = known_bits(req, gfp);
		gfp = decode_zone(req, gfp);
	}
	gfp = decode_sleep(req, gfp);
	decode_depth(req, gfp);
	if (gfp & ~PLAIN)
		gfp = decode_effort(req, gfp);
	req->this_node = gfp & __GFP_THISNODE;
	req->zero = (gfp & __GFP_ZERO) || soba_port_init_on_alloc();
	req->direct = (gfp & __GFP_ACCOUNT) || (order && (gfp & __GFP_COMP));
	req->nowarn = gfp & __GFP_NOWARN;
	req->gfp = gfp;
}

bool soba_gfp_decode_dma(struct soba_req *req, gfp_t gfp, size_t size,
			 unsigned long caller)
{
	unsigned int order = size ? get_order(size) : 0;

	soba_gfp_decode(req, gfp & ~(__GFP_NOFAIL | __GFP_HIGHMEM | __GFP_DMA |
				     __GFP_DMA32),
			min_t(unsigned int, order, U8_MAX), NUMA_NO_NODE,
			caller);
	req->direct = gfp & __GFP_ACCOUNT;
	if (!(gfp & __GFP_COMP))
		return true;
	complain(req, gfp, "coherent memory is no compound page, it is refused");
	return false;
}

/* "0:DMA32 12/1024 ..." for each zone that has chunks: free/managed frames. */
static void zones_text(char *buf, size_t size)
{
	size_t len = 0;
	unsigned int id;

	buf[0] = '\0';
	for (id = 0; id < soba_nr_zones; id++) {
		struct soba_zone *zone = soba_zone_by_id(id);

		if (!READ_ONCE(zone->managed))
			continue;
		len += scnprintf(buf + len, size - len, " %d:%s %lu/%lu",
				 zone->nid, soba_class_name(zone->class),
				 soba_zone_free_frames(zone),
				 READ_ONCE(zone->managed));
	}
}

void soba_gfp_failed(const struct soba_req *req)
{
	char zones[128];
	gfp_t gfp = req->gfp;

	if (req->nowarn)
		return;
	zones_text(zones, sizeof(zones));
	soba_report_often(SOBA_R_ALLOC_FAILURE, req->caller,
			  "order %u, gfp %#x (%pGg), node %d, heap default, held %ld frames, free/managed frames by zone:%s",
			  req->order, (__force unsigned int)gfp, &gfp, req->nid,
			  atomic_long_read(&soba_held_frames),
			  zones[0] ? zones : " none");
}
