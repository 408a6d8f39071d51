// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc_context.c - the kmalloc family where drivers call it: from timers,
 * tasklets, interrupts, with locks held and interrupts off, in an NMI, and
 * freed on other CPUs and in other contexts than it was allocated in.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define ATOMIC	SOBA_GFP_ATOMIC

static const uint64_t sizes[] = { 8, 60, 128, 700, 4096, 12000 };

static struct soba_test_object alloc_call(uint64_t size, uint64_t gfp,
					  uint32_t context)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = SOBA_OBJ_KMALLOC;
	call.size = size;
	call.gfp = gfp;
	call.context = context;
	return call;
}

/* Allocated in each context, freed in each, by the calls that are for it. */
TEST_F(soba, every_context)
{
	static const uint32_t frees[] = {
		SOBA_OBJ_KFREE, SOBA_OBJ_KFREE_CONST, SOBA_OBJ_KFREE_SENSITIVE,
		SOBA_OBJ_KFREE_BULK, SOBA_OBJ_KFREE_RCU, SOBA_OBJ_KVFREE_RCU,
	};
	unsigned int a, f, i;

	for (a = 0; a < SOBA_NR_OBJECT_CONTEXTS; a++) {
		for (f = 0; f < SOBA_NR_OBJECT_CONTEXTS; f++) {
			if (!object_context_usable(&self->info, a) ||
			    !object_context_usable(&self->info, f))
				continue;
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				struct soba_test_object call =
					alloc_call(sizes[i], ATOMIC, a);
				uint32_t form = frees[(a + f + i) % 6];

				call.nr = 20;
				ASSERT_EQ(0, obj_run(self->fd, &call));
				EXPECT_EQ(call.got, 20)
					TH_LOG("%llu bytes in %s",
					       (unsigned long long)sizes[i],
					       object_context_name(a));
				if (!call.handle)
					continue;
				ASSERT_EQ(0, obj_fill(self->fd, call.handle, f));
				EXPECT_EQ(SOBA_TEST_GOOD,
					  obj_check(self->fd, call.handle, f));
				if (sizes[i] < 24)
					form = KFREE;
				EXPECT_EQ(0, obj_free_form(self->fd, call.handle,
							   form, SOBA_OBJ_ALL, f,
							   -1));
			}
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Every allocating call, where it may not sleep. */
TEST_F(soba, every_form_in_hardirq)
{
	uint32_t context = self->info.config & SOBA_TEST_RT ? SOBA_CTX_SOFTIRQ :
							      SOBA_CTX_HARDIRQ;
	uint32_t form;

	for (form = SOBA_OBJ_KMALLOC; form < SOBA_OBJ_CACHE; form++) {
		struct soba_test_object call = alloc_call(192, ATOMIC, context);

		if (form == SOBA_OBJ_NOLOCK)
			continue;	/* has a test of its own */
		call.form = form;
		call.count = 2;
		call.nr = 8;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.got, 8)
			TH_LOG("form %u", form);
		EXPECT_EQ(0, obj_free(self->fd, call.handle));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* krealloc() too, in place and not. */
TEST_F(soba, krealloc_in_every_context)
{
	unsigned int context;

	for (context = 0; context < SOBA_NR_OBJECT_CONTEXTS; context++) {
		struct soba_test_object call;
		uint32_t h;

		if (!object_context_usable(&self->info, context))
			continue;
		h = obj_kmalloc(self->fd, 100, K, 1);
		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, 4));
		call = obj_init(SOBA_OBJ_REALLOC);
		call.handle = h;
		call.gfp = ATOMIC;
		call.context = context;
		for (call.size = 101; call.size < 20000; call.size *= 3) {
			ASSERT_EQ(0, obj_run(self->fd, &call));
			EXPECT_EQ(call.got, 1)
				TH_LOG("in %s", object_context_name(context));
		}
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* GFP_ATOMIC and GFP_NOWAIT never sleep, also when slabs must be made. */
TEST_F(soba, atomic_never_sleeps)
{
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct soba_test_object call;
			uint32_t handles[100];
			unsigned int nr;

			for (nr = 0; nr < 100; nr++) {
				call = alloc_call(sizes[i], SOBA_GFP_NOWARN |
						  (k ? SOBA_GFP_NOWAIT : ATOMIC),
						  SOBA_CTX_PREEMPT_OFF);
				call.nr = 20;
				ASSERT_EQ(0, obj_run(self->fd, &call));
				handles[nr] = call.handle;
				EXPECT_EQ(call.slept, 0);
			}
			while (nr--)
				if (handles[nr])
					obj_free(self->fd, handles[nr]);
		}
	}
}

/* Once a call site, with the caller; counted always; and it works. */
TEST_F(soba, kernel_from_atomic_is_reported)
{
	static const uint32_t contexts[] = {
		SOBA_CTX_SOFTIRQ, SOBA_CTX_HARDIRQ, SOBA_CTX_HRTIMER,
		SOBA_CTX_PREEMPT_OFF, SOBA_CTX_SPINLOCK, SOBA_CTX_IRQS_OFF,
		SOBA_CTX_BH_OFF, SOBA_CTX_TASKLET,
	};
	long long before = soba_errors("sleep-in-atomic");
	unsigned int i, k, calls = 0;
	char line[512];

	if (!(self->info.config & SOBA_TEST_PREEMPT_COUNT))
		SKIP(return, "this kernel has no preempt count to look at");
	if (self->info.config & SOBA_TEST_RT)
		SKIP(return, "PREEMPT_RT: these contexts are not soba's there");
	for (i = 0; i < 3 * ARRAY_SIZE(contexts); i++) {
		/* from a class, and from whole blocks */
		uint64_t size = i % 3 == 0 ? 64 : i % 3 == 1 ? 3000 : 40000;

		for (k = 0; k < 3; k++) {
			struct soba_test_object call =
				alloc_call(size, K, contexts[i / 3]);

			call.flags = k ? SOBA_TEST_SAME_SITE : SOBA_TEST_NEW_SITE;
			ASSERT_EQ(0, obj_run(self->fd, &call));
			calls++;
			EXPECT_NE(call.handle, 0);
			obj_free(self->fd, call.handle);
			EXPECT_EQ(kmsg_count(self->kmsg, "soba: sleep-in-atomic:",
					     line, sizeof(line)), !k)
				TH_LOG("call %u, %llu bytes in %s", k,
				       (unsigned long long)size,
				       object_context_name(contexts[i / 3]));
			if (!k)
				EXPECT_NE(strstr(line, "soba_test"), NULL)
					TH_LOG("caller not named: %s", line);
		}
	}
	EXPECT_EQ(soba_errors("sleep-in-atomic") - before, calls);
}

TEST_F(soba, kernel_from_process_is_silent)
{
	struct soba_test_object call = alloc_call(64, K, SOBA_CTX_PROCESS);

	call.flags = SOBA_TEST_NEW_SITE;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_NE(call.handle, 0);
	call = alloc_call(64, K, SOBA_CTX_PROCESS);
	call.cpu = 0;	/* a kthread */
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_NE(call.handle, 0);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* NULL is allowed anywhere; but what the CPU has at hand should be found. */
static unsigned int nolock_in(struct __test_metadata *_metadata,
			      FIXTURE_DATA(soba) *self, uint32_t context,
			      uint64_t size, uint64_t gfp)
{
	struct soba_test_object call = alloc_call(size, gfp, context);
	struct soba_test_object warm = alloc_call(size, K, 0);
	unsigned int got;

	warm.nr = 64;
	ASSERT_EQ(0, obj_run(self->fd, &warm));
	ASSERT_EQ(0, obj_free(self->fd, warm.handle));
	call.form = SOBA_OBJ_NOLOCK;
	call.nr = 16;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	got = call.got;
	if (!got)
		return 0;
	if (gfp & SOBA_GFP_ZERO)
		EXPECT_EQ(SOBA_TEST_GOOD, obj_zeroed(self->fd, call.handle, 0, 0))
			TH_LOG("in %s", object_context_name(context));
	ASSERT_EQ(0, obj_fill(self->fd, call.handle, 6));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, call.handle, 6));
	if (got > 1)
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_DISJOINT, call.handle));
	EXPECT_EQ(0, obj_free_form(self->fd, call.handle, SOBA_OBJ_KFREE_NOLOCK,
				   SOBA_OBJ_ALL, context, -1));
	return got;
}

