/* SPDX-License-Identifier: Apache-2.0 */
/** How the camera may have moved between two views, judged by a bundle adjustment over the frames
 * in between. */
#pragma once

#include "pairs.h"

enum { MAX_POSES = MAX_BETWEEN + 2 };

/** A motion and what became of it in the bundle adjustment. */
typedef struct hypothesis {
    omma_camera camera;
    omma_se3 pose[MAX_POSES]; /* camera_from_start; start first, the newest frame last */
    int poses;
    double *rho;     /* per pair; 0 = rejected */
    double *quality; /* per pair: sigma of rho / rho */
    double *cost;    /* per pair: squared errors in sigmas, all frames, each at most COST_LIMIT */
    size_t good;
    double rms, median_quality, focal_sigma;
} hypothesis;

enum { MAX_ENTRIES = 64 };

/** All that were tried for one start, and the best of them. A wall seen twice allows two motions:
 * which one it was is known only when frames in between speak clearly for one. */
typedef struct contest {
    hypothesis best;
    size_t pairs;
    struct {
        double t[3];
        double *cost; /* per pair */
    } entry[MAX_ENTRIES];
    int entries, winner;
} contest;

/** All motions that one camera allows. @return whether one is the best now. */
bool contest_try(contest *c, const omma_camera *camera, const pair_set *p, const between *middle,
                 bool free_focal, uint64_t seed);
/** How surely the best is likelier than every other motion that was tried, in standard deviations
 * of the difference of their log likelihoods, which the pairs themselves tell (Vuong, "Likelihood
 * ratio tests for model selection and non-nested hypotheses", Econometrica 1989). INFINITY: no
 * other. */
double contest_margin(const contest *c);
void contest_finish(contest *c);
