/* SPDX-License-Identifier: GPL-2.0 */
/*
 * base.h - harness: the kernel's everyday vocabulary (integers, compiler marks,
 * arithmetic, bits, marked accesses, atomics) for userspace. Written for soba.
 *
 * Every marked access is a point at which an interrupt may come (sim_point()).
 * READ_ONCE() of a pointer is an acquire load, because the kernel's memory model
 * orders what is reached through it (address dependency) and ThreadSanitizer
 * knows no such thing; of anything else it is relaxed.
 */
#ifndef SIM_BASE_H
#define SIM_BASE_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef long ssize_t;
typedef unsigned int gfp_t;
typedef u64 phys_addr_t;

#undef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#define noinline		__attribute__((noinline))
#define __maybe_unused		__attribute__((unused))
#define __must_check		__attribute__((warn_unused_result))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __aligned(x)		__attribute__((aligned(x)))
#define __cold			__attribute__((cold))
#define __packed		__attribute__((packed))
#define __malloc
#define __alloc_size(...)
#define __ro_after_init
#define __read_mostly
#define __init
#define __exit
#define SMP_CACHE_BYTES		64
#define __cacheline_aligned	__aligned(64)
#define __cacheline_aligned_in_smp __aligned(64)
#define ____cacheline_aligned	__aligned(64)
#define ____cacheline_aligned_in_smp __aligned(64)
#define __percpu
#define __rcu
#define __user
#define __force
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define notrace
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		do { sim_point(); __asm__ volatile("" ::: "memory"); } while (0)
#define unreachable()		__builtin_unreachable()
#define prefetch(p)		__builtin_prefetch(p)
#define prefetchw(p)		__builtin_prefetch(p, 1)
#define _RET_IP_		((unsigned long)__builtin_return_address(0))
#define _THIS_IP_		((unsigned long)__builtin_return_address(0))
/* 1 when x is defined as 1: then it is the comma that SIM_IS_1 makes of it. */
#define CONFIG_SMP		1
#define SIM_IS_1		0,
#define SIM_SECOND(a, b, ...)	b
#define SIM_ENABLED_3(x)	SIM_SECOND(x 1, 0, 0)
#define SIM_ENABLED_2(x)	SIM_ENABLED_3(SIM_IS_##x)
#define IS_ENABLED(x)		SIM_ENABLED_2(x)
#define EXPORT_SYMBOL_GPL(x)	extern typeof(x) x
#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)

#undef static_assert
#define static_assert(e, ...)	_Static_assert(e, #e)
#define BUILD_BUG_ON(e)		_Static_assert(!(e), #e)
#define BUILD_BUG_ON_MSG(e, m)	_Static_assert(!(e), m)

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define struct_size(p, m, n)	(sizeof(*(p)) + sizeof((p)->m[0]) * (n))
#define offset_in_page(p)	((unsigned long)(p) & (PAGE_SIZE - 1))

#define min(a, b)	({ typeof(a) a_ = (a); typeof(b) b_ = (b);	\
			   (void)(&a_ == (typeof(&a_))&b_); a_ < b_ ? a_ : b_; })
#define max(a, b)	({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(t, a, b)	({ t a_ = (a); t b_ = (b); a_ < b_ ? a_ : b_; })
#define max_t(t, a, b)	({ t a_ = (a); t b_ = (b); a_ > b_ ? a_ : b_; })
#define min3(a, b, c)	min(min(a, b), c)
#define max3(a, b, c)	max(max(a, b), c)
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi) min_t(t, max_t(t, v, lo), hi)
#define swap(a, b)	do { typeof(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define abs(x)		((x) < 0 ? -(x) : (x))

#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((unsigned long)(p), (a)))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, y)		ALIGN(x, y)
#define round_down(x, y)	ALIGN_DOWN(x, y)

#define U8_MAX			((u8)~0U)
#define U16_MAX			((u16)~0U)
#define U32_MAX			((u32)~0U)
#define U64_MAX			((u64)~0ULL)

#define BIT(n)			(1UL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]
#define __ffs(x)		((unsigned long)__builtin_ctzl(x))
#define __fls(x)		(63UL - (unsigned long)__builtin_clzl(x))
#define __ffs64(x)		((unsigned int)__builtin_ctzll(x))
#define hweight64(x)		((unsigned long)__builtin_popcountll(x))
#define ror64(x, n)		(((x) >> ((n) & 63)) | ((x) << (-(n) & 63)))
#define fls_long(x)		((x) ? (unsigned int)__fls(x) + 1 : 0U)
#define fls64(x)		fls_long(x)
#define fls(x)			fls_long((unsigned long)(unsigned int)(x))
#define ilog2(x)		((int)__fls((unsigned long)(x)))
#define is_power_of_2(x)	((x) != 0 && ((x) & ((x) - 1)) == 0)
#define roundup_pow_of_two(x)	((x) <= 1 ? 1UL : 1UL << fls_long((unsigned long)(x) - 1))
#define rounddown_pow_of_two(x)	(1UL << __fls(x))
#define order_base_2(x)		((x) <= 1 ? 0 : (int)fls_long((unsigned long)(x) - 1))
#define hweight32(x)		((unsigned int)__builtin_popcount(x))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP(n, d)
#define hweight_long(x)		((unsigned long)__builtin_popcountl(x))

