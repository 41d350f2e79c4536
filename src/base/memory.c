/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void give_up(size_t n, size_t size)
{
    fprintf(stderr, "omma: no memory for %zu x %zu bytes\n", n, size);
    abort();
}

void *omma_new_bytes(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        n = size = 1;
    void *memory = calloc(n, size); /* checks n * size */
    if (!memory)
        give_up(n, size);
    return memory;
}

void omma_grow(void **array, size_t *capacity, size_t need, size_t size)
{
    assert(size > 0);
    if (need <= *capacity)
        return;
    size_t room = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    if (room < need)
        room = need;
    if (room > PTRDIFF_MAX / size)
        give_up(room, size);
    void *grown = realloc(*array, room * size);
    if (!grown)
        give_up(room, size);
    *array = grown;
    *capacity = room;
}

char *omma_text(const char *format, ...)
{
    char *text = NULL;

    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        give_up(1, 0);
    return text;
}
