/* SPDX-License-Identifier: Apache-2.0 */
/** How the camera may have moved between two views, judged by a bundle adjustment over the frames
 * in between. */
#pragma once

#include "pairs.h"

enum { MAX_POSES = MAX_BETWEEN + 2 };

/* A motion and what became of it in the bundle adjustment. */
typedef struct hypothesis {
    omma_camera camera;
    omma_se3 pose[MAX_POSES]; /* camera_from_start; start first, the newest frame last */
    int poses;
    double *rho;     /* per pair; 0 = rejected */
    double *quality; /* per pair: sigma of rho / rho */
    size_t good;
    double rms, median_quality, parallax, focal_sigma;
} hypothesis;

/** All motions that one camera allows; the best verified one replaces *best if better. */
void hypothesis_try(const omma_camera *camera, const pair_set *p, const between *middle,
                    bool free_focal, uint64_t seed, hypothesis *best);
bool hypothesis_is_better(const hypothesis *a, const hypothesis *b);
void hypothesis_free(hypothesis *h);
