/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One picture: the canvas is cut into tiles, and each thread takes the next tile that nobody has
 * taken. Within a tile the blocks come in their order, so the picture does not depend on who draws
 * what. Then rows: small holes are closed, then lit; at last the lines, and the average of the
 * canvas' samples.
 */
#include "renderer.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 64

/* Points of a surface lie up to two voxels apart. */
#define SPLAT_VOXELS 1.6

/* ---------------------------------------------------------------------------------- threads */

typedef struct crew {
    void (*work)(void *user, int i);
    void *user;
    int n;
    atomic_int next;
} crew;

static void run_crew(void *user)
{
    crew *c = user;

    for (int i; (i = atomic_fetch_add(&c->next, 1)) < c->n;)
        c->work(c->user, i);
}

void render_parallel(unsigned threads, int n, void (*work)(void *user, int i), void *user)
{
    crew c = {.work = work, .user = user, .n = n};
    omma_thread *helper[MAX_THREADS] = {NULL};
    unsigned helpers = 0;

    while (helpers + 1 < threads && helpers + 1 < (unsigned)n &&
           omma_thread_start(&helper[helpers], "omma-render", run_crew, &c) == OMMA_OK)
        helpers++; /* a thread that cannot be had is work for the others */
    run_crew(&c);
    while (helpers > 0)
        omma_thread_join(&helper[--helpers]);
}

/* ---------------------------------------------------------------------------- create, destroy */

static omma_error make_canvas(omma_renderer *r)
{
    const omma_render_options *o = &r->options;
    bool fine = o->fine && (int64_t)o->width * o->height <= OMMA_RENDER_FINE_PIXELS;
    omma_error err = canvas_init(&r->canvas, o->width, o->height, fine ? 2 : 1);

    if (err)
        return err;
    int width = r->canvas.width, height = r->canvas.height;
    size_t n = (size_t)width * (size_t)height;

    r->tiles_x = (width + SPLAT_WIDTH - 1) / SPLAT_WIDTH;
    r->tiles_y = (height + SPLAT_HEIGHT - 1) / SPLAT_HEIGHT;
    r->inverse_stride = (width + 2 * SHADE_MARGIN + 15) / 16 * 16;
    r->color = malloc(n * sizeof *r->color);
    r->closed_color = malloc(n * sizeof *r->closed_color);
    r->depth = malloc(n * sizeof *r->depth);
    r->inverse =
        calloc((size_t)r->inverse_stride * (size_t)(height + 2 * SHADE_MARGIN), sizeof(float));
    if (!r->color || !r->closed_color || !r->depth || !r->inverse)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a picture of %d x %d", o->width, o->height);
    return omma_pool_create(&r->pool, OMMA_FORMAT_RGB24, o->width, o->height);
}

/* The sparse points of a map that has nothing dense. */
static omma_error take_sparse(omma_renderer *r)
{
    omma_cloud_point *points = calloc(r->lines.point_count + 1, sizeof *points);

    if (!points)
        return omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu points", r->lines.point_count);
    for (size_t i = 0; i < r->lines.point_count; i++) {
        for (int k = 0; k < 3; k++)
            points[i].world[k] = (float)r->lines.points[i]->world[k];
        memcpy(points[i].rgb, r->lines.points[i]->rgb, 3);
    }
    omma_error err = splat_cloud_init(&r->cloud, points, r->lines.point_count);

    free(points);
    return err;
}

static omma_error take_scene(omma_renderer *r)
{
    const omma_scene *s = r->scene;
    omma_error err = OMMA_OK;

    r->has_lines = s->map && drawing_init(&r->lines, s->map) == OMMA_OK;
    if (s->cloud && s->cloud->count > 0)
        err = splat_cloud_init(&r->cloud, s->cloud->points, s->cloud->count);
    else if (s->mesh && s->mesh->triangle_count > 0)
        err = mesh_view_init(&r->mesh, s->mesh, r->tiles_x * r->tiles_y);
    else if (r->has_lines)
        err = take_sparse(r);
    if (err)
        return err;
    if (r->cloud.count == 0 && !r->mesh.corners && !r->has_lines)
        return omma_fail(OMMA_DEGENERATE, "there is nothing to draw: no points, no mesh, no poses");
    r->ranges = omma_new_array(tile_range, r->cloud.count + 1);
    return OMMA_OK;
}

static double choose_frustum(const drawing *d)
{
    double extent = 0;

    for (int k = 0; k < 3; k++) {
        double axis[3] = {k == 0, k == 1, k == 2}, low, high;

        drawing_bounds(d, axis, &low, &high);
        extent = fmax(extent, high - low);
    }
    return extent / 36;
}

static double choose_splat(const omma_renderer *r)
{
    if (r->options.splat > 0)
        return (double)r->options.splat;
    if (r->scene->cloud && r->scene->cloud->count > 0 && r->scene->cloud->voxel > 0)
        return SPLAT_VOXELS * r->scene->cloud->voxel;
    return SPLAT_VOXELS * r->cloud.spacing;
}

