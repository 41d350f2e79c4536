/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last number before the ending. */
static bool frame_of(const char *name, const char *ending, uint64_t *frame)
{
    const char *end = ending;

    while (end > name && !isdigit((unsigned char)end[-1]))
        end--;
    const char *begin = end;
    while (begin > name && isdigit((unsigned char)begin[-1]))
        begin--;
    errno = 0;
    *frame = strtoull(begin, NULL, 10);
    return begin < end && !errno;
}

static void take_name(depth_list *l, const char *name)
{
    const char *ending = strrchr(name, '.');
    depth_entry e = {0};
    void *entries = l->entries;

    if (!ending)
        return;
    e.npy = strcasecmp(ending, ".npy") == 0;
    if (!e.npy && strcasecmp(ending, ".png") != 0)
        return;
    if (!frame_of(name, ending, &e.frame))
        return;
    e.name = omma_text("%s", name);
    omma_grow(&entries, &l->capacity, l->count + 1, sizeof *l->entries);
    l->entries = entries;
    l->entries[l->count++] = e;
}

static int by_frame(const void *a, const void *b)
{
    const depth_entry *x = a, *y = b;

    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->npy != y->npy ? (x->npy ? -1 : 1) : strcmp(x->name, y->name);
}

/* Of each frame the first, which is the .npy. */
static omma_error drop_twins(depth_list *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        const depth_entry *before = kept ? &l->entries[kept - 1] : NULL, *e = &l->entries[i];

        if (before && before->frame == e->frame && before->npy == e->npy)
            return omma_fail(OMMA_FORMAT, "%s: %s and %s are both of frame %" PRIu64, l->folder,
                             before->name, e->name, e->frame);
        if (before && before->frame == e->frame) {
            free(e->name);
            l->entries[i].name = NULL;
            continue;
        }
        l->entries[kept++] = *e;
        if (kept - 1 < i)
            l->entries[i].name = NULL;
    }
    l->count = kept;
    return kept
               ? OMMA_OK
               : omma_fail(OMMA_FORMAT, "%s: no .npy or .png with a number in its name", l->folder);
}

omma_error depth_list_read(depth_list *out, const char *folder)
{
    DIR *d = opendir(folder);

    *out = (depth_list){.folder = folder};
    if (!d)
        return omma_fail_errno("cannot read the folder %s", folder);
    for (struct dirent *e; (e = readdir(d));)
        take_name(out, e->d_name);
    closedir(d);
    if (out->count > 0)
        qsort(out->entries, out->count, sizeof *out->entries, by_frame);
    omma_error err = drop_twins(out);

    if (err)
        depth_list_finish(out);
    return err;
}

void depth_list_finish(depth_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->entries[i].name);
    free(l->entries);
    *l = (depth_list){0};
}

static int frame_against(const void *key, const void *entry)
{
    uint64_t a = *(const uint64_t *)key, b = ((const depth_entry *)entry)->frame;

    return (a > b) - (a < b);
}

const depth_entry *depth_list_find(const depth_list *l, uint64_t frame)
{
    return bsearch(&frame, l->entries, l->count, sizeof *l->entries, frame_against);
}
