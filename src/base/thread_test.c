/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <pthread.h>

static void note_name(void *user)
{
    pthread_getname_np(pthread_self(), user, 16);
}

static void a_thread_runs_under_its_name(void)
{
    omma_thread *t = NULL;
    char name[16] = "";

    CHECK_OK(omma_thread_start(&t, "omma-tracker-with-a-long-name", note_name, name));
    omma_thread_join(&t);
    CHECK(t == NULL);
    CHECK_TEXT(name, "omma-tracker-wi");
    omma_thread_join(&t);
    omma_thread_join(NULL);
}

static void clocks_move_forward(void)
{
    int64_t now = omma_clock_now_ns(), end = now + 5000000;

    CHECK(now > 0);
    omma_sleep_until_ns(end);
    CHECK(omma_clock_now_ns() >= end);
    omma_sleep_until_ns(now); /* the past is no wait */
    omma_sleep_until_ns(-1);
    CHECK(omma_clock_wall_ns() > (int64_t)1600000000 * 1000000000); /* after 2020 */
}

static void spin(void *user)
{
    int64_t begin = omma_clock_thread_ns();
    while (omma_clock_thread_ns() - begin < 20000000)
        ;
    *(int64_t *)user = omma_clock_thread_ns() - begin;
}

static void processor_time_is_counted_where_it_is_spent(void)
{
    omma_thread *t = NULL;
    int64_t theirs = 0, ours = omma_clock_thread_ns(), all = omma_clock_cpu_ns();

    CHECK_OK(omma_thread_start(&t, "spin", spin, &theirs));
    omma_thread_join(&t);
    CHECK(theirs >= 20000000);
    CHECK(omma_clock_cpu_ns() - all >= theirs);
    CHECK(omma_clock_thread_ns() - ours < omma_clock_cpu_ns() - all);
}

static void peak_memory_sees_a_large_block(void)
{
    const size_t bytes = 64u << 20;
    uint64_t before = omma_peak_memory_bytes();
    uint8_t *block = omma_new_array(uint8_t, bytes);

    for (size_t i = 0; i < bytes; i += 4096)
        ((volatile uint8_t *)block)[i] = 1;
    uint64_t after = omma_peak_memory_bytes();
    free(block);
    CHECK(before > 0);
    CHECK(after >= bytes);
    CHECK(omma_peak_memory_bytes() >= bytes); /* a peak stays */
}

int main(void)
{
    TEST(a_thread_runs_under_its_name);
    TEST(clocks_move_forward);
    TEST(processor_time_is_counted_where_it_is_spent);
    TEST(peak_memory_sees_a_large_block);
    return check_done();
}
