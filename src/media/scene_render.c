/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each frame every shape is turned into the camera's view and its rectangle in the picture found; a
 * tile of 8 x 8 rays then meets only the shapes whose rectangle touches it, nearest first. Pixels
 * at which the face changes are drawn again with four rays.
 */
#include "scene_render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE   8
#define NEAR_Z 0.01 /* what is nearer is cut off */

static int round_up(int n)
{
    return (n + TILE - 1) / TILE * TILE;
}

omma_error scene_renderer_init(scene_renderer *r, const scene_world *world, int width, int height,
                               double focal)
{
    size_t pixels = (size_t)round_up(width) * (size_t)round_up(height);
    *r = (scene_renderer){.world = world,
                          .kernels = scene_kernels_choose(omma_cpu_flags()),
                          .width = width,
                          .height = height,
                          .stride = round_up(width),
                          .focal = focal,
                          .cx = (width - 1) / 2.0,
                          .cy = (height - 1) / 2.0,
                          .luma = calloc(pixels, sizeof(float)),
                          .cb = calloc(pixels, sizeof(float)),
                          .cr = calloc(pixels, sizeof(float)),
                          .face = calloc(pixels, sizeof(int32_t)),
                          .views = calloc(world->shape_count + 1, sizeof(scene_view)),
                          .row_list = calloc(world->shape_count + 1, sizeof(uint16_t)),
                          .tile_list = calloc(world->shape_count + 1, sizeof(uint16_t))};
    if (r->luma && r->cb && r->cr && r->face && r->views && r->row_list && r->tile_list)
        return OMMA_OK;
    scene_renderer_finish(r);
    return omma_fail(OMMA_NO_MEMORY, "no memory for a scene of %d x %d", width, height);
}

void scene_renderer_finish(scene_renderer *r)
{
    free(r->luma);
    free(r->cb);
    free(r->cr);
    free(r->face);
    free(r->views);
    free(r->row_list);
    free(r->tile_list);
    memset(r, 0, sizeof *r);
}

/* --------------------------------------------------------------------------------------- view */

typedef struct bounds {
    double x0, y0, x1, y1; /* px */
    double nearest;
} bounds;

static void grow_bounds(bounds *b, const scene_renderer *r, const double point[3])
{
    double x = r->focal * point[0] / point[2] + r->cx, y = r->focal * point[1] / point[2] + r->cy;
    b->x0 = fmin(b->x0, x);
    b->x1 = fmax(b->x1, x);
    b->y0 = fmin(b->y0, y);
    b->y1 = fmax(b->y1, y);
    b->nearest = fmin(b->nearest, point[2]);
}

/* The rectangle of a box: its corners before the camera, and where its edges pass the near plane.
 */
static bounds project_box(const scene_renderer *r, double corner[8][3])
{
    bounds b = {INFINITY, INFINITY, -INFINITY, -INFINITY, INFINITY};
    for (int i = 0; i < 8; i++) {
        if (corner[i][2] >= NEAR_Z)
            grow_bounds(&b, r, corner[i]);
        for (int axis = 1; axis < 8; axis *= 2) {
            const double *p = corner[i], *q = corner[i ^ axis];
            if (!(p[2] >= NEAR_Z && q[2] < NEAR_Z))
                continue;
            double k = (p[2] - NEAR_Z) / (p[2] - q[2]), cut[3];
            for (int c = 0; c < 3; c++)
                cut[c] = p[c] + k * (q[c] - p[c]);
            cut[2] = NEAR_Z;
            grow_bounds(&b, r, cut);
        }
    }
    return b;
}

static int clamp_int(double x, int low, int high)
{
    return x < low ? low : x > high ? high : (int)x;
}

static void fill_bounds(scene_view *v, const scene_renderer *r, const scene_shape *s,
                        const double camera_from_local[9], const double origin[3])
{
    double corner[8][3];
    for (int i = 0; i < 8; i++) {
        double p[3];
        for (int k = 0; k < 3; k++)
            p[k] = (i >> k & 1 ? s->half[k] : -s->half[k]) - origin[k];
        for (int k = 0; k < 3; k++)
            corner[i][k] = camera_from_local[3 * k] * p[0] + camera_from_local[3 * k + 1] * p[1] +
                           camera_from_local[3 * k + 2] * p[2];
    }
    bounds b = project_box(r, corner);
    if (s->kind == SCENE_HALL)
        b = (bounds){-1, -1, r->width, r->height, 0};
    /* two pixels more: offsets and edges */
    v->x0 = clamp_int(floor(b.x0) - 2, 0, r->width);
    v->y0 = clamp_int(floor(b.y0) - 2, 0, r->height);
    v->x1 = clamp_int(ceil(b.x1) + 3, 0, r->width);
    v->y1 = clamp_int(ceil(b.y1) + 3, 0, r->height);
    v->nearest = (float)(b.nearest * 0.9999);
}

