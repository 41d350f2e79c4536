/* SPDX-License-Identifier: Apache-2.0 */
/* The painters of what is made to be looked at once: posters, rugs, books, signs, a window. */
#include "scene_paint.h"

#include <math.h>

/* One of a dozen colours that printers and weavers like. */
static void palette(uint32_t choice, float rgb[3])
{
    static const float colours[12][3] = {
        {0.70f, 0.18f, 0.15f}, {0.15f, 0.30f, 0.55f}, {0.16f, 0.42f, 0.28f}, {0.85f, 0.68f, 0.22f},
        {0.90f, 0.87f, 0.78f}, {0.18f, 0.17f, 0.20f}, {0.45f, 0.22f, 0.38f}, {0.80f, 0.45f, 0.20f},
        {0.35f, 0.52f, 0.62f}, {0.55f, 0.40f, 0.28f}, {0.62f, 0.66f, 0.55f}, {0.94f, 0.94f, 0.92f},
    };
    const float *c = colours[choice % 12];
    set(rgb, c[0], c[1], c[2]);
}

/* Whether any value lies in [low, high): painters leave out what no point shows. */
static bool any_inside(const float *x, float low, float high)
{
    bool found = false;
    for (int i = 0; i < SCENE_POINTS; i++)
        found |= inside(x[i], low, high);
    return found;
}

/* Lettering: words of made-up glyphs, 3 x 5 dots each, in rows x columns cells over the unit
 * square. */
static bool letter_at(uint32_t seed, float u, float v, int columns, int rows)
{
    float x = u * (float)columns, y = v * (float)rows;
    if (!inside(u, 0, 1) || !inside(v, 0, 1))
        return false;
    uint32_t column = (uint32_t)x, row = (uint32_t)y;
    uint32_t glyph = scene_hash(seed, column, row);
    if (glyph % 6 == 0) /* between words */
        return false;
    float gx = (fraction(x) - 0.12f) / 0.76f * 3, gy = (fraction(y) - 0.2f) / 0.6f * 5;
    if (!inside(gx, 0, 3) || !inside(gy, 0, 5))
        return false;
    uint32_t strokes = glyph >> 8 | 1u << (scene_hash(glyph, 1, 2) % 3); /* never empty */
    return strokes >> ((uint32_t)gy * 3 + (uint32_t)gx) & 1;
}

static void rug_at(uint32_t seed, float u, float v, float rgb[3])
{
    static const float b[3] = {0.85f, 0.78f, 0.62f}, c[3] = {0.16f, 0.20f, 0.36f};
    float a[3], x = u - 0.5f, y = (v - 0.5f) * 0.75f;
    float margin = fminf(fminf(u, 1 - u) * 1.35f, fminf(v, 1 - v));
    palette(scene_hash(seed, 0, 1), a);

    set(rgb, a[0], a[1], a[2]);
    float lattice = fabsf(fraction(x * 9 + 0.5f) - 0.5f) + fabsf(fraction(y * 9 + 0.5f) - 0.5f);
    if (lattice < 0.2f)
        mix(rgb, b, 1);
    else if (lattice < 0.3f)
        mix(rgb, c, 1);
    float star = fabsf(x) * 1.3f + fabsf(y) + 0.02f * (wave(6.366f * x) + wave(7.958f * y));
    if (star < 0.24f)
        mix(rgb, fraction(star * 18) < 0.5f ? b : c, 1);
    if (margin < 0.13f) {
        bool tooth = fraction((u + v) * 14) < 0.5f;
        mix(rgb, margin < 0.035f ? c : tooth ? b : a, 1);
    }
    if (inside(margin, 0.10f, 0.13f))
        mix(rgb, c, 1);
}

void scene_paint_rug(scene_dabs *d)
{
    float pile[SCENE_POINTS], wear[SCENE_POINTS];
    fractal(d, d->seed, 90, 90, 2, pile);
    fractal(d, d->seed + 1, 7, 7, 3, wear);
    for (int i = 0; i < SCENE_POINTS; i++) {
        rug_at(d->seed, d->u[i], d->v[i], d->rgb[i]);
        scale(d->rgb[i], 1 + 0.18f * pile[i] + 0.08f * wear[i]);
    }
}