omma_error omma_renderer_create(omma_renderer **out, const omma_scene *s,
                                const omma_render_options *o)
{
    omma_renderer *r = omma_new(omma_renderer);

    r->scene = s;
    r->options = o ? *o : (omma_render_options){0};
    if (r->options.width == 0 && r->options.height == 0) {
        r->options.width = 1280;
        r->options.height = 720;
    }
    r->threads = r->options.threads ? r->options.threads : omma_cpu_count();
    if (r->threads > MAX_THREADS)
        r->threads = MAX_THREADS;
    r->kernels = splat_kernels_choose(omma_cpu_flags());
    omma_error err = make_canvas(r);

    if (!err)
        err = take_scene(r);
    if (err) {
        omma_renderer_destroy(&r);
        return err;
    }
    r->splat = choose_splat(r);
    r->frustum = r->has_lines ? choose_frustum(&r->lines) : 0;
    *out = r;
    return OMMA_OK;
}

void omma_renderer_destroy(omma_renderer **renderer)
{
    if (!renderer || !*renderer)
        return;
    omma_renderer *r = *renderer;

    *renderer = NULL;
    splat_cloud_finish(&r->cloud);
    mesh_view_finish(&r->mesh);
    if (r->has_lines)
        drawing_finish(&r->lines);
    canvas_finish(&r->canvas);
    free(r->color);
    free(r->closed_color);
    free(r->depth);
    free(r->inverse);
    free(r->ranges);
    omma_pool_destroy(&r->pool);
    free(r);
}

/* ------------------------------------------------------------------------------------ tiles */

static splat_view view_of_tile(const omma_renderer *r, const render_view *v, int tx, int ty)
{
    int x = tx * SPLAT_WIDTH, y = ty * SPLAT_HEIGHT;
    splat_view s = {
        .focal = (float)v->focal,
        .x0 = (float)(v->x0 - x),
        .y0 = (float)(v->y0 - y),
        .nearest = (float)v->nearest,
        .half = (float)(r->splat / 2),
        .most = 24.0f * (float)r->canvas.scale,
        .slack = (float)(1.2 * r->splat),
        .backs = r->options.both_sides,
        .facing = 127 * 0.05f,
        .width = r->canvas.width - x < SPLAT_WIDTH ? r->canvas.width - x : SPLAT_WIDTH,
        .height = r->canvas.height - y < SPLAT_HEIGHT ? r->canvas.height - y : SPLAT_HEIGHT,
    };

    for (int i = 0; i < 9; i++)
        s.R[i] = (float)v->camera_from_world.R[i];
    return s;
}

/* The block's centre in the camera: in double, for it may be far from the world's origin. */
static void block_place(const splat_block *b, const render_view *v, double at[3])
{
    double d[3] = {b->center[0] - v->eye[0], b->center[1] - v->eye[1], b->center[2] - v->eye[2]};

    for (int k = 0; k < 3; k++)
        at[k] = dot3(v->camera_from_world.R + 3 * k, d);
}

/* Pixels that a sphere's points may be seen at, along one axis of the picture. */
static void sphere_range(double x, double radius, double near, double far, double focal,
                         double middle, double room, int step, int last, int16_t *first_tile,
                         int16_t *last_tile)
{
    double low = middle - room + focal * (x - radius) / (x - radius < 0 ? near : far);
    double high = middle + room + focal * (x + radius) / (x + radius > 0 ? near : far);

    *first_tile = (int16_t)floor(fmin(fmax(low / step, 0), last + 1));
    *last_tile = (int16_t)floor(fmin(fmax(high / step, -1), last));
}

static tile_range block_range(const omma_renderer *r, const splat_block *b, const render_view *v)
{
    tile_range none = {0, 0, -1, -1}, t;
    double at[3];

    block_place(b, v, at);
    double radius = (double)b->radius * 1.001, near = at[2] - radius, far = at[2] + radius;

    if (!(far >= v->nearest) || !isfinite(far))
        return none;
    near = fmax(near, v->nearest);
    double room = 2 + fmin(24 * r->canvas.scale, v->focal * r->splat / near);

    sphere_range(at[0], radius, near, far, v->focal, v->x0, room, SPLAT_WIDTH, r->tiles_x - 1,
                 &t.x0, &t.x1);
    sphere_range(at[1], radius, near, far, v->focal, v->y0, room, SPLAT_HEIGHT, r->tiles_y - 1,
                 &t.y0, &t.y1);
    return t;
}

typedef struct tile_job {
    omma_renderer *r;
    const render_view *view;
} tile_job;

