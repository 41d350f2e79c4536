/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

static bool has_f16c(void) /* clang 14's __builtin_cpu_supports does not know the name */
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

/* __builtin_cpu_supports also asks XGETBV whether the system saves the wide registers. */
static unsigned detect(void)
{
    unsigned flags = 0;

    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("popcnt") && has_f16c())
        flags |= OMMA_CPU_AVX2;
    if ((flags & OMMA_CPU_AVX2) && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        flags |= OMMA_CPU_AVX512;
    if (!(flags & OMMA_CPU_AVX512))
        return flags;
    if (__builtin_cpu_supports("avx512vpopcntdq"))
        flags |= OMMA_CPU_VPOPCNT;
    if (__builtin_cpu_supports("avx512vnni"))
        flags |= OMMA_CPU_VNNI;
    if (__builtin_cpu_supports("avx512bf16"))
        flags |= OMMA_CPU_BF16;
    return flags;
}
#else
static unsigned detect(void)
{
    return 0;
}
#endif

static unsigned allowed(const char *mask)
{
    if (!mask || !*mask)
        return ~0u;
    if (strcmp(mask, "scalar") == 0)
        return 0;
    if (strcmp(mask, "avx2") == 0)
        return OMMA_CPU_AVX2;
    if (strcmp(mask, "avx512") == 0)
        return OMMA_CPU_AVX2 | OMMA_CPU_AVX512;
    return ~0u;
}

unsigned omma_cpu_flags(void)
{
    enum { KNOWN = 1u << 30 };
    static atomic_uint cache; /* every thread that races here computes the same value */
    unsigned flags = atomic_load_explicit(&cache, memory_order_relaxed);

    if (!(flags & KNOWN)) {
        flags = (detect() & allowed(getenv("OMMA_CPU"))) | KNOWN;
        atomic_store_explicit(&cache, flags, memory_order_relaxed);
    }
    return flags & ~(unsigned)KNOWN;
}

void omma_cpu_describe(unsigned flags, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s%s%s%s",
             flags & OMMA_CPU_AVX512 ? "avx512"
             : flags & OMMA_CPU_AVX2 ? "avx2"
                                     : "scalar",
             flags & OMMA_CPU_VPOPCNT ? " vpopcnt" : "", flags & OMMA_CPU_VNNI ? " vnni" : "",
             flags & OMMA_CPU_BF16 ? " bf16" : "");
}

unsigned omma_cpu_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than 1024 cores: the set is too small */
    return online > 0 ? (unsigned)online : 1;
}
