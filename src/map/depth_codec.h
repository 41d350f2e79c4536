/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A depth map as few bytes: what the store holds and the map file contains.
 *
 * Depth becomes a code on a logarithmic scale, one step is a factor of e^(1/1024), so what comes
 * back is within 0.05 %; expected errors are coded likewise in 8 bits, within 2.4 %; colours as
 * YCoCg with the chroma at half the size. Each plane is predicted from its neighbours (the median
 * edge detector of LOCO-I: Weinberger, Seroussi, Sapiro, TIP 2000), and what is left compressed.
 *
 * The bytes, little-endian:
 *     0  "ODG1"
 *     4  u16 width, u16 height        cells, 1 .. 8192, at most 2^24 of them
 *     8  f32 nearest                  the depth of code 1, 1e-15 .. 1e15
 *    12  u32 flags                    1: with colours; others must be 0
 *    16  u32 n                        bytes of the rest
 *    20  one zstd frame (RFC 8878) that tells its content size: the planes one after the other,
 *        each row by row:
 *            low and then high bytes of the depth residuals, errors' residuals,
 *            and with colours the residuals of Y, Co, Cg (the latter two of size (w + 1) / 2 by
 *            (h + 1) / 2)
 * A depth residual is 0 where depth is unknown, else 1 + zigzag(code - prediction) modulo 65535;
 * the others are value - prediction modulo 256.
 */
#pragma once

#include <omma/base.h>

/* Codes are natural logarithms times this. */
#define DEPTH_CODE_STEPS 1024
#define DEPTH_CODES      65536

typedef struct depth_grid {
    int width, height;
    float nearest;  /* depth of code 1 */
    uint16_t *code; /* 0 = unknown */
    uint8_t *error; /* 0 = unknown, exactly where code is 0; else error_of_code() */
    uint8_t *rgb;   /* width x height x 3, or NULL */
} depth_grid;

/** Depth of code c is nearest * exp((c - 1) / DEPTH_CODE_STEPS). */
float depth_of_code(float nearest, uint16_t code);
/** Standard deviation / depth, 2^((code - 1) / 15 - 15): 3e-5 .. 3.8; of 0 it is 0. */
float error_of_code(uint8_t code);

/** @param error NULL: as exact as codes are  @param rgb or NULL
 *  Depth that is not finite, not positive or e^64 times the nearest counts as unknown.
 *  @return OMMA_OK (given: omma_buffer_unref; NULL when no cell is known); OMMA_INVALID (size),
 *  OMMA_NO_MEMORY. */
omma_error depth_encode(const float *depth, const float *error, const uint8_t *rgb, int width,
                        int height, omma_buffer **out);
/** Of bytes from anywhere. Fuzzed.
 *  @return OMMA_OK (given: depth_grid_finish); OMMA_FORMAT, OMMA_NO_MEMORY. */
omma_error depth_decode(const void *blob, size_t bytes, depth_grid *out);
void depth_grid_finish(depth_grid *g);