#define __same_type(a, b)	__builtin_types_compatible_p(typeof(a), typeof(b))

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * b) >> shift);
}

static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long r = 0, bit = 1UL << 62;

	for (; bit; bit >>= 2) {
		unsigned long t = r + bit;

		r >>= 1;
		if (x >= t) {
			x -= t;
			r += bit;
		}
	}
	return r;
}

/* Where an interrupt may come; control.h says what is done there. */
void sim_point_slow(void);
extern __thread bool sim_armed;
static inline void sim_point(void)
{
	if (unlikely(sim_armed))
		sim_point_slow();
}

/*
 * Words of four bytes and more that are no pointers are read unseen by TSan: the
 * kernel's KCSAN takes aligned plain writes for atomic (its default, see
 * KCSAN_ASSUME_PLAIN_WRITES_ATOMIC), so a guess from READ_ONCE() of a counter
 * that its owner writes plainly is no race. Pointers and bytes (the state of a
 * frame) are seen.
 */
#ifdef HARNESS_THREADS
unsigned long sim_unseen_load(const volatile void *p, size_t size);
#define SIM_UNSEEN(x)	(__builtin_classify_type(x) != 5 && sizeof(x) >= 4)
#else
#define sim_unseen_load(p, size)	0UL
#define SIM_UNSEEN(x)	0
#endif
#define SIM_LOAD_ORDER(x) \
	(__builtin_classify_type(x) == 5 ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)
#define READ_ONCE(x)							\
({	sim_point();							\
	SIM_UNSEEN(x) ? (typeof(x))sim_unseen_load(&(x), sizeof(x)) :	\
			__atomic_load_n(&(x), SIM_LOAD_ORDER(x)); })
#define WRITE_ONCE(x, v) \
	do { typeof(x) v_ = (v); sim_point();				\
	     __atomic_store_n(&(x), v_, __ATOMIC_RELAXED); } while (0)
/* Only ever of a word that is an address or leads to one: see READ_ONCE(). */
#define data_race(x)	({ sim_point(); __atomic_load_n(&(x), __ATOMIC_ACQUIRE); })
#define smp_load_acquire(p)	({ sim_point(); __atomic_load_n(p, __ATOMIC_ACQUIRE); })
#define smp_store_release(p, v) \
	do { typeof(*(p)) v_ = (v); sim_point();			\
	     __atomic_store_n(p, v_, __ATOMIC_RELEASE); } while (0)
#define smp_mb()	do { sim_point(); __atomic_thread_fence(__ATOMIC_SEQ_CST); } while (0)
#define smp_rmb()	do { sim_point(); __atomic_thread_fence(__ATOMIC_ACQUIRE); } while (0)
#define smp_wmb()	do { sim_point(); __atomic_thread_fence(__ATOMIC_RELEASE); } while (0)
#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()
#define cpu_relax()	sim_relax()
void sim_relax(void);

#define sim_cmpxchg(p, o, n, order)					\
({	typeof(*(p)) o_ = (o);						\
	sim_point();							\
	__atomic_compare_exchange_n(p, &o_, n, false, order, __ATOMIC_RELAXED); \
	o_; })
#define cmpxchg(p, o, n)		sim_cmpxchg(p, o, n, __ATOMIC_SEQ_CST)
#define cmpxchg_relaxed(p, o, n)	sim_cmpxchg(p, o, n, __ATOMIC_RELAXED)
#define cmpxchg_acquire(p, o, n)	sim_cmpxchg(p, o, n, __ATOMIC_ACQUIRE)
#define cmpxchg_release(p, o, n)	sim_cmpxchg(p, o, n, __ATOMIC_RELEASE)
#define try_cmpxchg(p, o, n)						\
({	sim_point();							\
	__atomic_compare_exchange_n(p, o, n, false, __ATOMIC_SEQ_CST,	\
				    __ATOMIC_RELAXED); })
#define xchg(p, v)	({ sim_point(); __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); })

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { s64 counter; } atomic64_t;
#define ATOMIC_INIT(v)		{ (v) }
#define ATOMIC_LONG_INIT(v)	{ (v) }

