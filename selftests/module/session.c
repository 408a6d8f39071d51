// SPDX-License-Identifier: GPL-2.0
/*
 * session.c - the objects of one open file, and what can be done to one.
 *
 * Locking: session->lock is held by the caller of everything here, except that
 * object_free() and object_page() also run in interrupt context on behalf of a
 * call that holds it.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <soba/soba.h>

#include "object.h"
#include "vm.h"

#define MAX_HANDLE 0xfffffU

struct session *session_create(void)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return NULL;
	session->vm = vm_create();
	if (!session->vm) {
		kfree(session);
		return NULL;
	}
	mutex_init(&session->lock);
	mutex_init(&session->object_lock);
	xa_init_flags(&session->objects, XA_FLAGS_ALLOC1);
	xa_init_flags(&session->caches, XA_FLAGS_ALLOC1);
	xa_init_flags(&session->batches, XA_FLAGS_ALLOC1);
	return session;
}

/* Frees what is left, and drops references that were taken for userspace. */
static void object_close(struct object *object)
{
	unsigned long i;

	if (object->leak)
		return;
	for (i = 0; object->gets && i < object->frames; i++)
		while (object->got[i])
			object_put(object, i);
	if (!object->freed)
		object_free(object, SOBA_FORM_FIT);
}

void session_destroy(struct session *session)
{
	struct object *object;
	unsigned long handle;

	xa_for_each(&session->objects, handle, object) {
		object_close(object);
		object_destroy(object);
	}
	vm_destroy(session->vm);
	xa_destroy(&session->objects);
	mutex_destroy(&session->lock);
	objects_close(session);
	mutex_destroy(&session->object_lock);
	kfree(session);
}

struct object *session_find(struct session *session, u32 handle)
{
	return xa_load(&session->objects, handle);
}

int session_add(struct session *session, struct object *object, u32 *handle)
{
	return xa_alloc(&session->objects, handle, object,
			XA_LIMIT(1, MAX_HANDLE), GFP_KERNEL);
}

void session_forget(struct session *session, u32 handle)
{
	object_destroy(xa_erase(&session->objects, handle));
}

/* Half of the machine, so that no random test brings the OOM killer. */
unsigned long session_max_frames(void)
{
	return totalram_pages() / 2;
}

struct object *object_create(unsigned long slots)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

	if (!object || !slots)
		return object;
	object->pages = kvcalloc(slots, sizeof(*object->pages), GFP_KERNEL);
	if (object->pages)
		return object;
	kfree(object);
	return NULL;
}

void object_destroy(struct object *object)
{
	if (!object)
		return;
	kvfree(object->pages);
	kvfree(object->got);
	bitmap_free(object->stray);
	kfree(object);
}

/* NULL for an empty slot; @index is below object->frames. */
struct page *object_page(struct object *object, unsigned long index)
{
	if (object->pages)
		return object->pages[index];
	return pfn_to_page(page_to_pfn(object->page) + index);
}

/* How many frames follow each other physically, from the first on. */
unsigned long object_run(struct object *object)
{
	struct page *first = object->frames ? object_page(object, 0) : NULL;
	unsigned long i;

	if (!first)
		return 0;
	for (i = 1; i < object->frames; i++) {
		struct page *page = object_page(object, i);

		if (!page || page_to_pfn(page) != page_to_pfn(first) + i)
			break;
	}
	return i;
}

static void object_free_slots(struct object *object)
{
	unsigned long i;

	for (i = 0; i < object->frames; i++) {
		if (object->pages[i])
			soba___free_page(object->pages[i]);
		/* the slot stays: a page may be pinned, and looked at */
	}
}

/* Runs anywhere. The forms of one kind (page, address) may be mixed. */
void object_free(struct object *object, u32 form)
{
	unsigned long address;

	if (object->exact) {
		soba_free_pages_exact(object->exact, object->size);
		return;
	}
	if (object->pages) {
		object_free_slots(object);
		return;
	}
	if (form == SOBA_FORM_FIT)
		form = object->form;
	address = (unsigned long)page_address(object->page);
	switch (form) {
	case SOBA_FORM_PAGE:
		soba___free_page(object->page);
		break;
	case SOBA_FORM_FREE_PAGES:
	case SOBA_FORM_DMA_PAGES:
		soba_free_pages(address, object->order);
		break;
	case SOBA_FORM_FREE_PAGE:
	case SOBA_FORM_ZEROED_PAGE:
		soba_free_page(address);
		break;
	default:
		soba___free_pages(object->page, object->order);
	}
}

int object_get(struct object *object, unsigned long index)
{
	struct page *page = object_page(object, index);

	if (object->freed || !page || object->stray)
		return -EINVAL;
	if (!object->got)
		object->got = kvcalloc(object->frames, sizeof(*object->got),
				       GFP_KERNEL);
	if (!object->got)
		return -ENOMEM;
	get_page(page);
	object->got[index]++;
	object->gets++;
	return 0;
}

int object_put(struct object *object, unsigned long index)
{
	if (!object->got || !object->got[index])
		return -EINVAL;
	object->got[index]--;
	object->gets--;
	put_page(object_page(object, index));
	return 0;
}

/*
 * One a frame, or one a compound page, whose frames share a count: a second
 * would give the host a frame that soba still owns. Nor together with GETs: two
 * mistakes that hide each other from who counts references.
 */
int object_stray_put(struct object *object, unsigned long index)
{
	struct page *page = object_page(object, index);

	if (object->compound)
		index = 0;
	if (object->freed || !page || object->gets)
		return -EINVAL;
	if (!object->stray)
		object->stray = bitmap_zalloc(object->frames, GFP_KERNEL);
	if (!object->stray)
		return -ENOMEM;
	if (test_and_set_bit(index, object->stray))
		return -EINVAL;
	put_page(page);
	return 0;
}
