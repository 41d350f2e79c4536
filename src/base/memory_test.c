/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static void new_memory_is_zero(void)
{
    int *a = omma_new_array(int, 1000);
    int sum = 0;

    for (int i = 0; i < 1000; i++)
        sum |= a[i];
    CHECK(sum == 0);
    free(a);
    void *nothing = omma_new_array(int, 0);
    CHECK(nothing != NULL);
    free(nothing);
}

static void growing_keeps_what_was_there(void)
{
    uint64_t *array = NULL;
    size_t capacity = 0;
    int moves = 0;

    for (size_t i = 0; i < 10000; i++) {
        size_t before = capacity;
        omma_grow((void **)&array, &capacity, i + 1, sizeof(array[0]));
        moves += capacity != before;
        array[i] = i * i;
    }
    bool kept = true;
    for (size_t i = 0; i < 10000; i++)
        kept = kept && array[i] == i * i;
    CHECK(kept);
    CHECK(capacity >= 10000);
    CHECK(moves < 30); /* in proportion, not one by one */
    free(array);
}

static void text_is_as_long_as_it_needs(void)
{
    char *text = omma_text("%s-%05d-%300s", "a", 7, "b");
    CHECK(strlen(text) == 1 + 1 + 5 + 1 + 300);
    CHECK(strncmp(text, "a-00007-", 8) == 0);
    free(text);
}

/* What happens to a child that asks for too much. */
static bool aborts(void (*ask)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        fclose(stderr);
        ask();
        _exit(0);
    }
    waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0; /* a sanitizer exits instead */
}

static void ask_with_overflow(void)
{
    volatile size_t n = SIZE_MAX / 4;
    free(omma_new_bytes(n, 8));
}

static void grow_with_overflow(void)
{
    void *array = NULL;
    size_t capacity = 0;
    volatile size_t n = SIZE_MAX / 4;
    omma_grow(&array, &capacity, n, 8);
}

static void overflow_aborts(void)
{
    CHECK(aborts(ask_with_overflow));
    CHECK(aborts(grow_with_overflow));
}

int main(void)
{
    TEST(new_memory_is_zero);
    TEST(growing_keeps_what_was_there);
    TEST(text_is_as_long_as_it_needs);
    TEST(overflow_aborts);
    return check_done();
}
