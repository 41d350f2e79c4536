/* SPDX-License-Identifier: Apache-2.0 */
/* omma eval of what is dense. */
#pragma once

#include "console.h"

typedef struct eval_values {
    bool depth, cloud, json;
    /* trajectories */
    int align;
    double max_dt;
    uint64_t expected;
    /* depth */
    bool scale;
    double truth_unit, estimate_unit, min_depth, max_depth;
    const char *frames;
    /* clouds */
    const char *trajectory, *groundtruth, *thresholds;
    double voxel, clip;
} eval_values;

/* Says how many lines were left out. */
omma_error eval_read_poses(console *c, omma_trajectory *t, const char *path);

/* @return the exit code. */
int eval_depth(console *c, const eval_values *v, const char *estimate, const char *truth);
int eval_cloud(console *c, const eval_values *v, const char *estimate, const char *truth);