static void draw_splats(const omma_renderer *r, const render_view *v, splat_tile *t, int tx, int ty)
{
    splat_view s = view_of_tile(r, v, tx, ty);

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < r->cloud.count; i++) {
            const tile_range *range = &r->ranges[i];
            double at[3];

            if (tx < range->x0 || tx > range->x1 || ty < range->y0 || ty > range->y1)
                continue;
            block_place(&r->cloud.blocks[i], v, at);
            for (int k = 0; k < 3; k++)
                s.t[k] = (float)at[k];
            if (pass == 0)
                r->kernels->cover(t, &r->cloud.blocks[i], &s);
            else
                r->kernels->blend(t, &r->cloud.blocks[i], &s);
        }
}

static void keep_tile(omma_renderer *r, const splat_tile *t, int tx, int ty)
{
    int x = tx * SPLAT_WIDTH, y = ty * SPLAT_HEIGHT, width = r->canvas.width - x;

    if (width > SPLAT_WIDTH)
        width = SPLAT_WIDTH;
    for (int i = 0; i < SPLAT_HEIGHT && y + i < r->canvas.height; i++) {
        size_t to = (size_t)(y + i) * (size_t)r->canvas.width + (size_t)x;

        memcpy(r->depth + to, t->depth + (size_t)i * SPLAT_WIDTH, (size_t)width * sizeof(float));
        r->kernels->resolve(t->sum + (size_t)i * SPLAT_WIDTH, r->color + to, width);
    }
}

static void draw_tile(void *user, int i)
{
    tile_job *job = user;
    omma_renderer *r = job->r;
    int tx = i % r->tiles_x, ty = i / r->tiles_x;
    splat_tile tile; /* 192 KiB */

    r->kernels->clear(&tile);
    if (r->mesh.corners)
        mesh_view_draw(r, &tile, tx, ty);
    else
        draw_splats(r, job->view, &tile, tx, ty);
    keep_tile(r, &tile, tx, ty);
}

/* --------------------------------------------------------------------------------- a picture */

static void close_strip(void *user, int strip)
{
    render_close(user, strip);
}

static void light_strip(void *user, int strip)
{
    render_light(user, strip);
}

typedef struct picture_job {
    const canvas *canvas;
    omma_frame *frame;
} picture_job;

#define PICTURE_ROWS 32

static void picture_strip(void *user, int strip)
{
    const picture_job *job = user;
    int first = strip * PICTURE_ROWS, end = first + PICTURE_ROWS;

    canvas_rows(job->canvas, job->frame, first,
                end < job->frame->height ? end : job->frame->height);
}

static bool is_rigid(const omma_se3 *T)
{
    double sum = 0;

    for (int i = 0; i < 9; i++)
        sum += T->R[i] * T->R[i];
    for (int i = 0; i < 3; i++)
        sum += 0 * T->t[i]; /* NaN unless finite */
    return fabs(sum - 3) < 1e-3;
}

/* Nothing may stand right before the eye: a splat there would cover the picture. */
static double nearest_depth(const omma_renderer *r)
{
    return fmax(3 * r->splat, 1e-6);
}

omma_error omma_renderer_draw(omma_renderer *r, const omma_se3 *world_from_camera, double fov,
                              omma_frame **out)
{
    if (!is_rigid(world_from_camera))
        return omma_fail(OMMA_INVALID, "the camera's pose is not a rigid motion");
    if (!(fov >= 0.1 && fov <= 170))
        return omma_fail(OMMA_INVALID, "a field of view of %g degrees is not within 0.1 to 170",
                         fov);
    const canvas *c = &r->canvas;
    render_view v = {.camera_from_world = omma_se3_inverse(world_from_camera),
                     .focal = c->height / 2.0 / tan(fov * M_PI / 360),
                     .x0 = (c->width - 1) / 2.0,
                     .y0 = (c->height - 1) / 2.0,
                     .nearest = nearest_depth(r)};

    memcpy(v.eye, world_from_camera->t, sizeof v.eye);
    omma_frame *frame = NULL;
    omma_error err = omma_pool_get(r->pool, &frame);

    if (!err && r->mesh.corners)
        err = mesh_view_set(r, &v);
    if (err) {
        omma_frame_unref(&frame);
        return err;
    }
    for (size_t i = 0; i < r->cloud.count; i++)
        r->ranges[i] = block_range(r, &r->cloud.blocks[i], &v);
    render_parallel(r->threads, r->tiles_x * r->tiles_y, draw_tile,
                    &(tile_job){.r = r, .view = &v});
    render_parallel(r->threads, r->tiles_y, close_strip, r);
    render_parallel(r->threads, r->tiles_y, light_strip, r);
    if (r->has_lines)
        render_lines(r, &v);
    render_parallel(r->threads, (frame->height + PICTURE_ROWS - 1) / PICTURE_ROWS, picture_strip,
                    &(picture_job){.canvas = c, .frame = frame});
    *out = frame;
    return OMMA_OK;
}
