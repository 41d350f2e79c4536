/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

static void the_mask_lowers(void)
{
    const char *mask = getenv("OMMA_CPU");
    unsigned flags = omma_cpu_flags();

    CHECK(flags == omma_cpu_flags());
    if (mask && strcmp(mask, "scalar") == 0)
        CHECK(flags == 0);
    if (mask && strcmp(mask, "avx2") == 0)
        CHECK((flags & ~(unsigned)OMMA_CPU_AVX2) == 0);
    if (mask && strcmp(mask, "avx512") == 0)
        CHECK((flags & ~(unsigned)(OMMA_CPU_AVX2 | OMMA_CPU_AVX512)) == 0);
}

static void wider_contains_narrower(void)
{
    unsigned flags = omma_cpu_flags();
    unsigned extensions = OMMA_CPU_VPOPCNT | OMMA_CPU_VNNI | OMMA_CPU_BF16;

    CHECK(!(flags & OMMA_CPU_AVX512) || (flags & OMMA_CPU_AVX2));
    CHECK(!(flags & extensions) || (flags & OMMA_CPU_AVX512));
}

/* The kernel's list is a second opinion. */
static void the_kernel_agrees(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[8192] = "";

    while (file && fgets(line, sizeof(line), file) && strncmp(line, "flags", 5) != 0)
        ;
    if (file)
        fclose(file);
    if (strncmp(line, "flags", 5) != 0 || getenv("OMMA_CPU"))
        return;
    unsigned flags = omma_cpu_flags();
    CHECK(!!(flags & OMMA_CPU_AVX2) == (strstr(line, " avx2 ") != NULL));
    CHECK(!!(flags & OMMA_CPU_AVX512) == (strstr(line, " avx512bw ") != NULL));
    CHECK(!!(flags & OMMA_CPU_VNNI) == (strstr(line, " avx512_vnni ") != NULL));
    CHECK(!!(flags & OMMA_CPU_BF16) == (strstr(line, " avx512_bf16 ") != NULL));
    CHECK(!!(flags & OMMA_CPU_VPOPCNT) == (strstr(line, " avx512_vpopcntdq ") != NULL));
}

static void flags_are_told_in_words(void)
{
    char text[64];

    omma_cpu_describe(0, text, sizeof(text));
    CHECK_TEXT(text, "scalar");
    omma_cpu_describe(OMMA_CPU_AVX2, text, sizeof(text));
    CHECK_TEXT(text, "avx2");
    omma_cpu_describe(OMMA_CPU_AVX2 | OMMA_CPU_AVX512 | OMMA_CPU_VNNI | OMMA_CPU_BF16, text,
                      sizeof(text));
    CHECK_TEXT(text, "avx512 vnni bf16");
    omma_cpu_describe(OMMA_CPU_AVX512, text, 4);
    CHECK_TEXT(text, "avx");
}

static void there_is_a_core(void)
{
    CHECK(omma_cpu_count() >= 1);
}

int main(void)
{
    TEST(the_mask_lowers);
    TEST(wider_contains_narrower);
    TEST(the_kernel_agrees);
    TEST(flags_are_told_in_words);
    TEST(there_is_a_core);
    return check_done();
}
