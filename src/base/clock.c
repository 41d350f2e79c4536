/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t omma_clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t omma_clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t omma_clock_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t omma_clock_thread_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void omma_sleep_until_ns(int64_t monotonic_ns)
{
    if (monotonic_ns <= 0)
        return;
    struct timespec end = {.tv_sec = monotonic_ns / 1000000000,
                           .tv_nsec = monotonic_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        ;
}

/* Not getrusage: its maximum is inherited through exec, so it may be the shell's. */
uint64_t omma_peak_memory_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long kib = 0;

    if (!status)
        return 0;
    while (fgets(line, sizeof(line), status))
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    fclose(status);
    return (uint64_t)kib * 1024;
}
