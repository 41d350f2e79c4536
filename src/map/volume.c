/* SPDX-License-Identifier: Apache-2.0 */
#include "volume.h"

#include "volume_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FARTHEST   ((double)(1 << 27)) /* voxels from the origin: places fit into int32 */
#define TIMES_FULL 16 /* blocks beyond so many times what is allowed: not counted */

omma_error omma_volume_create(omma_volume **out, double voxel, size_t max_blocks)
{
    if (!(voxel > 0 && voxel < 1e30))
        return omma_fail(OMMA_INVALID, "a voxel of %g", voxel);
    omma_volume *v = omma_new(omma_volume);

    v->voxel = voxel;
    v->max_blocks = max_blocks ? max_blocks : 650000;
    if (v->max_blocks > NO_BLOCK / 2)
        v->max_blocks = NO_BLOCK / 2;
    *out = v;
    return OMMA_OK;
}

void omma_volume_destroy(omma_volume **out)
{
    omma_volume *v = *out;

    if (!v)
        return;
    for (size_t i = 0; i < v->index.count; i++) {
        free(v->blocks[i]);
        volume_net_destroy(&v->nets[i]);
    }
    free(v->blocks);
    free(v->nets);
    free(v->changed);
    free(v->cells);
    block_index_finish(&v->index);
    block_index_finish(&v->near);
    block_index_finish(&v->expected);
    volume_grid_finish(&v->grid);
    free(v);
    *out = NULL;
}

/* ------------------------------------------------------------------------------ blocks */

static omma_error grow_lists(omma_volume *v)
{
    size_t capacity = v->capacity ? 2 * v->capacity : 256;
    void *blocks = realloc(v->blocks, capacity * sizeof *v->blocks);
    void *nets, *changed;

    if (blocks)
        v->blocks = blocks;
    nets = blocks ? realloc(v->nets, capacity * sizeof *v->nets) : NULL;
    if (nets)
        v->nets = nets;
    changed = nets ? realloc(v->changed, capacity * sizeof *v->changed) : NULL;
    if (!changed)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu blocks of a volume", capacity);
    v->changed = changed;
    v->capacity = capacity;
    return OMMA_OK;
}

/* A copy of block joins the volume. */
static omma_error add_block(omma_volume *v, const int32_t place[3], const volume_block *block)
{
    uint32_t number;
    omma_error err = OMMA_OK;

    if (v->index.count >= v->max_blocks)
        return omma_fail(OMMA_FULL, "the volume has all its %zu blocks", v->max_blocks);
    if (v->index.count == v->capacity && (err = grow_lists(v)))
        return err;
    volume_block *copy = malloc(sizeof *copy);
    if (!copy)
        return omma_fail(OMMA_NO_MEMORY, "no memory for block %zu of a volume", v->index.count);
    if ((err = block_index_add(&v->index, place, &number))) {
        free(copy);
        return err;
    }
    *copy = *block;
    v->blocks[number] = copy;
    v->nets[number] = NULL;
    v->changed[number] = true;
    return OMMA_OK;
}

/* ----------------------------------------------------------------------- which blocks */

static int32_t block_at(double voxel)
{
    double block = voxel / BLOCK_EDGE;
    int32_t towards_zero = (int32_t)block;

    return towards_zero - (block < towards_zero);
}

typedef struct block_box {
    int32_t low[3], high[3];
} block_box;

/* The blocks of voxels within reach of the cell's plane along its ray, and half a cell beside it.
 * @return false when there is nothing, or too far away to be true. */
static bool box_of_cell(const omma_volume *v, const omma_sim3 *voxels_from_camera, size_t i,
                        block_box *box)
{
    const depth_cell *cell = &v->cells[i];
    const double ray[3] = {v->grid.ray[2 * i], v->grid.ray[2 * i + 1], 1};
    const double *R = voxels_from_camera->R, *t = voxels_from_camera->t;

    if (!cell->weight)
        return false;
    for (int k = 0; k < 3; k++) {
        double way = R[3 * k] * ray[0] + R[3 * k + 1] * ray[1] + R[3 * k + 2];
        double from = t[k] + (double)(cell->depth - cell->before) * way;
        double to = t[k] + (double)(cell->depth + cell->behind) * way;
        double beside = 0.75 * (double)(v->grid.cell_angle * cell->depth) + 0.5;

        if (!(fabs(from) + fabs(to) + beside < FARTHEST))
            return false;
        box->low[k] = block_at((from < to ? from : to) - beside);
        box->high[k] = block_at((from < to ? to : from) + beside);
    }
    return true;
}

static omma_error add_box(block_index *near, const block_box *box, size_t most)
{
    int32_t at[3];
    uint32_t number;
    omma_error err;

    for (at[2] = box->low[2]; at[2] <= box->high[2]; at[2]++)
        for (at[1] = box->low[1]; at[1] <= box->high[1]; at[1]++)
            for (at[0] = box->low[0]; at[0] <= box->high[0]; at[0]++)
                if ((err = block_index_add(near, at, &number)))
                    return err;
                else if (near->count > most)
                    return omma_fail(OMMA_FULL, "one depth map alone touches more than %zu blocks",
                                     most);
    return OMMA_OK;
}

