/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapped memory from soba: the calls of linux/vmalloc.h under the prefix soba_,
 * with the same arguments, flags and return values. Virtually contiguous, over
 * soba's frames wherever they lie, with a guard page behind. May sleep. Link
 * with soba.ko (GPL).
 */
#ifndef SOBA_VMALLOC_H
#define SOBA_VMALLOC_H

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/vmalloc.h>

void *soba_vmalloc(unsigned long size);
void *soba_vzalloc(unsigned long size);
void *soba_vmalloc_node(unsigned long size, int node);
void *soba_vzalloc_node(unsigned long size, int node);
void *soba_vmalloc_user(unsigned long size);
void *soba_vmalloc_32(unsigned long size);
void *soba_vmalloc_32_user(unsigned long size);
void *soba_vmalloc_huge(unsigned long size, gfp_t gfp);
void *soba___vmalloc(unsigned long size, gfp_t gfp);
void *soba___vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp,
			  int node, const void *caller);
void *soba_vrealloc(const void *p, size_t size, gfp_t flags);
void soba_vfree(const void *addr);
void soba_vfree_atomic(const void *addr);

void *soba_kvmalloc_node(size_t size, gfp_t flags, int node);
void *soba_kvrealloc(const void *p, size_t size, gfp_t flags);
void soba_kvfree(const void *addr);
void soba_kvfree_sensitive(const void *addr, size_t len);

void *soba_vmap(struct page **pages, unsigned int count, unsigned long flags,
		pgprot_t prot);
void soba_vunmap(const void *addr);
struct page *soba_vmalloc_to_page(const void *addr);
unsigned long soba_vmalloc_to_pfn(const void *addr);
int soba_remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
			     unsigned long pgoff);
int soba_remap_vmalloc_range_partial(struct vm_area_struct *vma,
				     unsigned long uaddr, void *kaddr,
				     unsigned long pgoff, unsigned long size);

/* What find_vm_area() tells, as a copy: an area may go while it is looked at. */
struct soba_vm_area {
	void *addr;
	unsigned long size;		/* bytes, with the guard page */
	unsigned long requested_size;	/* bytes that the caller asked for */
	unsigned long nr_pages;		/* 0 for a vmap() of others' pages */
	unsigned long flags;		/* VM_ALLOC, VM_MAP, VM_USERMAP ... */
	const void *caller;		/* place in code that made it */
};

bool soba_find_vm_area(const void *addr, struct soba_vm_area *area);

/*
 * Whether an address is in the range that mapped memory comes from, whosever it
 * is; as the kernel's. Context: any.
 */
static inline bool soba_is_vmalloc_addr(const void *addr)
{
	return is_vmalloc_addr(addr);
}

/*
 * Short mappings of up to some hundred pages: the host's own, whose per-CPU
 * ranges make them as cheap as they can be. Context: process, may sleep.
 */
static inline void *soba_vm_map_ram(struct page **pages, unsigned int count,
				    int node)
{
	return vm_map_ram(pages, count, node);
}

static inline void soba_vm_unmap_ram(const void *mem, unsigned int count)
{
	vm_unmap_ram(mem, count);
}

static inline void *soba___vmalloc_array(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return soba___vmalloc(bytes, flags);
}

static inline void *soba_vmalloc_array(size_t n, size_t size)
{
	return soba___vmalloc_array(n, size, GFP_KERNEL);
}

static inline void *soba___vcalloc(size_t n, size_t size, gfp_t flags)
{
	return soba___vmalloc_array(n, size, flags | __GFP_ZERO);
}

static inline void *soba_vcalloc(size_t n, size_t size)
{
	return soba___vmalloc_array(n, size, GFP_KERNEL | __GFP_ZERO);
}

static inline void *soba_kvmalloc(size_t size, gfp_t flags)
{
	return soba_kvmalloc_node(size, flags, NUMA_NO_NODE);
}

static inline void *soba_kvzalloc(size_t size, gfp_t flags)
{
	return soba_kvmalloc(size, flags | __GFP_ZERO);
}

static inline void *soba_kvzalloc_node(size_t size, gfp_t flags, int node)
{
	return soba_kvmalloc_node(size, flags | __GFP_ZERO, node);
}

static inline void *soba_kvmalloc_array(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return soba_kvmalloc(bytes, flags);
}

static inline void *soba_kvcalloc(size_t n, size_t size, gfp_t flags)
{
	return soba_kvmalloc_array(n, size, flags | __GFP_ZERO);
}

#endif /* SOBA_VMALLOC_H */
