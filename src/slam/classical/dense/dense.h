/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The depth of every pixel of one keyframe, from a handful of neighbours with known poses.
 *
 * The way of a keyframe: dense_select picks neighbours out of what is at hand; dense_estimate draws
 * all pictures as ideal pinhole cameras with the keyframe's axes (distortion and the turn during a
 * rolling shutter's readout are gone, and what is left between two views is a translation), sweeps
 * planes of constant inverse depth through the scene (Collins 1996) with a census cost (Zabih,
 * Woodfill 1994), keeps the better half of the neighbours at every pixel and plane, which copes
 * with what one of them cannot see (Kang, Szeliski, Chai 2001), smooths along eight directions
 * (Hirschmueller 2008), fits planes of all sizes through what the sweep is sure of (plane_fill.h),
 * and polishes them by the grey values themselves (photometric.h); dense_check compares the
 * finished maps of keyframes that see the same; dense_resample puts a map into the pixels of the
 * original picture.
 *
 * Everything gives the same bits for the same input, whatever the instruction set.
 *
 * Sources: Collins, "A space-sweep approach to true multi-image matching", CVPR 1996; Zabih,
 * Woodfill, "Non-parametric local transforms for computing visual correspondence", ECCV 1994; Kang,
 * Szeliski, Chai, "Handling occlusions in dense multi-view stereo", CVPR 2001; Hirschmueller,
 * "Stereo processing by semiglobal matching and mutual information", PAMI 2008.
 */
#pragma once

#include <omma/frame.h>
#include <omma/geometry.h>

#include <stdatomic.h>

enum {
    DENSE_MAX_NEIGHBOURS = 8,
    DENSE_MAX_PLANES = 128,
};

/** One picture, where it was taken and how the camera turned meanwhile. Everything borrowed. */
typedef struct dense_view {
    const omma_pyramid *picture; /* grey; level 0 has camera's size */
    omma_camera camera;
    omma_se3 camera_from_world; /* when the middle row was exposed */
    double turn[3];             /* angular velocity in the camera, rad / s; 0 = unknown */
    double readout;             /* of a rolling shutter, s from the first row to the last */
} dense_view;

/** A sparse point that the keyframe saw (or, with sigma 0, that is only known to lie in front). */
typedef struct dense_seed {
    float x, y;  /* normalised: the ray (x, y, 1) in the keyframe's camera */
    float rho;   /* 1 / z there, 1 / units of the map */
    float sigma; /* standard deviation of rho; 0 = bounds the range, says nothing of its pixel */
} dense_seed;

/** Quality; all 0 is the default. */
typedef struct dense_options {
    int width;     /* of the finest pictures used, px: the pyramid level nearest to it; 0 = 640 */
    int planes;    /* at most; 0 = 96; rounded up to 32, at most DENSE_MAX_PLANES */
    int passes;    /* of the polish; 0 = 1, < 0 = none */
    int min_seeds; /* fewer seeds bound nothing; 0 = 8 */
    const atomic_bool *stops; /* borrowed: the call ends soon once it is true; NULL = never */
} dense_options;

/** Depth as an ideal pinhole camera with the keyframe's axes sees it: half the pictures' size when
 * they are at least 400 px wide, else as large. */
typedef struct dense_map {
    int width, height;
    double fx, fy, cx, cy; /* px of this map */
    float *depth;          /* width * height, z in units of the map; 0 = unknown */
    float *error;          /* width * height: expected relative error of depth (the median of
                              |z - truth| / truth over pixels of this value), 1 = no idea */
} dense_map;

void dense_map_finish(dense_map *m);

typedef struct dense_stage {
    const char *name; /* static */
    int64_t cpu_ns;   /* of the last call */
} dense_stage;

/** Working memory, kept from call to call (about 45 MB at the default size). One thread at a time.
 */
typedef struct dense dense;

dense *dense_create(void);
void dense_destroy(dense **d);
/** What the last dense_estimate spent; borrowed, ends with a NULL name. */
const dense_stage *dense_stages(const dense *d);

/**
 * Which of n candidates to use as neighbours of a view: parallax of 2 to 15 degrees at the median
 * depth of the seeds, nearly the same direction and the same part of the scene, on different sides.
 *
 * @param candidate camera_from_world of each; the view itself among them does no harm
 * @param seeds     of the view; at least one
 * @param chosen    at most max indices of candidates, best first
 * @return how many; 0 when the camera only turned.
 * Thread-safe: yes. Source of the score: Goesele et al., "Multi-view stereo for community photo
 * collections", ICCV 2007.
 */
size_t dense_select(const omma_se3 *view, const omma_camera *camera, const omma_se3 *candidate,
                    size_t n, const dense_seed *seeds, size_t seed_count, size_t max,
                    size_t *chosen);

/**
 * @param view, neighbours, seeds, options borrowed; options may be NULL
 * @param out  overwritten (not released before); untouched on failure. Where no neighbour has
 *             parallax all is 0: unknown.
 * @return OMMA_OK (dense_map_finish); OMMA_INVALID (a picture or camera that cannot be, a seed not
 *         finite); OMMA_DEGENERATE (too few seeds before the camera to bound the depth);
 *         OMMA_INTERRUPTED (stops); OMMA_NO_MEMORY.
 */
omma_error dense_estimate(dense *d, const dense_view *view, const dense_view *neighbours,
                          size_t neighbour_count, const dense_seed *seeds, size_t seed_count,
                          const dense_options *options, dense_map *out);

/** A finished map and where it stands. */
typedef struct dense_witness {
    const dense_map *map;
    omma_se3 camera_from_world;
} dense_witness;

/**
 * Compares a map with those of other keyframes: a pixel's error falls where others saw the same
 * depth, and rises where they see through it or are certain of something else. Depths of pixels
 * that agree become the weighted mean.
 * @param map changed in place; the witnesses are borrowed and must not include it
 */
void dense_check(dense_map *map, const omma_se3 *camera_from_world, const dense_witness *witness,
                 size_t witness_count);

/**
 * A map in the pixels of the picture it belongs to (distortion and rolling shutter as in the view).
 * Between the map's pixels it is linear in inverse depth, but never across a jump.
 *
 * @param depth, error width * height floats each, row-major; error may be NULL
 * @param width, height usually those of view->camera
 */
omma_error dense_resample(const dense_map *m, const dense_view *view, int width, int height,
                          float *depth, float *error);
