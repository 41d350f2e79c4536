/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a recording as its places are told apart: corners, a thumbnail, and, where there
 * is truth, how much two of them show of the same. */
#pragma once

#include "described.h"

enum { THUMB_WIDTH = 40, THUMB_HEIGHT = 30 };

typedef struct look {
    uint64_t frame;
    int64_t time_ns;
    bool posed;
    omma_se3 world_from_camera;
    described corners;
    uint8_t thumb[THUMB_WIDTH * THUMB_HEIGHT];
} look;

typedef struct looks {
    size_t n;
    look *item;
    world world; /* only its camera */
    follower follower;
    bool truth;
    double corners_each, ms_each; /* mean number, CPU time of finding them */
} looks;

typedef struct looks_options {
    const char *truth; /* TUM file; NULL: what the frames carry, if anything */
    uint64_t every;    /* n-th frame */
    double focal_px;   /* 0 = the scene's, otherwise 0.9 times the width */
} looks_options;

/** Ends the program when there is nothing to be read. */
looks looks_read(const char *url, const looks_options *options);
void looks_finish(looks *l);

/**
 * Share of what one of two pictures shows that the other shows as well, the smaller of the two,
 * were the scene at half, once and twice a distance; 0 when they look more than 35 degrees apart,
 * for then corners no longer look alike.
 */
double looks_overlap(const looks *l, size_t a, size_t b, double distance);

/** Corners that agree on how the camera moved between the two. */
size_t looks_agreeing(const looks *l, size_t a, size_t b);
