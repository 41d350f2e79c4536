/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The painters of materials: what trackers meet in houses, grain, weave, mortar; sharp where things
 * are made, band-limited noise where they grew.
 */
#include "scene_paint.h"

#include <math.h>

void scene_paint_plaster(scene_dabs *d)
{
    float blotch[SCENE_POINTS], grain[SCENE_POINTS];
    fractal(d, d->seed, 5, 5, 4, blotch);
    fractal(d, d->seed + 9, 60, 60, 3, grain);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.84f, 0.83f, 0.80f);
        scale(d->rgb[i], 1 + 0.025f * blotch[i] + 0.03f * grain[i]);
    }
}

static void paper_at(float u, float v, float rgb[3])
{
    bool stripe = fraction(u * 8) < 0.5f;
    float x = fraction(u * 8) - 0.25f, y = fraction(v * 8 + (stripe ? 0 : 0.5f)) - 0.5f;
    float blossom = fabsf(x) + fabsf(y) * 0.7f;
    if (blossom < 0.2f)
        blossom += 0.03f * sinf(14 * atan2f(y, x));
    if (stripe)
        set(rgb, 0.76f, 0.73f, 0.62f);
    else
        set(rgb, 0.80f, 0.76f, 0.64f);
    if (blossom < 0.13f)
        set(rgb, 0.58f, 0.55f, 0.46f);
    if (blossom < 0.055f)
        set(rgb, 0.72f, 0.42f, 0.34f);
}

void scene_paint_wallpaper(scene_dabs *d)
{
    float blotch[SCENE_POINTS];
    fractal(d, d->seed, 12, 12, 5, blotch);
    for (int i = 0; i < SCENE_POINTS; i++) {
        paper_at(d->u[i], d->v[i], d->rgb[i]);
        scale(d->rgb[i], 1 + 0.05f * blotch[i]);
    }
}

/* Along the grain and across it; a seed for each point. */
static void paint_grain(scene_dabs *d, const float *along, const float *across, uint32_t *seed)
{
    float bend[SCENE_POINTS], fibres[SCENE_POINTS];
    d->noise->fractal(seed, along, across, 3, 6, 3, bend);
    for (int i = 0; i < SCENE_POINTS; i++)
        seed[i] += 5;
    d->noise->fractal(seed, along, across, 4, 90, 2, fibres);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float rings = wave((across[i] + 0.06f * bend[i]) * 18);
        set(d->rgb[i], 0.62f, 0.44f, 0.28f);
        scale(d->rgb[i], 1 + 0.09f * rings + 0.16f * fibres[i]);
    }
}

static void plank_at(float x, float y, uint32_t plank, float rgb[3])
{
    scale(rgb, 0.78f + 0.5f * (float)(plank % 256) / 256);
    if (fraction(y) < 0.05f || fraction(x) < 0.008f) /* gap */
        scale(rgb, 0.45f);
    float knot_u = fraction(x) - 0.2f - 0.6f * scene_hash_unit(plank, 3, 4);
    float knot_v = fraction(y) - 0.5f, knot = sqrtf(36 * knot_u * knot_u + knot_v * knot_v);
    if (plank % 3 == 0 && knot < 0.16f)
        scale(rgb, 0.6f + 2 * knot);
}

void scene_paint_planks(scene_dabs *d)
{
    enum { ROWS = 14 };
    uint32_t plank[SCENE_POINTS], seed[SCENE_POINTS];
    float x[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++) {
        uint32_t row = (uint32_t)(d->v[i] * ROWS);
        x[i] = fraction(d->u[i] + scene_hash_unit(d->seed, row, 7)) * 2;
        plank[i] = scene_hash(d->seed, row, (uint32_t)x[i]);
        seed[i] = plank[i] % 16;
    }
    paint_grain(d, d->u, d->v, seed);
    for (int i = 0; i < SCENE_POINTS; i++)
        plank_at(x[i], d->v[i] * ROWS, plank[i], d->rgb[i]);
}

static void paint_board_wood(scene_dabs *d, const float *along, const float *across)
{
    uint32_t seed[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++)
        seed[i] = d->seed;
    paint_grain(d, along, across, seed);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float a = (along[i] - 0.37f) * 2.2f, b = across[i] - 0.61f, knot = sqrtf(a * a + b * b);
        if (knot < 0.05f)
            scale(d->rgb[i], 0.65f + 7 * knot);
    }
}

void scene_paint_wood(scene_dabs *d)
{
    paint_board_wood(d, d->u, d->v);
}

static float fabric_pattern(int variant, float u, float v)
{
    if (variant == 1) { /* chequered */
        bool a = fraction(u * 8) < 0.35f, b = fraction(v * 8) < 0.35f;
        return a && b ? 0.55f : a || b ? 0.75f : 1.0f;
    }
    float x = fraction(u * 10) - 0.5f, y = fraction(v * 10) - 0.5f;
    return variant == 2 && x * x + y * y < 0.05f ? 1.6f : 1.0f; /* dotted */
}

