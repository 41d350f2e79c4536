/* SPDX-License-Identifier: Apache-2.0 */
/** The parts of omma_renderer: tiles of splats or triangles, then rows of light, then lines. */
#pragma once

#include "draw.h"
#include "splat.h"

/* Where a picture is taken from. The canvas is what is meant by pixels here. */
typedef struct render_view {
    omma_se3 camera_from_world;
    double eye[3]; /* world */
    double focal;  /* canvas px */
    double x0, y0; /* principal point, canvas px; (0, 0) is the centre of the first pixel */
    double nearest;
} render_view;

/* Tiles that something may be seen in: x0..x1, y0..y1, both included; x1 < x0: none. */
typedef struct tile_range {
    int16_t x0, y0, x1, y1;
} tile_range;

/* A triangle's corners in the picture: 1/16 px, inverse depth, lit colour. */
typedef struct mesh_corner {
    int32_t x, y; /* INT32_MIN: not to be drawn */
    float inverse;
    float rgb[3]; /* 0 to 255 */
} mesh_corner;

/* The mesh as it is seen, in lists for each tile. */
typedef struct mesh_view {
    mesh_corner *corners; /* one for each vertex */
    uint32_t *list;       /* triangles, tile by tile */
    size_t list_room;
    size_t *start; /* tiles + 1 */
} mesh_view;

struct omma_renderer {
    const omma_scene *scene;
    omma_render_options options;
    const splat_kernels *kernels;
    unsigned threads;

    splat_cloud cloud;
    mesh_view mesh;
    double splat; /* diameter, world unit */
    drawing lines;
    bool has_lines;
    double frustum; /* width of a pyramid's base, world unit */

    canvas canvas;
    int tiles_x, tiles_y;
    uint32_t *color, *closed_color; /* as in splat_block */
    float *depth;                   /* of splats alone; canvas.depth has holes closed */
    float *inverse;                 /* 1 / canvas.depth, with a margin of SHADE_MARGIN around it */
    int inverse_stride;
    tile_range *ranges; /* one for each block */
    omma_pool *pool;
};

#define SHADE_MARGIN 16 /* px */

/* Calls work(user, i) for every i below n, on several threads. */
void render_parallel(unsigned threads, int n, void (*work)(void *user, int i), void *user);

static inline float *inverse_row(const omma_renderer *r, int y)
{
    return r->inverse + (size_t)(y + SHADE_MARGIN) * (size_t)r->inverse_stride + SHADE_MARGIN;
}

/* renderer_mesh.c */
omma_error mesh_view_init(mesh_view *m, const omma_mesh *mesh, int tiles);
void mesh_view_finish(mesh_view *m);
/* Projects, lights and sorts into tiles. */
omma_error mesh_view_set(omma_renderer *r, const render_view *v);
/* Draws a tile's triangles: fills depth and sum. */
void mesh_view_draw(const omma_renderer *r, splat_tile *t, int tile_x, int tile_y);

/* renderer_light.c: closes holes, then lights; both for the rows of one strip of SPLAT_HEIGHT. */
void render_close(omma_renderer *r, int strip);
void render_light(omma_renderer *r, int strip);

/* renderer_lines.c */
void render_lines(omma_renderer *r, const render_view *v);
