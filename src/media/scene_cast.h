/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The two inner loops of the scene caster, over 64 rays at a time: what does each ray hit, and
 * which colour is it there. Plain C that compilers vectorise; the twins are the same source
 * compiled for AVX2 and AVX-512, and as every operation is one of IEEE 754 they give the same
 * bytes.
 */
#pragma once

#include "scene_world.h"

#define SCENE_RAYS 64

/* A shape as one camera sees it: local direction of a ray = d[axis] . (x, y, 1). */
typedef struct scene_view {
    scene_kind kind;
    float d[3][3];
    float low[3], high[3]; /* the faces, from the camera, along the local axes */
    float origin[3];       /* the camera, local */
    float radius;
    float nearest;      /* no point has a smaller z than this */
    int x0, y0, x1, y1; /* pixels that may see it, x1 and y1 excluded */
    const scene_surface *surface;
} scene_view;

/* Pixel positions from the principal point; z depth; and which face: view * 8 + face, -1 = none. */
typedef struct scene_rays {
    _Alignas(64) float x[SCENE_RAYS];
    _Alignas(64) float y[SCENE_RAYS];
    _Alignas(64) float z[SCENE_RAYS];
    _Alignas(64) int32_t face[SCENE_RAYS];
} scene_rays;

/* Full-range Y'CbCr in grey levels, chroma around 0; not yet clipped. */
typedef struct scene_colours {
    _Alignas(64) float luma[SCENE_RAYS];
    _Alignas(64) float cb[SCENE_RAYS];
    _Alignas(64) float cr[SCENE_RAYS];
} scene_colours;

typedef struct scene_kernels {
    /* Fills z and face from x and y. list: indices into views, nearest first. */
    void (*cast)(scene_rays *rays, const scene_view *views, const uint16_t *list, size_t count);
    /* pixel: radians that a pixel covers. */
    void (*shade)(scene_colours *colours, const scene_rays *rays, const scene_view *views,
                  float pixel);
} scene_kernels;

extern const scene_kernels scene_kernels_scalar, scene_kernels_avx2, scene_kernels_avx512;

/** The fastest that cpu (omma_cpu_flags) allows. */
const scene_kernels *scene_kernels_choose(unsigned cpu);
