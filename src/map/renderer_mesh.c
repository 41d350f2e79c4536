/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triangles into a tile's depth and colours. Corners are rounded to 1/16 px and edges computed in
 * integers, so that triangles side by side neither leave gaps nor overlap (Pineda, "A parallel
 * algorithm for polygon rasterization", SIGGRAPH 1988). Inverse depth is linear in the picture;
 * colours, divided by depth, are too.
 */
#include "renderer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUBPIXEL 16
#define FARTHEST (1 << 19) /* of a corner from the picture, 1/16 px: products fit into 64 bits */
#define WEIGHT   ((uint64_t)16)

omma_error mesh_view_init(mesh_view *m, const omma_mesh *mesh, int tiles)
{
    for (size_t i = 0; i < 3 * mesh->triangle_count; i++)
        if (mesh->triangles[i] >= mesh->vertex_count)
            return omma_fail(OMMA_INVALID, "the mesh has %zu vertices, and a triangle of vertex %u",
                             mesh->vertex_count, mesh->triangles[i]);
    m->corners = malloc(mesh->vertex_count * sizeof *m->corners);
    m->start = calloc((size_t)tiles + 2, sizeof *m->start);
    if (m->corners && m->start)
        return OMMA_OK;
    return omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu triangles", mesh->triangle_count);
}

void mesh_view_finish(mesh_view *m)
{
    free(m->corners);
    free(m->list);
    free(m->start);
    *m = (mesh_view){0};
}

/* -------------------------------------------------------------------------------- corners */

/* A lamp beside the camera: what faces it is brightest. */
static float light_of(const render_view *v, const double ray[3], const float *normal)
{
    double n[3] = {(double)normal[0], (double)normal[1], (double)normal[2]}, sum = 0;

    for (int k = 0; k < 3; k++)
        sum += dot3(v->camera_from_world.R + 3 * k, n) * ray[k];
    double cosine = -sum / sqrt(dot3(ray, ray));

    return (float)(0.55 + 0.45 * fmin(1, fmax(0, cosine)));
}

static mesh_corner see_corner(const omma_renderer *r, const render_view *v, size_t i)
{
    const omma_mesh *mesh = r->scene->mesh;
    const float *p = mesh->positions + 3 * i;
    double d[3], x[3];
    mesh_corner c = {.x = INT32_MIN};

    for (int k = 0; k < 3; k++)
        d[k] = (double)p[k] - v->eye[k];
    for (int k = 0; k < 3; k++)
        x[k] = dot3(v->camera_from_world.R + 3 * k, d);
    double px = SUBPIXEL * (v->x0 + v->focal * x[0] / x[2]);
    double py = SUBPIXEL * (v->y0 + v->focal * x[1] / x[2]);

    if (!(x[2] >= v->nearest && fabs(px) < FARTHEST && fabs(py) < FARTHEST))
        return c;
    c.x = (int32_t)lrint(px);
    c.y = (int32_t)lrint(py);
    c.inverse = (float)(1 / x[2]);
    float light = mesh->normals ? light_of(v, x, mesh->normals + 3 * i) : 1;

    for (int k = 0; k < 3; k++)
        c.rgb[k] = (mesh->rgb ? (float)mesh->rgb[3 * i + k] : 200) * light;
    return c;
}

typedef struct corner_job {
    const omma_renderer *r;
    const render_view *view;
} corner_job;

#define CORNERS 4096 /* at a time */

static void see_corners(void *user, int part)
{
    const corner_job *job = user;
    size_t first = (size_t)part * CORNERS, end = first + CORNERS;

    if (end > job->r->scene->mesh->vertex_count)
        end = job->r->scene->mesh->vertex_count;
    for (size_t i = first; i < end; i++)
        job->r->mesh.corners[i] = see_corner(job->r, job->view, i);
}

/* ---------------------------------------------------------------------------------- tiles */

/* A triangle with positive area, and the pixels it may cover. */
typedef struct face {
    mesh_corner a, b, c;
    int64_t area; /* twice, 1/256 px^2 */
    int x0, y0, x1, y1;
} face;

static int64_t cross(const mesh_corner *a, const mesh_corner *b, int32_t x, int32_t y)
{
    return (int64_t)(b->x - a->x) * (y - a->y) - (int64_t)(b->y - a->y) * (x - a->x);
}

static int32_t least(int32_t a, int32_t b, int32_t c)
{
    int32_t low = a < b ? a : b;

    return low < c ? low : c;
}

static int32_t most(int32_t a, int32_t b, int32_t c)
{
    return -least(-a, -b, -c);
}

static int floor_px(int32_t x)
{
    return (x + FARTHEST) / SUBPIXEL - FARTHEST / SUBPIXEL;
}

/* Seen from outside the corners go counter-clockwise, which with y down is a negative area. */
static bool see_face(const omma_renderer *r, size_t i, face *f)
{
    const uint32_t *t = r->scene->mesh->triangles + 3 * i;

    *f = (face){.a = r->mesh.corners[t[0]], .b = r->mesh.corners[t[2]], .c = r->mesh.corners[t[1]]};
    if (f->a.x == INT32_MIN || f->b.x == INT32_MIN || f->c.x == INT32_MIN)
        return false;
    f->area = cross(&f->a, &f->b, f->c.x, f->c.y);
    if (f->area < 0 && r->options.both_sides) {
        mesh_corner swap = f->b;

        f->b = f->c;
        f->c = swap;
        f->area = -f->area;
    }
    if (f->area <= 0)
        return false;
    f->x0 = floor_px(least(f->a.x, f->b.x, f->c.x) + SUBPIXEL - 1);
    f->y0 = floor_px(least(f->a.y, f->b.y, f->c.y) + SUBPIXEL - 1);
    f->x1 = floor_px(most(f->a.x, f->b.x, f->c.x));
    f->y1 = floor_px(most(f->a.y, f->b.y, f->c.y));
    return f->x0 <= f->x1 && f->y0 <= f->y1 && f->x1 >= 0 && f->y1 >= 0 &&
           f->x0 < r->canvas.width && f->y0 < r->canvas.height;
}

static int clampi(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static tile_range tiles_of(const omma_renderer *r, const face *f)
{
    return (tile_range){.x0 = (int16_t)clampi(f->x0 / SPLAT_WIDTH, 0, r->tiles_x - 1),
                        .y0 = (int16_t)clampi(f->y0 / SPLAT_HEIGHT, 0, r->tiles_y - 1),
                        .x1 = (int16_t)clampi(f->x1 / SPLAT_WIDTH, 0, r->tiles_x - 1),
                        .y1 = (int16_t)clampi(f->y1 / SPLAT_HEIGHT, 0, r->tiles_y - 1)};
}

/* Counts how many triangles each tile has (list NULL) or writes them down. */
static void sort_faces(omma_renderer *r, uint32_t *list)
{
    for (size_t i = 0; i < r->scene->mesh->triangle_count; i++) {
        face f;

        if (!see_face(r, i, &f))
            continue;
        tile_range t = tiles_of(r, &f);

        for (int y = t.y0; y <= t.y1; y++)
            for (int x = t.x0; x <= t.x1; x++) {
                size_t *at = &r->mesh.start[y * r->tiles_x + x + 2];

                if (list)
                    list[at[-1]++] = (uint32_t)i;
                else
                    at[0]++;
            }
    }
}

omma_error mesh_view_set(omma_renderer *r, const render_view *v)
{
    mesh_view *m = &r->mesh;
    size_t tiles = (size_t)r->tiles_x * (size_t)r->tiles_y;
    int parts = (int)((r->scene->mesh->vertex_count + CORNERS - 1) / CORNERS);

    render_parallel(r->threads, parts, see_corners, &(corner_job){.r = r, .view = v});
    memset(m->start, 0, (tiles + 2) * sizeof *m->start);
    sort_faces(r, NULL); /* start[i + 2]: how many tile i has */
    for (size_t i = 0; i < tiles; i++)
        m->start[i + 2] += m->start[i + 1]; /* start[i + 1]: where tile i begins */
    size_t need = m->start[tiles + 1];

    if (need > m->list_room) {
        uint32_t *list = realloc(m->list, need * sizeof *list);

        if (!list)
            return omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu triangles", need);
        m->list = list;
        m->list_room = need;
    }
    sort_faces(r, m->list); /* start[i + 1]: where tile i ends, and start[i] where it begins */
    return OMMA_OK;
}

/* ------------------------------------------------------------------------------- one face */

/* On an edge that two triangles share the pixel belongs to one of them. */
static bool owns_edge(const mesh_corner *a, const mesh_corner *b)
{
    return b->y < a->y || (b->y == a->y && b->x > a->x);
}

/* The function of an edge at a pixel; inside it is >= 0, once the edges not owned lost 1. */
typedef struct edge {
    int64_t at, step_x, step_y;
} edge;

static edge edge_from(const mesh_corner *a, const mesh_corner *b, int x, int y)
{
    return (edge){.at = cross(a, b, x * SUBPIXEL, y * SUBPIXEL) - !owns_edge(a, b),
                  .step_x = -(int64_t)(b->y - a->y) * SUBPIXEL,
                  .step_y = (int64_t)(b->x - a->x) * SUBPIXEL};
}

static uint64_t mix_colors(const face *f, float a, float b, float c, float depth)
{
    uint64_t sum = WEIGHT << 48;

    a *= f->a.inverse * depth;
    b *= f->b.inverse * depth;
    c *= f->c.inverse * depth;
    for (int k = 0; k < 3; k++) {
        float value = a * f->a.rgb[k] + b * f->b.rgb[k] + c * f->c.rgb[k];

        sum |= (uint64_t)(WEIGHT * fminf(255, fmaxf(0, value))) << (16 * k);
    }
    return sum;
}

/* x, y: of the tile's first pixel. */
static void fill_face(splat_tile *t, const face *f, int left, int top, int right, int bottom)
{
    int x0 = clampi(f->x0, left, right), x1 = clampi(f->x1, left, right);
    int y0 = clampi(f->y0, top, bottom), y1 = clampi(f->y1, top, bottom);
    edge bc = edge_from(&f->b, &f->c, x0, y0), ca = edge_from(&f->c, &f->a, x0, y0),
         ab = edge_from(&f->a, &f->b, x0, y0);
    float share = 1 / (float)f->area;

    for (int y = y0; y <= y1; y++) {
        size_t row = (size_t)(y - top) * SPLAT_WIDTH;

        for (int x = x0; x <= x1; x++) {
            int64_t k = x - x0, a = bc.at + k * bc.step_x, b = ca.at + k * ca.step_x,
                    c = ab.at + k * ab.step_x;

            if ((a | b | c) < 0)
                continue;
            float p = (float)a * share, q = (float)b * share, s = (float)c * share;
            float depth = 1 / (p * f->a.inverse + q * f->b.inverse + s * f->c.inverse);

            if (!(depth < t->depth[row + (size_t)(x - left)]))
                continue;
            t->depth[row + (size_t)(x - left)] = depth;
            t->sum[row + (size_t)(x - left)] = mix_colors(f, p, q, s, depth);
        }
        bc.at += bc.step_y;
        ca.at += ca.step_y;
        ab.at += ab.step_y;
    }
}

void mesh_view_draw(const omma_renderer *r, splat_tile *t, int tile_x, int tile_y)
{
    int left = tile_x * SPLAT_WIDTH, top = tile_y * SPLAT_HEIGHT;
    size_t tile = (size_t)tile_y * (size_t)r->tiles_x + (size_t)tile_x;

    for (size_t i = r->mesh.start[tile]; i < r->mesh.start[tile + 1]; i++) {
        face f;

        if (see_face(r, r->mesh.list[i], &f) && f.x1 >= left && f.y1 >= top)
            fill_face(t, &f, left, top, left + SPLAT_WIDTH - 1, top + SPLAT_HEIGHT - 1);
    }
}
