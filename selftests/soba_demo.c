// SPDX-License-Identifier: GPL-2.0
/*
 * soba_demo.c - shows what a client of soba gets: one line for an allocation,
 * with where it really is. The script guest/demo puts it between explanations.
 *
 * usage: soba_demo calls | contexts | zones | user | mistakes | crowd
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "testlib.h"

#define K SOBA_GFP_KERNEL

static int device;

static const char *zone_name(unsigned long long phys)
{
	if (phys < 16ULL << 20)
		return "DMA";
	return phys < 4ULL << 30 ? "DMA32" : "Normal";
}

static void header(void)
{
	printf("  %-38s %6s %10s %14s  %-6s %s\n", "call", "pages", "pfn",
	       "physical", "zone", "bytes hold?");
}

/* Runs @call, says what came back, frees it. */
static void show(const char *what, struct soba_test_call call)
{
	struct soba_test_call q;
	bool good;

	if (call_run(device, &call) || !call.handle) {
		printf("  %-38s NULL%s\n", what, call.order > 10 ?
		       ", as it must: above the largest order" : "");
		return;
	}
	q = page_query(device, call.handle, 0);
	good = !page_fill(device, call.handle, 1) &&
	       page_check(device, call.handle, 1) == SOBA_TEST_GOOD;
	printf("  %-38s %6llu %#10llx %#14llx  %-6s %s\n", what,
	       (unsigned long long)q.frames, (unsigned long long)q.pfn,
	       (unsigned long long)q.phys, zone_name(q.phys),
	       good ? "yes" : "NO");
	page_free(device, call.handle);
}

static struct soba_test_call make(__u32 form, __u64 gfp, unsigned int order,
				  __u64 size)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);

	call.form = form;
	call.gfp = gfp;
	call.order = order;
	call.size = size;
	if (form == SOBA_FORM_PAGES_NODE)
		call.node = 0;
	return call;
}

static void calls(void)
{
	header();
	show("alloc_page(GFP_KERNEL)", make(SOBA_FORM_PAGE, K, 0, 0));
	show("alloc_pages(GFP_KERNEL, 3)", make(SOBA_FORM_PAGES, K, 3, 0));
	show("alloc_pages(GFP_KERNEL, 10)", make(SOBA_FORM_PAGES, K, 10, 0));
	show("alloc_pages_node(0, GFP_KERNEL, 1)",
	     make(SOBA_FORM_PAGES_NODE, K, 1, 0));
	show("__get_free_pages(GFP_KERNEL, 2)",
	     make(SOBA_FORM_FREE_PAGES, K, 2, 0));
	show("__get_free_page(GFP_KERNEL)", make(SOBA_FORM_FREE_PAGE, K, 0, 0));
	show("get_zeroed_page(GFP_KERNEL)",
	     make(SOBA_FORM_ZEROED_PAGE, K, 0, 0));
	show("__get_dma_pages(GFP_KERNEL, 1)",
	     make(SOBA_FORM_DMA_PAGES, K, 1, 0));
	show("alloc_pages_exact(20000)", make(SOBA_FORM_EXACT, K, 0, 20000));
	show("alloc_pages_bulk(64)", make(SOBA_FORM_BULK, K, 0, 64));
	show("alloc_pages(GFP_KERNEL|__GFP_COMP, 4)",
	     make(SOBA_FORM_PAGES, K | SOBA_GFP_COMP, 4, 0));
	show("alloc_pages(GFP_KERNEL, 11)",
	     make(SOBA_FORM_PAGES, K | SOBA_GFP_NOWARN, 11, 0));
}

static void contexts(void)
{
	struct soba_test_info info = device_info(device);
	unsigned int context;
	char what[64];

	header();
	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		struct soba_test_call call;

		call = make(SOBA_FORM_PAGES, SOBA_GFP_ATOMIC, 1, 0);
		call.context = context;
		if (!context_usable(&info, context))
			continue;
		snprintf(what, sizeof(what), "GFP_ATOMIC, %s",
			 context_name(context));
		show(what, call);
	}
}