/* false when it cannot be in the picture. */
static bool make_view(scene_view *v, const scene_renderer *r, const scene_shape *s,
                      const omma_se3 *world_from_camera)
{
    const double *L = s->local_from_world, *R = world_from_camera->R;
    double local_from_camera[9], camera_from_local[9], origin[3];
    for (int i = 0; i < 3; i++) {
        origin[i] = 0;
        for (int k = 0; k < 3; k++)
            origin[i] += L[3 * i + k] * (world_from_camera->t[k] - s->center[k]);
        for (int j = 0; j < 3; j++) {
            double sum = L[3 * i] * R[j] + L[3 * i + 1] * R[3 + j] + L[3 * i + 2] * R[6 + j];
            local_from_camera[3 * i + j] = camera_from_local[3 * j + i] = sum;
        }
    }
    *v = (scene_view){.kind = s->kind, .radius = (float)s->half[0], .surface = s->surface};
    fill_bounds(v, r, s, camera_from_local, origin);
    for (int i = 0; i < 3; i++) {
        v->d[i][0] = (float)(local_from_camera[3 * i] / r->focal);
        v->d[i][1] = (float)(local_from_camera[3 * i + 1] / r->focal);
        v->d[i][2] = (float)local_from_camera[3 * i + 2];
        v->origin[i] = (float)origin[i];
        v->low[i] = (float)(-s->half[i] - origin[i]);
        v->high[i] = (float)(s->half[i] - origin[i]);
    }
    return v->x0 < v->x1 && v->y0 < v->y1;
}

/* Where two are equally near, the order of the world decides: surface is in that order. */
static int compare_views(const void *a, const void *b)
{
    const scene_view *x = a, *y = b;
    if (x->nearest != y->nearest)
        return x->nearest < y->nearest ? -1 : 1;
    return x->surface < y->surface ? -1 : 1;
}

static void make_views(scene_renderer *r, const omma_se3 *world_from_camera)
{
    r->view_count = 0;
    for (size_t i = 0; i < r->world->shape_count; i++)
        if (make_view(&r->views[r->view_count], r, &r->world->shapes[i], world_from_camera))
            r->view_count++;
    qsort(r->views, r->view_count, sizeof *r->views, compare_views);
}

/* -------------------------------------------------------------------------------------- tiles */

static size_t list_row(scene_renderer *r, int y)
{
    size_t n = 0;
    for (size_t i = 0; i < r->view_count; i++)
        if (r->views[i].y0 < y + TILE && r->views[i].y1 > y)
            r->row_list[n++] = (uint16_t)i;
    return n;
}

static size_t list_tile(scene_renderer *r, size_t row_count, int x)
{
    size_t n = 0;
    for (size_t i = 0; i < row_count; i++) {
        const scene_view *v = &r->views[r->row_list[i]];
        if (v->x0 < x + TILE && v->x1 > x)
            r->tile_list[n++] = r->row_list[i];
    }
    return n;
}

static void aim(const scene_renderer *r, scene_rays *rays, int x, int y, const float offset[2])
{
    const float left = (float)(x - r->cx) + offset[0], top = (float)(y - r->cy) + offset[1];
    for (int i = 0; i < SCENE_RAYS; i++) {
        rays->x[i] = left + (float)(i % TILE);
        rays->y[i] = top + (float)(i / TILE);
    }
}

static void keep_depth(const scene_renderer *r, const scene_rays *rays, int x, int y, float *depth)
{
    for (int i = 0; i < SCENE_RAYS; i++) {
        int px = x + i % TILE, py = y + i / TILE;
        if (px < r->width && py < r->height)
            depth[(size_t)py * (size_t)r->width + (size_t)px] = rays->face[i] < 0 ? 0 : rays->z[i];
    }
}

static void keep_tile(scene_renderer *r, const scene_rays *rays, const scene_colours *c, int x,
                      int y, float share)
{
    for (int j = 0; j < TILE; j++) {
        size_t at = (size_t)(y + j) * (size_t)r->stride + (size_t)x;
        for (int i = 0; i < TILE; i++) {
            r->luma[at + (size_t)i] += share * c->luma[j * TILE + i];
            r->cb[at + (size_t)i] += share * c->cb[j * TILE + i];
            r->cr[at + (size_t)i] += share * c->cr[j * TILE + i];
            r->face[at + (size_t)i] = rays->face[j * TILE + i];
        }
    }
}

static float pixel_angle(const scene_renderer *r)
{
    return (float)(1 / r->focal);
}

/* share 0: depth only. */
static void draw_tiles(scene_renderer *r, const float offset[2], float share, float *depth)
{
    scene_rays rays;
    scene_colours colours;
    for (int y = 0; y < r->height; y += TILE) {
        size_t row_count = list_row(r, y);
        for (int x = 0; x < r->width; x += TILE) {
            size_t count = list_tile(r, row_count, x);
            aim(r, &rays, x, y, offset);
            r->kernels->cast(&rays, r->views, r->tile_list, count);
            if (depth)
                keep_depth(r, &rays, x, y, depth);
            if (share > 0) {
                r->kernels->shade(&colours, &rays, r->views, pixel_angle(r));
                keep_tile(r, &rays, &colours, x, y, share);
            }
        }
    }
}

