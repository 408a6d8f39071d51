// SPDX-License-Identifier: GPL-2.0
/*
 * up.c - harness: insmod and rmmod, by the very ladder of src/main.c, and a
 * look at whether anything is left behind.
 */
#include "tests/test.h"

#include <linux/module.h>

#include "api/care.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"
#include "page/validate.h"
#include "page/zone.h"

extern char **sim_param_limit, **sim_param_reserve, **sim_param_chunk_order;
static char text[3][32];

/* As insmod would be given them; in frames. */
void soba_limits_set(unsigned long limit, unsigned long reserve, unsigned int chunk_order)
{
	scnprintf(text[0], sizeof(text[0]), "%luK", limit * 4);
	scnprintf(text[1], sizeof(text[1]), "%luK", reserve * 4);
	scnprintf(text[2], sizeof(text[2]), "%u", chunk_order);
	*sim_param_limit = text[0];
	*sim_param_reserve = text[1];
	*sim_param_chunk_order = text[2];
}

/* A module's data is fresh at each insmod. */
int soba_try_up(void)
{
	soba_alloc_care_key.enabled = 0;
	soba_free_care_key.enabled = 0;
	soba_obj_alloc_care_key.enabled = 0;
	soba_obj_free_care_key.enabled = 0;
	return sim_module_init();
}

void soba_up(void)
{
	CHECK_EQ(soba_try_up(), 0);
}

/* A failed insmod, and an rmmod with nothing alive, leave nothing behind. */
void soba_must_be_gone(void)
{
	rcu_barrier();
	CHECK_EQ(sim_rcu_pending(), 0);
	CHECK_EQ(sim_work_pending(), 0);
	CHECK_EQ(sim_percpu_outstanding(), 0);
	CHECK_EQ(sim_wq_outstanding(), 0);
	CHECK_EQ(sim_meta_outstanding(), 0);
	CHECK_EQ(sim_host_taken(), 0);
	CHECK_EQ(sim_mapped(), 0);
	CHECK_EQ(atomic_long_read(&soba_held_frames), 0);
}

unsigned long soba_down_leaky(void)
{
	sim_module_exit();
	rcu_barrier();
	CHECK_EQ(sim_rcu_pending(), 0);
	CHECK_EQ(sim_work_pending(), 0);
	CHECK_EQ(sim_percpu_outstanding(), 0);
	CHECK_EQ(sim_wq_outstanding(), 0);
	return sim_host_taken();
}

void soba_down(void)
{
	sim_module_exit();
	soba_must_be_gone();
}

static void say(void *arg, const char *line)
{
	test_note("broken law (%s): %s", (const char *)arg, line);
}

void soba_must_be_valid(const char *when)
{
	unsigned int broken = soba_validate_all(say, (void *)(unsigned long)when);

	CHECKF(!broken, "%u laws are broken %s", broken, when);
}

unsigned long soba_frames_free(void)
{
	unsigned long n = 0;
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		n += soba_zone_free_frames(&soba_zones[id]) +
		     soba_pcp_zone_frames(&soba_zones[id]);
	return n;
}