static void spine_at(uint32_t seed, float u, float v, float rgb[3])
{
    float x = u * 16, ink[3];
    uint32_t book = scene_hash(seed, (uint32_t)x, 11);
    palette(book, rgb);
    palette(book / 12 + 4, ink);
    if (fabsf(ink[1] - rgb[1]) < 0.2f && rgb[1] > 0.5f)
        set(ink, 0.1f, 0.1f, 0.1f);
    else if (fabsf(ink[1] - rgb[1]) < 0.2f)
        set(ink, 0.92f, 0.88f, 0.75f);

    float across = fraction(x), along = v;
    float band = 0.06f + 0.1f * scene_hash_unit(book, 1, 1);
    if (inside(along, band, band + 0.025f) || inside(along, 1 - band - 0.025f, 1 - band))
        mix(rgb, ink, 0.9f);
    /* the title runs along the back */
    if (letter_at(book, (along - 0.25f) / 0.5f, (across - 0.2f) / 0.6f, 9, 1 + (int)(book % 2)))
        mix(rgb, ink, 0.9f);
    scale(rgb, 0.75f + 0.5f * wave(0.5f * across));
}

void scene_paint_spines(scene_dabs *d)
{
    float wear[SCENE_POINTS];
    fractal(d, d->seed, 60, 30, 3, wear);
    for (int i = 0; i < SCENE_POINTS; i++) {
        spine_at(d->seed, d->u[i], d->v[i], d->rgb[i]);
        scale(d->rgb[i], 1 + 0.1f * wear[i]);
    }
}

static void paint_ridge(scene_dabs *d, int number, const float *trees)
{
    float ridge[SCENE_POINTS], middle[SCENE_POINTS], height = 0.35f + 0.14f * (float)number;
    const float near[3] = {0.20f + 0.05f * (float)number, 0.34f - 0.03f * (float)number, 0.30f};
    uint32_t seed[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++) {
        middle[i] = 0.5f;
        seed[i] = d->seed + 20 + (uint32_t)number;
    }
    if (!any_inside(d->v, height - 0.2f, 2))
        return; /* noise is not below -1.2 */
    d->noise->fractal(seed, d->u, middle, 3, 1, 6, ridge);
    for (int i = 0; i < SCENE_POINTS; i++) {
        if (d->v[i] <= height + 0.16f * ridge[i])
            continue;
        mix(d->rgb[i], near, 0.55f + 0.12f * (float)number);
        scale(d->rgb[i], 1 + 0.35f * trees[i]);
    }
}

static void paint_landscape(scene_dabs *d)
{
    static const float haze[3] = {0.90f, 0.86f, 0.76f};
    float clouds[SCENE_POINTS], trees[SCENE_POINTS];
    fractal(d, d->seed, 4, 9, 5, clouds);
    fractal(d, d->seed + 3, 20, 30, 4, trees);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.55f, 0.70f, 0.85f);
        mix(d->rgb[i], haze, clamp01(d->v[i] * 1.6f + 0.4f * clouds[i]));
    }
    for (int k = 0; k < 4; k++)
        paint_ridge(d, k, trees);
}

static void paint_shape(scene_dabs *d, uint32_t k)
{
    float x = scene_hash_unit(d->seed, k, 1), y = scene_hash_unit(d->seed, k, 2);
    float r = 0.06f + 0.16f * scene_hash_unit(d->seed, k, 3), colour[3];
    float turns = scene_hash_unit(d->seed, k, 4), c = wave(turns + 0.25f), s = wave(turns);
    palette(scene_hash(d->seed, k, 5), colour);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float du = d->u[i] - x, dv = d->v[i] - y, a = c * du + s * dv, b = c * dv - s * du;
        bool hit = k % 3 == 0   ? a * a + b * b < r * r
                   : k % 3 == 1 ? fabsf(a) < r && fabsf(b) < 0.35f * r
                                : fabsf(a) + fabsf(b) < r && fraction(12 * a / r) < 0.6f;
        if (hit)
            set(d->rgb[i], colour[0], colour[1], colour[2]);
    }
}

static void paint_shapes(scene_dabs *d)
{
    float blotch[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++)
        palette(d->seed, d->rgb[i]);
    for (uint32_t k = 0; k < 14; k++)
        paint_shape(d, k);
    fractal(d, d->seed, 24, 24, 4, blotch);
    for (int i = 0; i < SCENE_POINTS; i++)
        scale(d->rgb[i], 1 + 0.10f * blotch[i]);
}

/* A smaller picture within this one, from (u, v), size times size. */
static void paint_inset(scene_dabs *d, scene_painter *painter, uint32_t seed, const float u[2],
                        const float v[2])
{
    if (!any_inside(d->v, v[0], v[1]) || !any_inside(d->u, u[0], u[1]))
        return;
    scene_dabs inner = *d;
    inner.seed = seed;
    for (int i = 0; i < SCENE_POINTS; i++) {
        inner.u[i] = (d->u[i] - u[0]) / (u[1] - u[0]);
        inner.v[i] = (d->v[i] - v[0]) / (v[1] - v[0]);
    }
    painter(&inner);
    for (int i = 0; i < SCENE_POINTS; i++) {
        if (inside(d->u[i], u[0], u[1]) && inside(d->v[i], v[0], v[1]))
            set(d->rgb[i], inner.rgb[i][0], inner.rgb[i][1], inner.rgb[i][2]);
    }
}