/* Neighbouring cells mostly have the same box. */
static omma_error find_near_blocks(omma_volume *v, const omma_sim3 *voxels_from_camera)
{
    block_box box, last = {{1, 1, 1}, {0, 0, 0}};
    omma_error err;

    block_index_clear(&v->near);
    for (size_t i = 0; i < (size_t)v->grid.width * v->grid.height; i++) {
        if (!box_of_cell(v, voxels_from_camera, i, &box) || !memcmp(&box, &last, sizeof box))
            continue;
        if ((err = add_box(&v->near, &box, TIMES_FULL * v->max_blocks)))
            return err;
        last = box;
    }
    return OMMA_OK;
}

/* -------------------------------------------------------------------------- the update */

/* Steps through the voxels of a block in the camera's axes. */
typedef struct block_steps {
    float start[3], step[3][3]; /* step[k]: to the next voxel along axis k */
} block_steps;

static block_steps steps_of(const omma_sim3 *voxels_from_camera, const int32_t place[3])
{
    const double *R = voxels_from_camera->R, *t = voxels_from_camera->t;
    block_steps s;

    for (int i = 0; i < 3; i++) {
        double start = 0;

        for (int k = 0; k < 3; k++) {
            start += R[3 * k + i] * (8.0 * place[k] - t[k]);
            s.step[k][i] = (float)R[3 * k + i];
        }
        s.start[i] = (float)start;
    }
    return s;
}

/* The same formula takes a colour into the mean and (weight < 0) out of it. */
static void add_color(uint16_t rgb[3], const uint8_t add[3], int weight, int after)
{
    float share = after > 0 ? (float)weight / (float)after : -1;

    for (int k = 0; k < 3; k++) {
        float mean = (float)rgb[k] + (256 * (float)add[k] - (float)rgb[k]) * share + 0.5f;

        rgb[k] = (uint16_t)(mean < 0 ? 0 : mean > UINT16_MAX ? UINT16_MAX : mean);
    }
}

/* What a cell says of a voxel at p: its distance, and how much that weighs (0 = nothing). */
static int distance_to(const depth_cell *cell, const float p[3], float *distance)
{
    float behind = p[2] - cell->depth;

    if (!cell->weight || behind < -cell->before || behind >= cell->behind)
        return 0;
    float d =
        cell->offset - (cell->normal[0] * p[0] + cell->normal[1] * p[1] + cell->normal[2] * p[2]);

    if (!(d > -cell->band))
        return 0;
    *distance = d < cell->band ? d : cell->band;
    if (behind <= 1)
        return cell->weight;
    /* Behind a surface there may soon be another one's back: the weight falls off linearly.
     * Bylow et al., "Real-time camera tracking and 3D reconstruction using SDFs", RSS 2013. */
    float weight = (float)cell->weight * (cell->behind - behind) / (cell->behind - 1);

    return weight < 1 ? 1 : (int)(weight + 0.5f);
}

/* A voxel that has its fill takes no more, and one that never got something gives none. */
static bool update_voxel(volume_block *b, int i, const depth_cell *cell, int weight, float distance)
{
    int before = b->weight[i], after = before + weight;

    if (after > UINT16_MAX || after < 0)
        return false;
    b->sum[i] += weight * (int)lrintf(distance * DISTANCE_ONE);
    b->weight[i] = (uint16_t)after;
    add_color(b->rgb[i], cell->rgb, weight, after);
    return true;
}

/* @param sign 1 or -1   @return whether anything was changed. */
static bool update_block(volume_block *b, const omma_volume *v, const block_steps *s, int sign)
{
    bool changed = false;

    for (int i = 0; i < BLOCK_VOXELS; i++) {
        float x = (float)(i & 7), y = (float)(i >> 3 & 7), z = (float)(i >> 6), p[3], distance;

        for (int k = 0; k < 3; k++)
            p[k] = s->start[k] + x * s->step[0][k] + y * s->step[1][k] + z * s->step[2][k];
        int c = volume_grid_cell(&v->grid, p);
        int weight = c < 0 ? 0 : distance_to(&v->cells[c], p, &distance);

        if (weight && update_voxel(b, i, &v->cells[c], sign * weight, distance))
            changed = true;
    }
    return changed;
}

/* Blocks that are not there yet are made only if something of the depth map falls into them. */
static omma_error update_near_blocks(omma_volume *v, const omma_sim3 *voxels_from_camera, int sign)
{
    static const volume_block empty;
    volume_block fresh = empty;
    omma_error err, full = OMMA_OK;

    for (size_t i = 0; i < v->near.count && !map_stopped(&v->stop); i++) {
        block_steps steps = steps_of(voxels_from_camera, v->near.place[i]);
        uint32_t number = block_index_find(&v->index, v->near.place[i]);

        if (number != NO_BLOCK) {
            if (update_block(v->blocks[number], v, &steps, sign))
                v->changed[number] = true;
        } else if (sign > 0 && !full && update_block(&fresh, v, &steps, 1)) {
            err = add_block(v, v->near.place[i], &fresh);
            if (err == OMMA_FULL)
                full = err;
            else if (err)
                return err;
            fresh = empty;
        }
    }
    return full;
}