void scene_paint_fabric(scene_dabs *d)
{
    float weft[SCENE_POINTS], warp[SCENE_POINTS], blotch[SCENE_POINTS];
    fractal(d, d->seed, 16, 200, 1, weft);
    fractal(d, d->seed + 1, 200, 16, 1, warp);
    fractal(d, d->seed + 2, 6, 6, 4, blotch);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float u = d->u[i], v = d->v[i], weave = wave(u * 64) * wave(v * 64);
        set(d->rgb[i], 0.60f, 0.60f, 0.60f);
        scale(d->rgb[i], 1 + 0.07f * weave + 0.117f * (weft[i] + warp[i]) + 0.10f * blotch[i]);
        scale(d->rgb[i], fabric_pattern(d->variant, u, v));
    }
}

static void brick_at(const scene_dabs *d, int i, float wobble, float rough, float rgb[3])
{
    enum { ROWS = 16, COLUMNS = 6 };
    float y = (d->v[i] + wobble) * ROWS + 1;
    uint32_t row = (uint32_t)y;
    float x = fraction(d->u[i] + wobble + (row & 1 ? 0.5f / COLUMNS : 0)) * COLUMNS;
    uint32_t brick = scene_hash(d->seed, row % ROWS, (uint32_t)x % COLUMNS);
    if (fraction(x) < 0.06f || fraction(y) < 0.13f) {
        set(rgb, 0.68f, 0.66f, 0.61f);
        scale(rgb, 1 + 0.08f * rough);
        return;
    }
    set(rgb, 0.62f, 0.33f, 0.25f);
    scale(rgb, (0.72f + 0.5f * (float)(brick % 997) / 997) * (1 + 0.16f * rough));
}

void scene_paint_bricks(scene_dabs *d)
{
    float wobble[SCENE_POINTS], rough[SCENE_POINTS];
    fractal(d, d->seed + 3, 20, 20, 2, wobble);
    fractal(d, d->seed + 4, 40, 40, 4, rough);
    for (int i = 0; i < SCENE_POINTS; i++)
        brick_at(d, i, 0.004f * wobble[i], rough[i], d->rgb[i]);
}

void scene_paint_carpet(scene_dabs *d)
{
    float pile[SCENE_POINTS], wear[SCENE_POINTS];
    fractal(d, d->seed, 110, 110, 2, pile);
    fractal(d, d->seed + 8, 5, 5, 4, wear);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.45f, 0.46f, 0.48f);
        scale(d->rgb[i], 1 + 0.22f * pile[i] + 0.09f * wear[i]);
    }
}

void scene_paint_tiles(scene_dabs *d)
{
    enum { N = 6 };
    float marble[SCENE_POINTS];
    fractal(d, d->seed + 2, 9, 9, 5, marble);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float x = d->u[i] * N, y = d->v[i] * N;
        uint32_t tile = scene_hash(d->seed, (uint32_t)x, (uint32_t)y);
        set(d->rgb[i], 0.66f, 0.63f, 0.58f);
        scale(d->rgb[i], 0.90f + 0.16f * (float)(tile % 509) / 509 + 0.10f * marble[i]);
        if (((uint32_t)x + (uint32_t)y) & 1 && d->variant == 1)
            scale(d->rgb[i], 0.55f);
        if (fraction(x) < 0.025f || fraction(y) < 0.025f)
            scale(d->rgb[i], 0.62f);
    }
}

void scene_paint_leaves(scene_dabs *d)
{
    float a[SCENE_POINTS], b[SCENE_POINTS];
    fractal(d, d->seed, 14, 10, 4, a);
    fractal(d, d->seed + 6, 30, 24, 3, b);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.22f, 0.40f, 0.16f);
        scale(d->rgb[i], clamp01(0.8f + 0.9f * a[i]) + 0.35f * b[i]);
    }
}

void scene_paint_metal(scene_dabs *d)
{
    float brushed[SCENE_POINTS], dirt[SCENE_POINTS];
    fractal(d, d->seed, 3, 120, 2, brushed);
    fractal(d, d->seed + 6, 6, 6, 4, dirt);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.55f, 0.56f, 0.58f);
        scale(d->rgb[i], 1 + 0.08f * brushed[i] + 0.06f * dirt[i]);
    }
}

static void door_at(float u, float v, float rgb[3])
{
    float x = fraction(u * 2) - 0.5f, y = fraction(v * 2.0f) - 0.5f;
    if (inside(fmaxf(fabsf(x) * 1.1f, fabsf(y)), 0.36f, 0.39f)) /* edge of a panel */
        scale(rgb, x + y > 0 ? 0.6f : 1.25f);
    float a = u - 0.9f, b = (v - 0.52f) * 2.2f;
    if (a * a + b * b < 0.045f * 0.045f) /* handle */
        set(rgb, 0.85f, 0.80f, 0.60f);
    if (inside(v, 0.512f, 0.528f) && inside(u, 0.8f, 0.9f))
        set(rgb, 0.88f, 0.84f, 0.66f);
    if (fminf(fminf(u, 1 - u), v * 2) < 0.03f)
        scale(rgb, 0.7f);
}

void scene_paint_door(scene_dabs *d)
{
    paint_board_wood(d, d->v, d->u);
    for (int i = 0; i < SCENE_POINTS; i++)
        door_at(d->u[i], d->v[i], d->rgb[i]);
}