static void paint_lettering(scene_dabs *d)
{
    float ink[3], blotch[SCENE_POINTS];
    fractal(d, d->seed, 12, 12, 3, blotch);
    for (int i = 0; i < SCENE_POINTS; i++)
        palette(d->seed % 2 ? 4 : 11, d->rgb[i]);
    palette(d->seed % 4 ? 5 : 1, ink);
    paint_inset(d, (d->seed + 17) & 1 ? paint_landscape : paint_shapes, d->seed + 17,
                (const float[2]){0.08f, 0.92f}, (const float[2]){0.31f, 0.62f});
    for (int i = 0; i < SCENE_POINTS; i++) {
        float u = (d->u[i] - 0.08f) / 0.84f, v = d->v[i];
        bool big = letter_at(d->seed, u, (v - 0.06f) / 0.22f, 7, 1);
        bool small = letter_at(d->seed + 1, u, (v - 0.66f) / 0.28f, 22, 5);
        if (big || small)
            mix(d->rgb[i], ink, 0.92f);
        scale(d->rgb[i], 1 + 0.04f * blotch[i]);
    }
}

static void paint_bottle(scene_dabs *d, uint32_t k)
{
    float x = 0.15f + 0.7f * scene_hash_unit(d->seed, k, 21);
    float r = 0.07f + 0.09f * scene_hash_unit(d->seed, k, 22),
          tall = r * (1 + 0.6f * (float)(k % 3));
    float colour[3], glaze[SCENE_POINTS], du[SCENE_POINTS], dv[SCENE_POINTS], from[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++) {
        du[i] = (d->u[i] - x) / r;
        dv[i] = (d->v[i] - 0.78f + r) / tall;
        from[i] = du[i] * du[i] + dv[i] * dv[i];
    }
    if (!any_inside(from, 0, 1))
        return;
    fractal(d, d->seed + k, 20, 20, 3, glaze);
    palette(scene_hash(d->seed, k, 23), colour);
    for (int i = 0; i < SCENE_POINTS; i++) {
        if (from[i] >= 1)
            continue;
        float facing = clamp01(0.6f - 0.4f * du[i] - 0.4f * dv[i]);
        set(d->rgb[i], colour[0], colour[1], colour[2]);
        scale(d->rgb[i], 0.5f + 0.7f * sqrtf(1 - from[i]) * facing + 0.15f * glaze[i]);
    }
}

static void paint_still_life(scene_dabs *d)
{
    float back[3], blotch[SCENE_POINTS];
    palette(d->seed / 11 + 3, back);
    fractal(d, d->seed, 4, 4, 5, blotch);
    for (int i = 0; i < SCENE_POINTS; i++) {
        palette(d->seed / 7, d->rgb[i]);
        mix(d->rgb[i], back, 0.5f + 0.5f * blotch[i]);
        if (d->v[i] > 0.7f)
            scale(d->rgb[i], 0.6f);
    }
    for (uint32_t k = 0; k < 7; k++)
        paint_bottle(d, k);
}

void scene_paint_poster(scene_dabs *d)
{
    static scene_painter *const painters[4] = {paint_landscape, paint_shapes, paint_lettering,
                                               paint_still_life};
    painters[d->variant & 3](d);
    for (int i = 0; i < SCENE_POINTS; i++) {
        if (from_edge(d->u[i], d->v[i]) < 0.04f) /* mount */
            set(d->rgb[i], 0.92f, 0.91f, 0.87f);
    }
}

void scene_paint_sign(scene_dabs *d)
{
    static const float plates[4][3] = {
        {0.10f, 0.45f, 0.25f}, {0.12f, 0.25f, 0.55f}, {0.72f, 0.12f, 0.10f}, {0.90f, 0.80f, 0.20f}};
    const float *plate = plates[d->variant & 3];
    float tone = (d->variant & 3) == 3 ? 0.1f : 0.94f;
    for (int i = 0; i < SCENE_POINTS; i++) {
        float u = d->u[i], v = d->v[i], x = u - 0.2f, y = fabsf(v - 0.5f), *rgb = d->rgb[i];
        bool arrow = (y < 0.08f && inside(x, -0.02f, 0.12f)) ||
                     (inside(x, -0.12f, 0) && y < (x + 0.12f) * 1.6f);
        bool letter = letter_at(d->seed, (u - 0.38f) / 0.56f, (v - 0.15f) / 0.7f, 6, 2);
        set(rgb, plate[0], plate[1], plate[2]);
        if (arrow || letter || inside(from_edge(u, v), 0.03f, 0.05f))
            set(rgb, tone, tone, tone);
    }
}

