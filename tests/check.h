/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The whole test framework: a test is a plain program whose main calls TEST(function) for each
 * function and ends with `return check_done();`. A failed check prints its sentence and the test
 * goes on. SKIP ends the program with meson's code 77.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;
static int check_count;
static const char *check_test = "";

#define CHECK_UNUSED __attribute__((unused))

static CHECK_UNUSED bool check_that(bool holds, const char *text, const char *file, int line)
{
    check_count++;
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: %s: does not hold: %s\n", file, line, check_test, text);
    }
    return holds;
}

struct check_tolerance {
    double abs, rel;
};

static CHECK_UNUSED bool check_close(double got, double want, struct check_tolerance tolerance,
                                     const char *text, const char *file, int line)
{
    check_count++;
    if (fabs(got - want) <= tolerance.abs + tolerance.rel * fabs(want))
        return true;
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s: got %.17g, want %.17g (off by %.3g)\n", file, line, check_test,
            text, got, want, fabs(got - want));
    return false;
}

/* CHECK(condition): the condition, read aloud, is the sentence. */
#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
/* CHECK_OK(call): the call returns OMMA_OK; says why when it does not (needs omma/base.h). */
#define CHECK_OK(call)                                                                             \
    do {                                                                                           \
        omma_error check_err = (call);                                                             \
        if (!check_that(check_err == OMMA_OK, #call, __FILE__, __LINE__))                          \
            fprintf(stderr, "    %s: %s\n", omma_error_name(check_err), omma_why());               \
    } while (0)
/* CHECK_CLOSE(got, want, .abs = 1e-9, .rel = 1e-6): |got - want| <= abs + rel * |want|. */
#define CHECK_CLOSE(got, want, ...)                                                                \
    check_close((got), (want), (struct check_tolerance){__VA_ARGS__}, #got, __FILE__, __LINE__)
/* The same for n elements of two arrays. */
#define CHECK_ARRAY_CLOSE(got, want, n, ...)                                                       \
    do {                                                                                           \
        for (size_t check_i = 0; check_i < (size_t)(n); check_i++)                                 \
            if (!check_close((got)[check_i], (want)[check_i],                                      \
                             (struct check_tolerance){__VA_ARGS__}, #got, __FILE__, __LINE__)) {   \
                fprintf(stderr, "    at element %zu of %zu\n", check_i, (size_t)(n));              \
                break;                                                                             \
            }                                                                                      \
    } while (0)
#define CHECK_TEXT(got, want)                                                                      \
    do {                                                                                           \
        if (!check_that(strcmp((got), (want)) == 0, #got " is " #want, __FILE__, __LINE__))        \
            fprintf(stderr, "    got:  %s\n    want: %s\n", (got), (want));                        \
    } while (0)
#define TEST(function)                                                                             \
    do {                                                                                           \
        check_test = #function;                                                                    \
        function();                                                                                \
    } while (0)
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        fprintf(stderr, "skipped: %s\n", (reason));                                                \
        exit(77);                                                                                  \
    } while (0)

static CHECK_UNUSED int check_done(void)
{
    fprintf(stderr, "%d checks, %d failed\n", check_count, check_failures);
    return check_failures ? 1 : 0;
}