#define SIM_ATOMIC_OPS(name, T, t)						\
static inline t name##_read(const T *a)					\
{ sim_point(); return __atomic_load_n(&a->counter, __ATOMIC_RELAXED); }	\
static inline void name##_set(T *a, t v)					\
{ sim_point(); __atomic_store_n(&a->counter, v, __ATOMIC_RELAXED); }		\
static inline void name##_add(t v, T *a)					\
{ sim_point(); __atomic_fetch_add(&a->counter, v, __ATOMIC_RELAXED); }	\
static inline void name##_sub(t v, T *a) { name##_add(-v, a); }		\
static inline void name##_inc(T *a) { name##_add(1, a); }			\
static inline void name##_dec(T *a) { name##_add(-1, a); }			\
static inline t name##_add_return(t v, T *a)				\
{ sim_point(); return __atomic_add_fetch(&a->counter, v, __ATOMIC_SEQ_CST); } \
static inline t name##_sub_return(t v, T *a) { return name##_add_return(-v, a); } \
static inline t name##_inc_return(T *a) { return name##_add_return(1, a); }	\
static inline t name##_dec_return(T *a) { return name##_add_return(-1, a); }	\
static inline t name##_fetch_add(t v, T *a) { return name##_add_return(v, a) - v; } \
static inline bool name##_dec_and_test(T *a) { return !name##_dec_return(a); } \
static inline bool name##_sub_and_test(t v, T *a) { return !name##_sub_return(v, a); } \
static inline t name##_xchg(T *a, t v) { return xchg(&a->counter, v); }	\
static inline t name##_cmpxchg(T *a, t o, t n) { return cmpxchg(&a->counter, o, n); } \
static inline bool name##_try_cmpxchg(T *a, t *o, t n)			\
{ return try_cmpxchg(&a->counter, o, n); }					\
static inline bool name##_add_unless(T *a, t v, t u)			\
{ t c = name##_read(a);							\
  while (c != u && !name##_try_cmpxchg(a, &c, c + v)) ;			\
  return c != u; }							\
static inline bool name##_inc_not_zero(T *a) { return name##_add_unless(a, 1, 0); }
SIM_ATOMIC_OPS(atomic, atomic_t, int)
SIM_ATOMIC_OPS(atomic_long, atomic_long_t, long)
SIM_ATOMIC_OPS(atomic64, atomic64_t, s64)

#define SIM_WORD(n, p)	((p) + (n) / BITS_PER_LONG)
#define SIM_MASK(n)	(1UL << ((n) % BITS_PER_LONG))
static inline bool test_bit(unsigned long n, const unsigned long *p)
{
	return READ_ONCE(*SIM_WORD(n, p)) & SIM_MASK(n);
}

static inline void __set_bit(unsigned long n, unsigned long *p)
{
	*SIM_WORD(n, p) |= SIM_MASK(n);
}

static inline void __clear_bit(unsigned long n, unsigned long *p)
{
	*SIM_WORD(n, p) &= ~SIM_MASK(n);
}

static inline bool test_and_set_bit(unsigned long n, unsigned long *p)
{
	sim_point();
	return __atomic_fetch_or(SIM_WORD(n, p), SIM_MASK(n), __ATOMIC_SEQ_CST) & SIM_MASK(n);
}

static inline bool test_and_clear_bit(unsigned long n, unsigned long *p)
{
	sim_point();
	return __atomic_fetch_and(SIM_WORD(n, p), ~SIM_MASK(n), __ATOMIC_SEQ_CST) & SIM_MASK(n);
}

static inline void set_bit(unsigned long n, unsigned long *p)
{
	test_and_set_bit(n, p);
}

static inline void clear_bit(unsigned long n, unsigned long *p)
{
	test_and_clear_bit(n, p);
}

#define test_and_set_bit_lock(n, p)	test_and_set_bit(n, p)
#define clear_bit_unlock(n, p)	clear_bit(n, p)

#define MAX_ERRNO	4095
static inline void *ERR_PTR(long e) { return (void *)e; }
static inline void *memset64(u64 *p, u64 value, size_t nr)
{
	while (nr)
		p[--nr] = value;
	return p;
}

static inline long PTR_ERR(const void *p) { return (long)p; }
static inline bool IS_ERR(const void *p) { return (unsigned long)p >= -(unsigned long)MAX_ERRNO; }
static inline bool IS_ERR_OR_NULL(const void *p) { return !p || IS_ERR(p); }

static inline u32 ror32(u32 word, unsigned int shift)
{
	return (word >> (shift & 31)) | (word << (-shift & 31));
}

#endif /* SIM_BASE_H */
