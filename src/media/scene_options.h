/* SPDX-License-Identifier: Apache-2.0 */
/** What stands behind "synthetic:". */
#pragma once

#include <omma/media.h>

#include "scene_path.h"
#include "scene_world.h"

/* One of the embedded scenes. */
typedef struct scene_recipe {
    const char *name;
    void (*build)(scene_world *w);
    omma_se3 (*pose)(double time_s, uint64_t seed);
    uint64_t frames; /* unless told */
    double ambient;
} scene_recipe;

typedef struct scene_options {
    const scene_recipe *recipe;
    uint64_t seed;
    uint64_t frames; /* 0 = endless */
    int width, height;
    double rate;
    double fov;      /* horizontal, degrees */
    double blur;     /* how long the shutter is open, in frames */
    double exposure; /* how much the brightness wanders, stops */
    double noise;    /* deviation, grey levels */
} scene_options;

/** @return OMMA_OK; OMMA_UNSUPPORTED with a sentence that lists what there is. */
omma_error scene_options_parse(scene_options *out, const char *spec,
                               const omma_source_options *wishes);