/* -------------------------------------------------------------------------- depth maps */

static bool is_finite(const omma_sim3 *s)
{
    double sum = s->s;

    for (int k = 0; k < 9; k++)
        sum += s->R[k];
    for (int k = 0; k < 3; k++)
        sum += s->t[k];
    return isfinite(sum) && s->s > 0;
}

/* Everything but the voxels. */
static omma_error prepare(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                          const omma_sim3 *world_from_camera, double max_error, double weight,
                          omma_sim3 *voxels_from_camera)
{
    size_t count = (size_t)d->width * d->height;
    omma_error err;

    if (!is_finite(world_from_camera))
        return omma_fail(OMMA_INVALID, "a pose that is not finite");
    if ((err = volume_grid_set(&v->grid, camera, d->width, d->height)))
        return err;
    if (count > v->cell_count) {
        depth_cell *cells = malloc(count * sizeof *cells);

        if (!cells)
            return omma_fail(OMMA_NO_MEMORY, "no memory for %zu cells of depth", count);
        free(v->cells);
        v->cells = cells;
        v->cell_count = count;
    }
    depth_cells_fill(v->cells, &v->grid, d, world_from_camera->s / v->voxel, max_error, weight);
    *voxels_from_camera = *world_from_camera;
    for (int k = 0; k < 3; k++)
        voxels_from_camera->t[k] /= v->voxel;
    return OMMA_OK;
}

omma_error omma_volume_integrate(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                                 const omma_sim3 *world_from_camera, double max_error,
                                 double weight)
{
    omma_sim3 voxels_from_camera;
    omma_error err;

    if (d->width == 0 || weight == 0)
        return OMMA_OK;
    if (!isfinite(weight))
        return omma_fail(OMMA_INVALID, "a weight that is not finite");
    err = prepare(v, d, camera, world_from_camera, max_error, fabs(weight), &voxels_from_camera);
    if (!err)
        err = find_near_blocks(v, &voxels_from_camera);
    if (!err)
        err = update_near_blocks(v, &voxels_from_camera, weight > 0 ? 1 : -1);
    return err;
}

omma_error volume_expect(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                         const omma_sim3 *world_from_camera, double max_error, size_t *blocks)
{
    omma_sim3 voxels_from_camera;
    uint32_t number;
    omma_error err = prepare(v, d, camera, world_from_camera, max_error, 1, &voxels_from_camera);

    if (!err)
        err = find_near_blocks(v, &voxels_from_camera);
    for (size_t i = 0; !err && i < v->near.count; i++)
        err = block_index_add(&v->expected, v->near.place[i], &number);
    if (!err && v->expected.count > TIMES_FULL * v->max_blocks)
        err = omma_fail(OMMA_FULL, "more than %zu blocks", TIMES_FULL * v->max_blocks);
    *blocks = err == OMMA_FULL ? TIMES_FULL * v->max_blocks : v->expected.count;
    return err;
}

/* ----------------------------------------------------------------------------- carving */

static bool carve_block(volume_block *b, const omma_volume *v, const block_steps *s)
{
    bool changed = false;

    for (int i = 0; i < BLOCK_VOXELS; i++) {
        float x = (float)(i & 7), y = (float)(i >> 3 & 7), z = (float)(i >> 6), p[3];

        if (!b->weight[i])
            continue;
        for (int k = 0; k < 3; k++)
            p[k] = s->start[k] + x * s->step[0][k] + y * s->step[1][k] + z * s->step[2][k];
        int c = volume_grid_cell(&v->grid, p);

        if (c < 0 || !v->cells[c].weight || p[2] >= v->cells[c].depth - v->cells[c].before)
            continue;
        int weight = (v->cells[c].weight + 3) / 4;

        if (b->weight[i] + weight > UINT16_MAX)
            continue;
        b->sum[i] += weight * (int)lrintf(v->cells[c].band * DISTANCE_ONE);
        b->weight[i] = (uint16_t)(b->weight[i] + weight);
        changed = true;
    }
    return changed;
}

omma_error volume_carve(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                        const omma_sim3 *world_from_camera, double max_error)
{
    omma_sim3 voxels_from_camera;
    omma_error err;

    if (d->width == 0)
        return OMMA_OK;
    err = prepare(v, d, camera, world_from_camera, max_error, 1, &voxels_from_camera);
    for (size_t i = 0; !err && i < v->index.count; i++) {
        block_steps steps = steps_of(&voxels_from_camera, v->index.place[i]);

        if (carve_block(v->blocks[i], v, &steps))
            v->changed[i] = true;
    }
    return err;
}