static void zones(void)
{
	header();
	show("GFP_KERNEL", make(SOBA_FORM_PAGES, K, 0, 0));
	show("GFP_KERNEL | __GFP_DMA32",
	     make(SOBA_FORM_PAGES, K | SOBA_GFP_DMA32, 0, 0));
	show("GFP_KERNEL | __GFP_DMA",
	     make(SOBA_FORM_PAGES, K | SOBA_GFP_DMA, 0, 0));
}

/* The same page in the kernel and in this process. */
static void user(void)
{
	__u32 handle = page_alloc(device, K | SOBA_GFP_ZERO, 0);
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, device,
			handle * 4096UL);
	struct soba_test_call q = page_query(device, handle, 0);

	if (at == MAP_FAILED) {
		printf("  mmap failed\n");
		return;
	}
	printf("  frame %#llx is mapped at %p in process %d, references: %d\n",
	       (unsigned long long)q.pfn, (void *)at, getpid(), q.refs);
	page_fill(device, handle, 1);
	printf("  the kernel wrote   %02x %02x %02x %02x ..., we read it here\n",
	       (unsigned char)at[0], (unsigned char)at[1],
	       (unsigned char)at[2], (unsigned char)at[3]);
	at[2] ^= 1;
	printf("  we flip one bit:   the kernel finds the first wrong byte at %lld\n",
	       (long long)page_check(device, handle, 1));
	munmap(at, 4096);
	page_free(device, handle);
}

static void mistake(const char *what, struct soba_test_call call,
		    const char *class)
{
	char line[512], text[64];
	int kmsg = kmsg_open();

	call.flags = SOBA_TEST_NEW_SITE;
	call_run(device, &call);
	snprintf(text, sizeof(text), "soba: %s:", class);
	kmsg_count(kmsg, text, line, sizeof(line));
	/* the caller is this program's module each time */
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, ", by "))
		*strstr(line, ", by ") = '\0';
	printf("  %s\n    %s\n", what, line[0] ? line : "(not reported)");
	close(kmsg);
}

static struct soba_test_call wrong(__u32 wrong, unsigned int order)
{
	struct soba_test_call call = call_init(SOBA_OP_FREE_WRONG);

	call.wrong = wrong;
	call.order = order;
	if (wrong <= SOBA_WRONG_INTERIOR)
		call.handle = page_alloc(device, K, 2);
	call.index = wrong == SOBA_WRONG_INTERIOR;
	return call;
}

static void mistakes(void)
{
	mistake("freed twice", wrong(SOBA_WRONG_DOUBLE, 0), "double-free");
	mistake("freed with order 1", wrong(SOBA_WRONG_ORDER, 1), "wrong-order");
	mistake("freed in the middle", wrong(SOBA_WRONG_INTERIOR, 0),
		"invalid-free");
	mistake("the host's page", wrong(SOBA_WRONG_HOST_PAGE, 0),
		"foreign-free");
}

/* Holds a mixed crowd while the command on the rest of the line runs. */
static int crowd(const char *command)
{
	uint64_t random = 7;
	unsigned int i;

	for (i = 0; i < 400; i++) {
		__u32 h = page_alloc(device, K, random_next(&random) % 6);

		if (random_next(&random) % 3 == 0)
			page_free(device, h);
	}
	fflush(stdout);
	return system(command);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*show)(void);
	} chapters[] = {
		{ "calls", calls }, { "contexts", contexts },
		{ "zones", zones }, { "user", user }, { "mistakes", mistakes },
	};
	unsigned int i;

	device = device_open();
	if (device < 0) {
		fprintf(stderr, "soba_demo: cannot open " DEVICE "\n");
		return 1;
	}
	for (i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], chapters[i].name)) {
			chapters[i].show();
			return 0;
		}
	}
	if (argc == 3 && !strcmp(argv[1], "crowd"))
		return crowd(argv[2]) != 0;
	fprintf(stderr, "usage: soba_demo calls|contexts|zones|user|mistakes\n"
			"       soba_demo crowd COMMAND\n");
	return 1;
}
