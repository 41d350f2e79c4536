/* SPDX-License-Identifier: Apache-2.0 */
/* What one dense_estimate works on; shared by its stages. */
#pragma once

#include "semiglobal.h"
#include "sweep.h"

typedef enum dense_slot {
    SLOT_VIEW_GREY,
    SLOT_VIEW_KNOWN,
    SLOT_VIEW_CENSUS,
    SLOT_BLUR,
    SLOT_COST,
    SLOT_SUM,
    SLOT_PATHS,
    SLOT_BEST,
    SLOT_GUIDE,
    SLOT_VALUE,
    SLOT_WEIGHT,
    SLOT_GREY_VALUE,
    SLOT_GREY_WEIGHT,
    SLOT_SURFACE,
    SLOT_ERROR,
    SLOT_WORK,
    SLOT_NEIGHBOUR, /* four for each: grey, known, census, blur */
    SLOTS = SLOT_NEIGHBOUR + 4 * DENSE_MAX_NEIGHBOURS,
} dense_slot;

typedef struct scene_neighbour {
    double C[3]; /* its centre in the keyframe's camera */
    canvas canvas;
    census census;
    const uint8_t *grey; /* of the canvas, averaged over blocks of step x step */
} scene_neighbour;

typedef struct scene {
    canvas view;
    census view_census;
    int step;          /* picture px per px of the coarse depth */
    int width, height; /* coarse */
    size_t neighbours;
    scene_neighbour neighbour[DENSE_MAX_NEIGHBOURS];
    sweep_neighbour sweep[DENSE_MAX_NEIGHBOURS];
    int planes;
    double rho[DENSE_MAX_PLANES];
    double rho_step;
    uint8_t *guide;        /* width * height: grey at the coarse size */
    uint8_t *cost;         /* width * height * planes */
    semiglobal_best *best; /* width * height */
    float *value, *weight; /* width * height: planes by the sweep, and how sure */
    float *surface;        /* width * height, planes */
    float *error;          /* width * height: expected, planes */
} scene;

enum { DENSE_STAGES = 8 };

struct dense {
    void *slot[SLOTS];
    size_t bytes[SLOTS];
    dense_stage stage[DENSE_STAGES + 1];
    int stages;
    int64_t clock;
    const atomic_bool *stops; /* of the call */
    scene scene;
};

static inline bool dense_is_stopped(const dense *d)
{
    return d->stops && atomic_load_explicit(d->stops, memory_order_relaxed);
}

/** At least bytes of memory, 64-byte aligned, not zeroed; NULL when there is none. */
void *dense_room(dense *d, int slot, size_t bytes);

/* scene_pictures.c. The functions that return bool are false when there is no memory. */
bool scene_draw_view(dense *d, const dense_view *v, int width);
bool scene_draw_neighbour(dense *d, const dense_view *view, const dense_view *other, int index,
                          double rho_min, double rho_max);
/** By how many px the range of depths spreads a pixel in the picture of a neighbour at C, at most.
 */
double scene_spread_px(const canvas *c, const double C[3], double rho_min, double rho_max);

/* plane_range.c */
/** Inverse depths between which the scene lies: those of nearly all sparse points, with room.
 *  @return OMMA_OK; OMMA_DEGENERATE (fewer than least points). */
omma_error plane_range_find(const dense_seed *seeds, size_t n, int least, double *low,
                            double *high);
void plane_range_place(scene *s, double low, double high, int most);

/* cost_volume.c: ends early when it is stopped */
bool cost_volume_sweep(dense *d, const dense_seed *seeds, size_t seed_count);
bool cost_volume_smooth(dense *d);

/* depth_surface.c */
bool depth_surface_room(dense *d);
/** What the sweep and the sparse points say, and how sure. */
void depth_surface_read(scene *s, const dense_seed *seeds, size_t seed_count);
/** Planes through what the sweep knows. */
void depth_surface_fit(dense *d);
/** What the grey values say around the surface joins what the sweep said. */
void depth_surface_polish(dense *d);

/* dense_map.c */
/** All unknown. @param m untouched on failure */
omma_error dense_map_create(const scene *s, dense_map *m);
void dense_map_write(const scene *s, dense_map *m);
