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
 * A texel is Y | Cb << 8 | Cr << 16.
 */
typedef struct scene_texture {
    scene_paint paint;
    int variant;
    uint32_t *texels; /* 2 * 512 * 512; free() */
} scene_texture;

/** @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error scene_texture_create(scene_texture *out, scene_paint paint, int variant, uint64_t seed);

/** Colour, 0..1 sRGB, of a picture at (u, v) in [0, 1): scene_paint.c. */
void scene_paint_at(scene_paint paint, int variant, uint32_t seed, float u, float v, float rgb[3]);

/** A well-mixed hash of three numbers: the finaliser of MurmurHash3 (Appleby, public domain) over a
 *  linear mix of them. */
static inline uint32_t scene_hash(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t h =
        a * 0x9e3779b1u ^ (b * 0x85ebca77u + 0x165667b1u) ^ (c * 0xc2b2ae3du + 0x27d4eb2fu);
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

/** The same as a number in [0, 1). */
static inline float scene_hash_unit(uint32_t a, uint32_t b, uint32_t c)
{
    return (float)(int32_t)(scene_hash(a, b, c) >> 8) * (1.0f / 16777216.0f);
}

/** Value noise in [-1, 1] on a lattice of fu x fv cells over the unit square, repeating. */
float scene_noise(uint32_t seed, float u, float v, int fu, int fv);
/** Octaves of it, each at twice the frequency and half the height; about [-1, 1]. */
float scene_fractal(uint32_t seed, float u, float v, int fu, int fv, int octaves);
