/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse_cells.h"

#include <stdlib.h>

#define NO_CUBE UINT32_MAX

static uint32_t *slot_of(const fuse_cells *c, uint64_t key)
{
    size_t at = fuse_hash(key) & (c->slot_count - 1);

    while (c->slots[at] && c->key[c->slots[at] - 1] != key)
        at = (at + 1) & (c->slot_count - 1);
    return &c->slots[at];
}

static omma_error resize_slots(fuse_cells *c, size_t slots)
{
    uint64_t *key = realloc(c->key, slots / 2 * sizeof *key);

    c->key = key ? key : c->key;
    free(c->slots);
    c->slots = calloc(slots, sizeof *c->slots);
    c->slot_count = slots;
    if (!key || !c->slots)
        return OMMA_NO_MEMORY;
    for (size_t i = 0; i < c->count; i++)
        *slot_of(c, c->key[i]) = (uint32_t)i + 1;
    return OMMA_OK;
}

/* Numbers the cubes as they come; cube_of[i] is that of point i. */
static omma_error number_cubes(fuse_cells *c, const omma_cloud_point *points, size_t n,
                               uint32_t *cube_of)
{
    omma_error err = resize_slots(c, 1024);

    for (size_t i = 0; i < n && !err; i++) {
        uint64_t key;

        cube_of[i] = NO_CUBE;
        if (!fuse_key(points[i].world, c->edge, &key))
            continue;
        if (c->count == c->slot_count / 2)
            err = resize_slots(c, 2 * c->slot_count);
        if (err)
            break;
        uint32_t *slot = slot_of(c, key);

        if (!*slot) {
            c->key[c->count++] = key;
            *slot = (uint32_t)c->count;
        }
        cube_of[i] = *slot - 1;
    }
    return err;
}

/* A counting sort. start[cube + 1] counts first, is then where the cube begins, and, as its points
 * are put there, moves on to where it ends. */
static void sort_points(fuse_cells *c, const uint32_t *cube_of, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (cube_of[i] != NO_CUBE)
            c->start[cube_of[i] + 1]++;
    for (size_t k = 0; k < c->count; k++) {
        uint32_t size = c->start[k + 1];

        c->start[k + 1] = sum;
        sum += size;
    }
    for (size_t i = 0; i < n; i++)
        if (cube_of[i] != NO_CUBE)
            c->order[c->start[cube_of[i] + 1]++] = (uint32_t)i;
}

omma_error fuse_cells_init(fuse_cells *c, const omma_cloud_point *points, size_t n, double edge)
{
    uint32_t *cube_of = malloc((n + 1) * sizeof *cube_of);
    omma_error err = cube_of ? OMMA_OK : OMMA_NO_MEMORY;

    *c = (fuse_cells){.edge = edge};
    c->order = malloc((n + 1) * sizeof *c->order);
    if (!err && c->order)
        err = number_cubes(c, points, n, cube_of);
    if (!err)
        c->start = calloc(c->count + 1, sizeof *c->start);
    if (!err && c->order && c->start) {
        sort_points(c, cube_of, n);
    } else {
        fuse_cells_finish(c);
        err = omma_fail(OMMA_NO_MEMORY, "no memory to sort %zu points", n);
    }
    free(cube_of);
    return err;
}

void fuse_cells_finish(fuse_cells *c)
{
    free(c->key);
    free(c->start);
    free(c->order);
    free(c->slots);
    *c = (fuse_cells){0};
}

int fuse_cells_near(const fuse_cells *c, const float world[3], uint32_t runs[27][2])
{
    uint64_t key;

    return fuse_key(world, c->edge, &key) ? fuse_cells_around(c, key, runs) : 0;
}

int fuse_cells_around(const fuse_cells *c, uint64_t key, uint32_t runs[27][2])
{
    const uint64_t last = (1 << 21) - 1;
    int n = 0;

    for (unsigned k = 0; k < 27; k++) {
        uint64_t x = (key >> 42) + k % 3 - 1, y = (key >> 21 & last) + k / 3 % 3 - 1,
                 z = (key & last) + k / 9 - 1;

        if (x > last || y > last || z > last) /* -1 is large, too */
            continue;
        uint32_t cube = *slot_of(c, x << 42 | y << 21 | z);

        if (cube == 0)
            continue;
        runs[n][0] = c->start[cube - 1];
        runs[n++][1] = c->start[cube];
    }
    return n;
}
