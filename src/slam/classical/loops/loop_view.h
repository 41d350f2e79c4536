/* SPDX-License-Identifier: Apache-2.0 */
/** What a keyframe shows, for comparing it with keyframes of another time. */
#pragma once

#include "follow.h"

/** A feature of known depth where the keyframe sees it. */
typedef struct loop_place {
    uint32_t feature;
    float x, y;    /* px in the picture */
    float ux, uy;  /* unrolled */
    uint8_t level; /* of the picture's pyramid */
} loop_place;

/** Where the features are by now, in the world: a copy for another thread. */
typedef struct loop_points {
    float (*at)[3]; /* NAN: not known (any more) */
    size_t n;
} loop_points;

/** loop_points_finish() releases. */
loop_points loop_points_make(const world *w);
void loop_points_finish(loop_points *p);

typedef struct loop_view {
    uint32_t keyframe;
    uint32_t n;
    loop_place *place;
    uint8_t *descriptors; /* n x 32: how the features looked first, or how they look from here */
} loop_view;

/** The places of keyframe k. loop_view_finish() releases. */
loop_view loop_view_make(const world *w, uint32_t k);
void loop_view_finish(loop_view *v);
/** Where its places are. @return n, to be released with free() */
float (*loop_view_points(const world *w, const loop_view *v))[3];

/** Takes the descriptors anew from the keyframe's picture. */
void loop_view_describe(loop_view *v, const follower *f, const omma_pyramid *picture);

/** Two places that look alike, and like no other. */
typedef struct loop_likeness {
    uint32_t a, b;
} loop_likeness;

/** @param out room for a->n @return how many */
size_t loop_view_match(const follower *f, const loop_view *a, const loop_view *b,
                       loop_likeness *out);
