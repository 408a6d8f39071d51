/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test.h - what the files of soba_test.ko know of each other.
 *
 * Locking: session.lock (a mutex) guards a session and all its objects, and is
 * held while an operation runs, so a call that waits inside soba blocks other
 * calls on the same open file only. mmap() takes it under mmap_lock: user
 * memory is never touched while it is held.
 */
#ifndef SOBA_TEST_MODULE_H
#define SOBA_TEST_MODULE_H

#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "../soba_test.h"

/* What one allocating call returned. */
struct object {
	u32 form;		/* how it was allocated */
	unsigned int order;	/* of a block */
	struct page *page;	/* first frame of a block */
	void *exact;		/* EXACT only */
	size_t size;		/* bytes that may be written */
	unsigned long frames;
	struct page **pages;	/* BULK, and split blocks: a slot may be NULL */
	unsigned long gets;	/* GETs not yet PUT, of all frames */
	unsigned int *got;	/* per frame; NULL until the first GET */
	unsigned long *stray;	/* frames put without a GET; NULL: none */
	bool compound;
	bool freed;
	bool leak;
};

struct cache;

/* See object_chain.c. */
struct chain {
	void *last;		/* each object's first word leads to the one before */
	u64 nr;
	size_t size;
	struct cache *c;	/* NULL: kmalloc */
};

struct session {
	struct mutex lock;	/* over objects and frames, and the objects */
	struct xarray objects;	/* handle -> struct object */
	unsigned long frames;	/* of the objects that are not freed */
	struct mutex object_lock;	/* over what follows: object.h */
	struct xarray caches;	/* handle -> struct cache */
	struct xarray batches;	/* handle -> struct batch */
	struct chain chain;
	struct vm_sets *vm;	/* areas, see vm.h; a lock of their own */
};

/* One call on its way through prepare (may sleep), run (anywhere), finish. */
struct job {
	struct soba_test_call *call;
	struct session *session;
	struct object *object;
	gfp_t gfp;
	u32 site;		/* for calls with SOBA_TEST_SITES */
	void *victim;		/* host memory that is freed wrongly */
};

/* session.c */
struct session *session_create(void);
void session_destroy(struct session *session);
struct object *session_find(struct session *session, u32 handle);
int session_add(struct session *session, struct object *object, u32 *handle);
void session_forget(struct session *session, u32 handle);
unsigned long session_max_frames(void);
struct object *object_create(unsigned long slots);
void object_destroy(struct object *object);
struct page *object_page(struct object *object, unsigned long index);
unsigned long object_run(struct object *object);
void object_free(struct object *object, u32 form);
int object_get(struct object *object, unsigned long index);
int object_put(struct object *object, unsigned long index);
int object_stray_put(struct object *object, unsigned long index);

/* calls.c */
int call_do(struct session *session, struct soba_test_call *call);

/* wrong.c */
int wrong_prepare(struct job *job);
void wrong_run(struct job *job);
int wrong_finish(struct job *job);
void wrong_undo(struct job *job);

/* sites.c: each site number is a return address of its own */
#define NR_SITES 128
u32 site_choose(u32 flags);
struct page *site_alloc_pages(u32 site, gfp_t gfp, unsigned int order);
void site_free_page_block(u32 site, struct page *page, unsigned int order);
void site_free_address(u32 site, unsigned long address, unsigned int order);

/* context.c */
int context_run(u32 context, int cpu, void (*fn)(void *), void *arg);

/* gfp.c */
int gfp_decode(u64 flags, gfp_t *gfp);

/* pattern.c */
void pattern_fill(void *to, u64 seed, u64 offset, size_t size);
s64 pattern_check(const void *from, u64 seed, u64 offset, size_t size);
void pattern_fill_object(struct object *object, u64 seed);
s64 pattern_check_object(struct object *object, u64 seed);
s64 pattern_zeroed_object(struct object *object);

/* view.c */
int view_prepare(struct job *job);
void view_vmap_run(struct job *job);
void view_kmap_run(struct job *job);
void view_sg_run(struct job *job);
int view_finish(struct job *job);
int view_mmap(struct object *object, struct vm_area_struct *vma);

/* stress.c */
int stress_do(struct soba_test_stress *stress);

#endif /* SOBA_TEST_MODULE_H */
