/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_BUDGET ((size_t)128 << 20)

typedef struct entry {
    uint32_t keyframe;
    uint64_t age;      /* the number of entries that came before */
    omma_buffer *blob; /* NULL: in the file */
    size_t bytes;
    off_t offset;
} entry;

struct depth_store {
    entry *entries; /* by keyframe */
    size_t count, capacity;
    uint64_t next_age;
    size_t budget_bytes, memory_bytes;
    int file;      /* -1: none yet */
    off_t end;     /* of the file. What is replaced or removed leaves a hole */
    bool file_bad; /* could not be made or written: no more attempts */
};

depth_store *depth_store_create(size_t budget_bytes)
{
    depth_store *s = omma_new(depth_store);

    s->budget_bytes = budget_bytes ? budget_bytes : DEFAULT_BUDGET;
    s->file = -1;
    return s;
}

void depth_store_destroy(depth_store **out)
{
    depth_store *s = *out;

    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        omma_buffer_unref(&s->entries[i].blob);
    if (s->file >= 0)
        close(s->file);
    free(s->entries);
    free(s);
    *out = NULL;
}

/* The first place whose keyframe is this one or a later one. */
static size_t place_of(const depth_store *s, uint32_t keyframe)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->entries[middle].keyframe < keyframe)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static entry *find(const depth_store *s, uint32_t keyframe)
{
    size_t place = place_of(s, keyframe);

    return place < s->count && s->entries[place].keyframe == keyframe ? &s->entries[place] : NULL;
}

/* ---------------------------------------------------------------------------- the file */

static bool write_all(int file, const char *data, size_t bytes, off_t offset)
{
    while (bytes > 0) {
        ssize_t n = pwrite(file, data, bytes, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        bytes -= (size_t)n;
        offset += n;
    }
    return true;
}

static void move_to_file(depth_store *s, entry *e)
{
    if (s->file < 0)
        s->file = omma_file_nameless();
    if (s->file < 0 || !write_all(s->file, e->blob->data, e->bytes, s->end)) {
        s->file_bad = true;
        return;
    }
    e->offset = s->end;
    s->end += (off_t)e->bytes;
    s->memory_bytes -= e->bytes;
    omma_buffer_unref(&e->blob);
}

static entry *oldest_in_memory(depth_store *s)
{
    entry *oldest = NULL;

    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].blob && (!oldest || s->entries[i].age < oldest->age))
            oldest = &s->entries[i];
    return oldest;
}

static omma_error read_back(const depth_store *s, const entry *e, omma_buffer **blob)
{
    omma_error err = omma_buffer_create(blob, e->bytes);

    if (err)
        return err;
    for (size_t done = 0; done < e->bytes;) {
        ssize_t n =
            pread(s->file, (char *)(*blob)->data + done, e->bytes - done, e->offset + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err = n < 0 ? omma_fail_errno("reading depth back from the temporary file")
                        : omma_fail(OMMA_IO, "the temporary file with depth is cut short");
            omma_buffer_unref(blob);
            return err == OMMA_NO_MEMORY ? err : OMMA_IO;
        }
        done += (size_t)n;
    }
    return OMMA_OK;
}

/* ----------------------------------------------------------------------------- entries */

static void drop(depth_store *s, entry *e)
{
    if (e->blob)
        s->memory_bytes -= e->bytes;
    omma_buffer_unref(&e->blob);
}

void depth_store_put(depth_store *s, uint32_t keyframe, omma_buffer *blob)
{
    entry *e = find(s, keyframe);

    if (e) {
        drop(s, e);
    } else {
        size_t place = place_of(s, keyframe);

        omma_grow((void **)&s->entries, &s->capacity, s->count + 1, sizeof *s->entries);
        e = &s->entries[place];
        memmove(e + 1, e, (s->count - place) * sizeof *e);
        s->count++;
    }
    *e = (entry){.keyframe = keyframe, .age = s->next_age++, .blob = blob, .bytes = blob->bytes};
    s->memory_bytes += blob->bytes;
    while (s->memory_bytes > s->budget_bytes && !s->file_bad)
        move_to_file(s, oldest_in_memory(s));
}

bool depth_store_has(const depth_store *s, uint32_t keyframe)
{
    return find(s, keyframe) != NULL;
}

void depth_store_remove(depth_store *s, uint32_t keyframe)
{
    entry *e = find(s, keyframe);

    if (!e)
        return;
    drop(s, e);
    s->count--;
    memmove(e, e + 1, (s->count - (size_t)(e - s->entries)) * sizeof *e);
}

omma_error depth_store_get(const depth_store *s, uint32_t keyframe, omma_buffer **blob)
{
    const entry *e = find(s, keyframe);

    *blob = NULL;
    if (!e)
        return OMMA_OK;
    if (!e->blob)
        return read_back(s, e, blob);
    *blob = omma_buffer_ref(e->blob);
    return OMMA_OK;
}

size_t depth_store_memory_bytes(const depth_store *s)
{
    return s->memory_bytes;
}
