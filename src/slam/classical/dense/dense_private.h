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
    scene scene;
};

/** At least bytes of memory, 64-byte aligned, not zeroed; NULL when there is none. */
void *dense_room(dense *d, int slot, size_t bytes);
