/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Textures of synthetic scenes: square mip pyramids in full-range Y'CbCr (BT.601), so that grey
 * light scales a texel's luma and chroma alike and a picture needs no colour conversion.
 */
#pragma once

#include <omma/base.h>

#define SCENE_TEXTURE_SIZE   512
#define SCENE_TEXTURE_LEVELS 10

/* What can be painted. Those that tile repeat without a seam; the others are made to be seen once.
 */
typedef enum scene_paint {
    SCENE_PLASTER,   /* tiles */
    SCENE_WALLPAPER, /* tiles */
    SCENE_PLANKS,    /* tiles */
    SCENE_WOOD,      /* tiles */
    SCENE_FABRIC,    /* tiles */
    SCENE_BRICKS,    /* tiles */
    SCENE_CARPET,    /* tiles */
    SCENE_TILES,     /* tiles */
    SCENE_LEAVES,    /* tiles */
    SCENE_METAL,     /* tiles */
    SCENE_RUG,
    SCENE_SPINES, /* 16 backs of books side by side */
    SCENE_POSTER,
    SCENE_DOOR,
    SCENE_SIGN,
    SCENE_WINDOW,
    SCENE_SCREEN,
    SCENE_BOARD, /* notices pinned on cork */
} scene_paint;

/**
 * Level of size s (512, 256 .. 1) lies at texels[s * s]; texel (u, v) of it at s * s + v * s + u.
 * A texel is Y | Cb << 8 | Cr << 16. What is small in the world has no level 0: its texels would be
 * finer than those of the walls behind it.
 */
typedef struct scene_texture {
    scene_paint paint;
    int variant;
    int finest;       /* first level: 0 = 512 x 512, 1 = 256 x 256 */
    uint32_t *texels; /* 2 * size * size; free() */
} scene_texture;

/** @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error scene_texture_create(scene_texture *out, scene_paint paint, int variant, uint64_t seed);