/* -------------------------------------------------------------------------------------- edges */

#define EDGE_RAYS   4
#define EDGE_PIXELS (SCENE_RAYS / EDGE_RAYS)

static bool is_edge(const scene_renderer *r, int x, int y)
{
    const int32_t *f = r->face + (size_t)y * (size_t)r->stride + x;
    return (x > 0 && f[-1] != *f) || (x < r->width - 1 && f[1] != *f) ||
           (y > 0 && f[-r->stride] != *f) || (y < r->height - 1 && f[r->stride] != *f);
}

/* Draws up to 16 pixels again, each as the mean of four rays. */
static void draw_edges(scene_renderer *r, int pixel[][2], int n, size_t list_count)
{
    static const float grid[EDGE_RAYS][2] = {
        {-0.125f, -0.375f}, {0.375f, -0.125f}, {-0.375f, 0.125f}, {0.125f, 0.375f}};
    scene_rays rays;
    scene_colours c;
    for (int i = 0; i < SCENE_RAYS; i++) {
        const int *p = pixel[i / EDGE_RAYS < n ? i / EDGE_RAYS : n - 1];
        rays.x[i] = (float)(p[0] - r->cx) + grid[i % EDGE_RAYS][0];
        rays.y[i] = (float)(p[1] - r->cy) + grid[i % EDGE_RAYS][1];
    }
    r->kernels->cast(&rays, r->views, r->tile_list, list_count);
    r->kernels->shade(&c, &rays, r->views, pixel_angle(r));
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)pixel[i][1] * (size_t)r->stride + (size_t)pixel[i][0];
        int k = EDGE_RAYS * i;
        r->luma[at] = 0.25f * (c.luma[k] + c.luma[k + 1] + c.luma[k + 2] + c.luma[k + 3]);
        r->cb[at] = 0.25f * (c.cb[k] + c.cb[k + 1] + c.cb[k + 2] + c.cb[k + 3]);
        r->cr[at] = 0.25f * (c.cr[k] + c.cr[k + 1] + c.cr[k + 2] + c.cr[k + 3]);
    }
}

static void smooth_tile(scene_renderer *r, int x, int y, size_t row_count)
{
    int pixel[EDGE_PIXELS][2], n = 0;
    size_t list_count = 0;
    for (int i = 0; i < TILE * TILE; i++) {
        int px = x + i % TILE, py = y + i / TILE;
        if (px >= r->width || py >= r->height || !is_edge(r, px, py))
            continue;
        if (n == 0)
            list_count = list_tile(r, row_count, x);
        pixel[n][0] = px;
        pixel[n++][1] = py;
        if (n == EDGE_PIXELS) {
            draw_edges(r, pixel, n, list_count);
            n = 0;
        }
    }
    if (n > 0)
        draw_edges(r, pixel, n, list_count);
}

static void smooth_edges(scene_renderer *r)
{
    for (int y = 0; y < r->height; y += TILE) {
        size_t row_count = list_row(r, y);
        for (int x = 0; x < r->width; x += TILE)
            smooth_tile(r, x, y, row_count);
    }
}

/* ------------------------------------------------------------------------------------ pictures */

void scene_clear(scene_renderer *r)
{
    size_t pixels = (size_t)r->stride * (size_t)round_up(r->height);
    memset(r->luma, 0, pixels * sizeof(float));
    memset(r->cb, 0, pixels * sizeof(float));
    memset(r->cr, 0, pixels * sizeof(float));
}

void scene_draw(scene_renderer *r, const omma_se3 *world_from_camera, float *depth)
{
    scene_clear(r);
    make_views(r, world_from_camera);
    draw_tiles(r, (const float[2]){0, 0}, 1, depth);
    smooth_edges(r);
}

void scene_measure(scene_renderer *r, const omma_se3 *world_from_camera, float *depth)
{
    make_views(r, world_from_camera);
    draw_tiles(r, (const float[2]){0, 0}, 0, depth);
}

void scene_add(scene_renderer *r, const omma_se3 *world_from_camera, const float offset[2],
               float share)
{
    make_views(r, world_from_camera);
    draw_tiles(r, offset, share, NULL);
}

const scene_kernels *scene_kernels_choose(unsigned cpu)
{
#ifdef OMMA_SCENE_SIMD
    if (cpu & OMMA_CPU_AVX512)
        return &scene_kernels_avx512;
    if (cpu & OMMA_CPU_AVX2)
        return &scene_kernels_avx2;
#endif
    (void)cpu;
    return &scene_kernels_scalar;
}
