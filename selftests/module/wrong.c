// SPDX-License-Identifier: GPL-2.0
/*
 * wrong.c - frees that are mistakes. soba must report each and leave the memory
 * alone, so the object stays allocated (except after a double free), and host
 * memory that was offered is looked at afterwards: value is the offset of its
 * first changed byte, or SOBA_TEST_GOOD.
 *
 * Locking: as calls.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "test.h"

#define VICTIM_SEED 0x50ba

static bool wrong_needs_object(u32 wrong)
{
	return wrong <= SOBA_WRONG_INTERIOR;
}

static int victim_create(struct job *job)
{
	switch (job->call->wrong) {
	case SOBA_WRONG_HOST_PAGE:
		job->victim = (void *)__get_free_page(GFP_KERNEL);
		break;
	case SOBA_WRONG_KMALLOC:
		job->victim = kmalloc(PAGE_SIZE, GFP_KERNEL);
		break;
	case SOBA_WRONG_VMALLOC:
		job->victim = vmalloc(PAGE_SIZE);
		break;
	default:
		return 0;
	}
	if (!job->victim)
		return -ENOMEM;
	pattern_fill(job->victim, VICTIM_SEED, 0, PAGE_SIZE);
	return 0;
}

static int object_prepare(struct job *job)
{
	struct soba_test_call *call = job->call;
	struct object *object = job->object;

	if (!object || object->freed || object->exact || object->pages)
		return -EINVAL;
	if (call->order > SOBA_TEST_MAX_ORDER)
		return -EINVAL;
	if (call->wrong == SOBA_WRONG_ORDER && call->order == object->order)
		return -EINVAL;
	if (call->wrong == SOBA_WRONG_INTERIOR && !call->index)
		return -EINVAL;
	/* Freed twice, a pinned block would not be free in between. */
	if (call->wrong == SOBA_WRONG_DOUBLE && object->gets)
		return -EINVAL;
	return 0;
}

int wrong_prepare(struct job *job)
{
	struct soba_test_call *call = job->call;

	if (call->wrong >= SOBA_NR_WRONGS || call->form >= SOBA_NR_FORMS)
		return -EINVAL;
	if (wrong_needs_object(call->wrong))
		return object_prepare(job);
	if (job->object || call->order > SOBA_TEST_MAX_ORDER)
		return -EINVAL;
	return victim_create(job);
}

/* The wrong free itself, by page or by address as `form` says. */
static void wrong_free(struct job *job, struct page *page, void *address)
{
	u32 site = job->site;

	if (job->call->form == SOBA_FORM_FREE_PAGES)
		site_free_address(site, (unsigned long)address,
				  job->call->order);
	else
		site_free_page_block(site, page, job->call->order);
}

static void object_wrong_run(struct job *job)
{
	struct page *page = job->object->page;

	if (job->call->wrong == SOBA_WRONG_INTERIOR)
		page = pfn_to_page(page_to_pfn(page) + job->call->index);
	if (job->call->wrong == SOBA_WRONG_DOUBLE) {
		object_free(job->object, SOBA_FORM_FIT);
		job->call->order = job->object->order;
	}
	wrong_free(job, page, page_address(page));
}

/* Not a page: only an address, or only a pointer, can be offered. */
void wrong_run(struct job *job)
{
	unsigned int order = job->call->order;
	unsigned long address;

	switch (job->call->wrong) {
	case SOBA_WRONG_HOST_PAGE:
	case SOBA_WRONG_KMALLOC:
		wrong_free(job, virt_to_page(job->victim), job->victim);
		return;
	case SOBA_WRONG_WILD_PAGE:
		site_free_page_block(job->site, (struct page *)~0xffUL, order);
		return;
	case SOBA_WRONG_NULL_PAGE:
		site_free_page_block(job->site, NULL, order);
		return;
	case SOBA_WRONG_VMALLOC:
		address = (unsigned long)job->victim;
		break;
	case SOBA_WRONG_TEXT:
		address = (unsigned long)wrong_prepare;
		break;
	case SOBA_WRONG_USER:
		address = PAGE_SIZE;
		break;
	case SOBA_WRONG_WILD:
		address = PAGE_MASK;
		break;
	case SOBA_WRONG_NULL_ADDRESS:
		address = 0;
		break;
	default:
		object_wrong_run(job);
		return;
	}
	site_free_address(job->site, address, order);
}

void wrong_undo(struct job *job)
{
	if (!job->victim)
		return;
	switch (job->call->wrong) {
	case SOBA_WRONG_HOST_PAGE:
		free_page((unsigned long)job->victim);
		break;
	case SOBA_WRONG_KMALLOC:
		kfree(job->victim);
		break;
	case SOBA_WRONG_VMALLOC:
		vfree(job->victim);
		break;
	}
}

int wrong_finish(struct job *job)
{
	job->call->value = SOBA_TEST_GOOD;
	if (job->victim) {
		job->call->value = pattern_check(job->victim, VICTIM_SEED, 0,
						 PAGE_SIZE);
		wrong_undo(job);
		return 0;
	}
	if (job->call->wrong != SOBA_WRONG_DOUBLE)
		return 0;
	job->session->frames -= job->object->frames;
	session_forget(job->session, job->call->handle);
	return 0;
}
