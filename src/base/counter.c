// SPDX-License-Identifier: GPL-2.0
/*
 * counter.c - floor 1: storage, sums and names of the event counters.
 *
 * No lock. A sum read while CPUs count may miss what they are just adding.
 */
#include "base/counter.h"

struct soba_counters __percpu *soba_counters;

struct counter_text {
	const char *name;
	const char *unit;
	const char *when;
};

static const struct counter_text counter_texts[] = {
#define COUNTER_TEXT(id, name, unit, when) { name, unit, when },
	SOBA_COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
};

int soba_counter_init(void)
{
	static_assert(ARRAY_SIZE(counter_texts) == SOBA_NR_COUNTERS);

	soba_counters = alloc_percpu(struct soba_counters);
	return soba_counters ? 0 : -ENOMEM;
}

void soba_counter_exit(void)
{
	free_percpu(soba_counters);
	soba_counters = NULL;
}

unsigned long soba_counter_sum(enum soba_counter c)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(soba_counters, cpu)->n[c]);
	return sum;
}

const char *soba_counter_name(enum soba_counter c)
{
	return counter_texts[c].name;
}

const char *soba_counter_unit(enum soba_counter c)
{
	return counter_texts[c].unit;
}

const char *soba_counter_when(enum soba_counter c)
{
	return counter_texts[c].when;
}