static void house_at(float u, float v, float rgb[3])
{
    set(rgb, 0.75f, 0.62f, 0.52f);
    if (fraction(u * 14) < 0.5f && fraction(v * 12) < 0.5f) /* its windows */
        scale(rgb, 0.6f);
}

static void frame_at(float u, float v, float rgb[3])
{
    float x = fabsf(fraction(u * 2) - 0.5f), y = fabsf(fraction(v * 2) - 0.5f);
    if (x > 0.46f || y > 0.46f)
        set(rgb, 0.93f, 0.92f, 0.90f);
    if (inside(x, 0.452f, 0.46f) || inside(y, 0.452f, 0.46f))
        set(rgb, 0.55f, 0.55f, 0.56f);
}

void scene_paint_window(scene_dabs *d)
{
    static const float white[3] = {1, 1, 1}, tree[3] = {0.35f, 0.50f, 0.30f};
    float clouds[SCENE_POINTS], leaves[SCENE_POINTS], skyline[SCENE_POINTS], low[SCENE_POINTS];
    uint32_t seed[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++) {
        low[i] = 0.3f;
        seed[i] = d->seed + 1;
    }
    fractal(d, d->seed, 3, 4, 5, clouds);
    fractal(d, d->seed + 2, 16, 16, 4, leaves);
    d->noise->fractal(seed, d->u, low, 5, 1, 5, skyline);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float u = d->u[i], v = d->v[i], *rgb = d->rgb[i];
        set(rgb, 0.80f, 0.90f, 1.0f);
        mix(rgb, white, clamp01(0.5f + clouds[i]));
        if (v > 0.55f + 0.12f * skyline[i]) {
            mix(rgb, tree, 0.8f);
            scale(rgb, 1 + 0.5f * leaves[i]);
        }
        if (inside(u, 0.55f, 0.85f) && v > 0.5f)
            house_at(u, v, rgb);
        frame_at(u, v, rgb);
    }
}

static void line_of_text_at(uint32_t seed, float u, float v, float rgb[3])
{
    uint32_t row = (uint32_t)(v * 18);
    float end = 0.3f + 0.6f * scene_hash_unit(seed, row, 5);
    if (u < end && v > 0.15f && letter_at(seed, u, v, 34, 18))
        palette(scene_hash(seed, row, 6) % 3 ? 11 : 3, rgb);
}

void scene_paint_screen(scene_dabs *d)
{
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.10f, 0.12f, 0.16f);
        if (d->v[i] < 0.12f)
            set(d->rgb[i], 0.30f, 0.34f, 0.42f);
        line_of_text_at(d->seed, d->u[i], d->v[i], d->rgb[i]);
    }
    paint_inset(d, paint_landscape, d->seed, (const float[2]){0.62f, 0.94f},
                (const float[2]){0.2f, 0.62f});
    for (int i = 0; i < SCENE_POINTS; i++) {
        if (from_edge(d->u[i], d->v[i]) < 0.035f)
            set(d->rgb[i], 0.05f, 0.05f, 0.05f);
    }
}

/* One of nine papers on a pin. */
static void notice_at(uint32_t seed, uint32_t k, float u, float v, float rgb[3])
{
    static const float ink[3] = {0.15f, 0.15f, 0.2f};
    palette(k % 3 ? 11 : scene_hash(seed, k, 4), rgb);
    if (letter_at(seed + k, (u - 0.1f) / 0.8f, (v - 0.15f) / 0.75f, 9, 6))
        mix(rgb, ink, 0.85f);
    float a = u - 0.5f, b = v - 0.07f;
    if (a * a + b * b < 0.06f * 0.06f)
        set(rgb, 0.75f, 0.15f, 0.12f);
}

void scene_paint_board(scene_dabs *d)
{
    float cork[SCENE_POINTS];
    fractal(d, d->seed, 70, 70, 3, cork);
    for (int i = 0; i < SCENE_POINTS; i++) {
        set(d->rgb[i], 0.66f, 0.50f, 0.33f);
        scale(d->rgb[i], 1 + 0.25f * cork[i]);
    }
    for (uint32_t k = 0; k < 9; k++) {
        float x = 0.06f + 0.3f * (float)(k % 3) + 0.05f * scene_hash_unit(d->seed, k, 1);
        float y = 0.05f + 0.31f * (float)(k / 3) + 0.05f * scene_hash_unit(d->seed, k, 2);
        float w = 0.16f + 0.08f * scene_hash_unit(d->seed, k, 3), h = 0.24f;
        for (int i = 0; i < SCENE_POINTS; i++) {
            float u = (d->u[i] - x) / w, v = (d->v[i] - y) / h;
            if (inside(u, 0, 1) && inside(v, 0, 1))
                notice_at(d->seed, k, u, v, d->rgb[i]);
        }
    }
}