TEST_F(soba, nolock_anywhere)
{
	uint32_t context;
	unsigned int i;

	cpu_pin(0);
	for (context = 0; context < SOBA_NR_OBJECT_CONTEXTS; context++) {
		unsigned int got = 0;

		/* here any context is, on PREEMPT_RT too: NULL is an answer */
		if (context == SOBA_CTX_NMI && !(self->info.config & SOBA_TEST_NMI))
			continue;
		if (context == SOBA_CTX_BH_WORK &&
		    !(self->info.config & SOBA_TEST_BH_WORK))
			continue;
		for (i = 0; i < 5; i++)
			got += nolock_in(_metadata, self, context, sizes[i],
					 i & 1 ? SOBA_GFP_ZERO : 0);
		EXPECT_TRUE(got || self->info.config & SOBA_TEST_RT)
			TH_LOG("only NULL in %s", object_context_name(context));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Calls that found the magazines of kmalloc-128 in use below them. */
static unsigned long nested_calls(void)
{
	char *text = file_text(DEBUGFS "/caches/kmalloc-128/nested");
	unsigned long calls = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return calls;
}

/*
 * Many on CPU 0, which allocates all the time: some must come in the middle of
 * the fast path. A call from CPU 1 runs in an NMI of the first other one.
 */
TEST_F(soba, nolock_in_nmi_over_load)
{
	unsigned long before = nested_calls();
	time_t end = time(NULL) + 15;
	unsigned int i;
	pid_t child;

	if (!(self->info.config & SOBA_TEST_NMI))
		SKIP(return, "no NMI to send here");
	if (online_cpus() < 2)
		SKIP(return, "one CPU only: it would send the NMI to itself");
	child = fork();
	if (!child) {
		int fd = device_open();

		cpu_pin(0);
		for (;;)
			obj_free(fd, obj_kmalloc(fd, 128, ATOMIC, 300));
	}
	for (i = 0; i < 100 || (nested_calls() == before && time(NULL) < end);
	     i++) {
		struct soba_test_object call = alloc_call(128, 0, SOBA_CTX_NMI);

		call.form = SOBA_OBJ_NOLOCK;
		call.nr = 8;
		call.cpu = 1;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		if (!call.handle)
			continue;
		ASSERT_EQ(0, obj_fill(self->fd, call.handle, i));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, call.handle, i));
		ASSERT_EQ(0, obj_free_form(self->fd, call.handle,
					   SOBA_OBJ_KFREE_NOLOCK, SOBA_OBJ_ALL,
					   SOBA_CTX_NMI, call.cpu));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* A debug kernel takes most of the time outside of the fast path. */
	if (debug_kernel())
		TH_LOG("%lu of %u NMIs came in the middle",
		       nested_calls() - before, 2 * i);
	else
		EXPECT_GT(nested_calls(), before)
			TH_LOG("%u NMIs, and none came in the middle", 2 * i);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Allocated here, freed there, and round again. */
TEST_F(soba, freed_on_another_cpu)
{
	unsigned int cpus = online_cpus(), round, i;
	unsigned int rounds = debug_kernel() ? 6 : 60;

	if (cpus < 2)
		SKIP(return, "one CPU only");
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct soba_test_object call =
				alloc_call(sizes[i], K, SOBA_CTX_PROCESS);

			call.cpu = round % cpus;
			call.nr = 200;
			ASSERT_EQ(0, obj_run(self->fd, &call));
			ASSERT_NE(call.handle, 0);
			ASSERT_EQ(0, obj_fill(self->fd, call.handle, round));
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_check(self->fd, call.handle, round));
			EXPECT_EQ(0, obj_free_form(self->fd, call.handle, KFREE,
						   SOBA_OBJ_ALL, 0,
						   (round + 1) % cpus));
		}
	}
}

TEST_HARNESS_MAIN
