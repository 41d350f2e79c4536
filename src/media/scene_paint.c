/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The painters: each says the colour of one point of its picture. They draw what trackers meet in
 * houses: grain, weave, mortar, lettering, drawings; sharp where things are drawn, band-limited
 * noise where they grew.
 */
#include "scene_texture.h"

#include <math.h>

typedef struct point {
    uint32_t seed;
    int variant;
    float u, v;
} point;

static float clamp01(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static float fraction(float x)
{
    float below = x - (float)(int)x;
    return below < 0 ? below + 1 : below;
}

static void set(float rgb[3], float r, float g, float b)
{
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
}

static void scale(float rgb[3], float k)
{
    for (int c = 0; c < 3; c++)
        rgb[c] *= k;
}

static void mix(float rgb[3], const float other[3], float share)
{
    for (int c = 0; c < 3; c++)
        rgb[c] += share * (other[c] - rgb[c]);
}

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

static bool inside(float x, float low, float high)
{
    return x >= low && x < high;
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

static void paint_plaster(const point *p, float rgb[3])
{
    float blotch = scene_fractal(p->seed, p->u, p->v, 5, 5, 4);
    float grain = scene_fractal(p->seed + 9, p->u, p->v, 60, 60, 3);
    set(rgb, 0.84f, 0.83f, 0.80f);
    scale(rgb, 1 + 0.025f * blotch + 0.03f * grain);
}

static void paint_wallpaper(const point *p, float rgb[3])
{
    float stripe = sinf(p->u * 8 * 6.2831853f) > 0 ? 1.0f : 0.0f;
    float x = fraction(p->u * 8) - 0.25f, y = fraction(p->v * 8 + (stripe > 0 ? 0 : 0.5f)) - 0.5f;
    float blossom = fabsf(x) + fabsf(y) * 0.7f + 0.03f * sinf(14 * atan2f(y, x));
    set(rgb, 0.80f, 0.76f, 0.64f);
    if (stripe > 0)
        set(rgb, 0.76f, 0.73f, 0.62f);
    if (blossom < 0.13f)
        set(rgb, 0.58f, 0.55f, 0.46f);
    if (blossom < 0.055f)
        set(rgb, 0.72f, 0.42f, 0.34f);
    scale(rgb, 1 + 0.05f * scene_fractal(p->seed, p->u, p->v, 12, 12, 5));
}

static void grain(const point *p, float along, float across, uint32_t seed, float rgb[3])
{
    (void)p;
    float bend = 0.06f * scene_fractal(seed, along, across, 3, 6, 3);
    float rings = sinf((across + bend) * 18 * 6.2831853f);
    float fibres = scene_fractal(seed + 5, along, across, 4, 90, 2);
    set(rgb, 0.62f, 0.44f, 0.28f);
    scale(rgb, 1 + 0.09f * rings + 0.16f * fibres);
}

static void paint_planks(const point *p, float rgb[3])
{
    enum { ROWS = 14 };
    float y = p->v * ROWS;
    uint32_t row = (uint32_t)y;
    float shift = scene_hash_unit(p->seed, row, 7);
    float x = fraction(p->u + shift) * 2;
    uint32_t plank = scene_hash(p->seed, row, (uint32_t)x);
    grain(p, p->u, p->v, plank % 16, rgb);
    scale(rgb, 0.78f + 0.5f * (float)(plank % 256) / 256);
    bool gap = fraction(y) < 0.05f || fraction(x) < 0.008f;
    if (gap)
        scale(rgb, 0.45f);
    float knot_u = fraction(x) - 0.2f - 0.6f * scene_hash_unit(plank, 3, 4);
    float knot = hypotf(knot_u * 6, fraction(y) - 0.5f);
    if (plank % 3 == 0 && knot < 0.16f)
        scale(rgb, 0.6f + 2 * knot);
}

static void paint_wood(const point *p, float rgb[3])
{
    grain(p, p->u, p->v, p->seed, rgb);
    float knot = hypotf((p->u - 0.37f) * 2.2f, p->v - 0.61f);
    if (knot < 0.05f)
        scale(rgb, 0.65f + 7 * knot);
}

static void paint_fabric(const point *p, float rgb[3])
{
    float weave = sinf(p->u * 64 * 6.2831853f) * sinf(p->v * 64 * 6.2831853f);
    float thread =
        scene_noise(p->seed, p->u, p->v, 16, 200) + scene_noise(p->seed + 1, p->u, p->v, 200, 16);
    float blotch = scene_fractal(p->seed + 2, p->u, p->v, 6, 6, 4);
    set(rgb, 0.60f, 0.60f, 0.60f);
    scale(rgb, 1 + 0.07f * weave + 0.07f * thread + 0.10f * blotch);
    if (p->variant == 1) { /* chequered */
        bool a = fraction(p->u * 8) < 0.35f, b = fraction(p->v * 8) < 0.35f;
        scale(rgb, a && b ? 0.55f : a || b ? 0.75f : 1.0f);
    }
    if (p->variant == 2) { /* dotted */
        float x = fraction(p->u * 10) - 0.5f, y = fraction(p->v * 10) - 0.5f;
        if (x * x + y * y < 0.05f)
            scale(rgb, 1.6f);
    }
}

static void paint_bricks(const point *p, float rgb[3])
{
    enum { ROWS = 16, COLUMNS = 6 };
    float wobble = 0.004f * scene_fractal(p->seed + 3, p->u, p->v, 20, 20, 2);
    float y = (p->v + wobble) * ROWS + 1;
    uint32_t row = (uint32_t)y;
    float x = fraction(p->u + wobble + (row & 1 ? 0.5f / COLUMNS : 0)) * COLUMNS;
    uint32_t brick = scene_hash(p->seed, row % ROWS, (uint32_t)x % COLUMNS);
    float rough = scene_fractal(p->seed + 4, p->u, p->v, 40, 40, 4);
    if (fraction(x) < 0.06f || fraction(y) < 0.13f) {
        set(rgb, 0.68f, 0.66f, 0.61f);
        scale(rgb, 1 + 0.08f * rough);
        return;
    }
    set(rgb, 0.62f, 0.33f, 0.25f);
    float tone = 0.72f + 0.5f * (float)(brick % 997) / 997;
    scale(rgb, tone * (1 + 0.16f * rough));
}

static void paint_carpet(const point *p, float rgb[3])
{
    float pile = scene_fractal(p->seed, p->u, p->v, 110, 110, 2);
    float wear = scene_fractal(p->seed + 8, p->u, p->v, 5, 5, 4);
    set(rgb, 0.45f, 0.46f, 0.48f);
    scale(rgb, 1 + 0.22f * pile + 0.09f * wear);
}

static void paint_tiles(const point *p, float rgb[3])
{
    enum { N = 6 };
    float x = p->u * N, y = p->v * N;
    uint32_t tile = scene_hash(p->seed, (uint32_t)x, (uint32_t)y);
    float marble = scene_fractal(p->seed + 2, p->u, p->v, 9, 9, 5);
    set(rgb, 0.66f, 0.63f, 0.58f);
    scale(rgb, 0.90f + 0.16f * (float)(tile % 509) / 509 + 0.10f * marble);
    if (((uint32_t)x + (uint32_t)y) & 1 && p->variant == 1)
        scale(rgb, 0.55f);
    if (fraction(x) < 0.025f || fraction(y) < 0.025f)
        scale(rgb, 0.62f);
}

static void paint_leaves(const point *p, float rgb[3])
{
    float a = scene_fractal(p->seed, p->u, p->v, 14, 10, 4);
    float b = scene_fractal(p->seed + 6, p->u, p->v, 30, 24, 3);
    set(rgb, 0.22f, 0.40f, 0.16f);
    scale(rgb, clamp01(0.8f + 0.9f * a) + 0.35f * b);
}

static void paint_metal(const point *p, float rgb[3])
{
    float brushed = scene_fractal(p->seed, p->u, p->v, 3, 120, 2);
    float dirt = scene_fractal(p->seed + 6, p->u, p->v, 6, 6, 4);
    set(rgb, 0.55f, 0.56f, 0.58f);
    scale(rgb, 1 + 0.08f * brushed + 0.06f * dirt);
}

static void paint_rug(const point *p, float rgb[3])
{
    float from_edge = fminf(fminf(p->u, 1 - p->u) * 1.35f, fminf(p->v, 1 - p->v));
    float x = p->u - 0.5f, y = (p->v - 0.5f) * 0.75f;
    float a[3], b[3], c[3];
    palette(scene_hash(p->seed, 0, 1), a);
    set(b, 0.85f, 0.78f, 0.62f);
    set(c, 0.16f, 0.20f, 0.36f);

    set(rgb, a[0], a[1], a[2]);
    float lattice = fabsf(fraction(x * 9 + 0.5f) - 0.5f) + fabsf(fraction(y * 9 + 0.5f) - 0.5f);
    if (lattice < 0.2f)
        mix(rgb, b, 1);
    else if (lattice < 0.3f)
        mix(rgb, c, 1);
    float star = fabsf(x) * 1.3f + fabsf(y) + 0.02f * sinf(40 * x) + 0.02f * sinf(50 * y);
    if (star < 0.24f)
        mix(rgb, fraction(star * 18) < 0.5f ? b : c, 1);
    if (from_edge < 0.13f) {
        bool tooth = fraction((p->u + p->v) * 14) < 0.5f;
        mix(rgb, from_edge < 0.035f ? c : tooth ? b : a, 1);
    }
    if (inside(from_edge, 0.10f, 0.13f))
        mix(rgb, c, 1);
    scale(rgb, 1 + 0.18f * scene_fractal(p->seed, p->u, p->v, 90, 90, 2) +
                   0.08f * scene_fractal(p->seed + 1, p->u, p->v, 7, 7, 3));
}

static void paint_spines(const point *p, float rgb[3])
{
    float x = p->u * 16;
    uint32_t book = scene_hash(p->seed, (uint32_t)x, 11);
    float ink[3];
    palette(book, rgb);
    palette(book / 12 + 4, ink);
    if (fabsf(ink[1] - rgb[1]) < 0.2f)
        set(ink, rgb[1] > 0.5f ? 0.1f : 0.92f, rgb[1] > 0.5f ? 0.1f : 0.88f,
            rgb[1] > 0.5f ? 0.1f : 0.75f);

    float across = fraction(x), along = p->v;
    float band = 0.06f + 0.1f * scene_hash_unit(book, 1, 1);
    if (inside(along, band, band + 0.025f) || inside(along, 1 - band - 0.025f, 1 - band))
        mix(rgb, ink, 0.9f);
    /* the title runs along the back */
    if (letter_at(book, (along - 0.25f) / 0.5f, (across - 0.2f) / 0.6f, 9, 1 + (int)(book % 2)))
        mix(rgb, ink, 0.9f);
    scale(rgb, (0.75f + 0.5f * sinf(3.1415926f * across)) *
                   (1 + 0.1f * scene_fractal(p->seed, p->u, p->v, 60, 30, 3)));
}

static void paint_landscape(const point *p, float rgb[3])
{
    float sky[3] = {0.55f, 0.70f, 0.85f}, haze[3] = {0.90f, 0.86f, 0.76f};
    set(rgb, sky[0], sky[1], sky[2]);
    mix(rgb, haze, clamp01(p->v * 1.6f + 0.4f * scene_fractal(p->seed, p->u, p->v, 4, 9, 5)));
    for (int i = 0; i < 4; i++) {
        float ridge = 0.35f + 0.14f * (float)i +
                      0.16f * scene_fractal(p->seed + 20 + (uint32_t)i, p->u, 0.5f, 3, 1, 6);
        if (p->v > ridge) {
            float near[3] = {0.20f + 0.05f * (float)i, 0.34f - 0.03f * (float)i, 0.30f};
            mix(rgb, near, 0.55f + 0.12f * (float)i);
            scale(rgb, 1 + 0.35f * scene_fractal(p->seed + 3, p->u, p->v, 20, 30, 4));
        }
    }
}

static void paint_shapes(const point *p, float rgb[3])
{
    palette(p->seed, rgb);
    for (uint32_t i = 0; i < 14; i++) {
        float x = scene_hash_unit(p->seed, i, 1), y = scene_hash_unit(p->seed, i, 2);
        float r = 0.06f + 0.16f * scene_hash_unit(p->seed, i, 3);
        float angle = 6.28f * scene_hash_unit(p->seed, i, 4), du = p->u - x, dv = p->v - y;
        float a = cosf(angle) * du + sinf(angle) * dv, b = cosf(angle) * dv - sinf(angle) * du;
        bool hit = i % 3 == 0   ? a * a + b * b < r * r
                   : i % 3 == 1 ? fabsf(a) < r && fabsf(b) < 0.35f * r
                                : fabsf(a) + fabsf(b) < r && fraction(12 * a / r) < 0.6f;
        if (hit)
            palette(scene_hash(p->seed, i, 5), rgb);
    }
    scale(rgb, 1 + 0.10f * scene_fractal(p->seed, p->u, p->v, 24, 24, 4));
}

static void paint_lettering(const point *p, float rgb[3])
{
    float ink[3];
    palette(p->seed % 2 ? 4 : 11, rgb);
    palette(p->seed % 4 ? 5 : 1, ink);
    float v = p->v;
    bool big = letter_at(p->seed, (p->u - 0.08f) / 0.84f, (v - 0.06f) / 0.22f, 7, 1);
    bool small = letter_at(p->seed + 1, (p->u - 0.08f) / 0.84f, (v - 0.66f) / 0.28f, 22, 5);
    if (inside(v, 0.31f, 0.62f) && inside(p->u, 0.08f, 0.92f)) {
        point inner = *p;
        inner.seed += 17;
        inner.v = (v - 0.31f) / 0.31f;
        inner.seed & 1 ? paint_landscape(&inner, rgb) : paint_shapes(&inner, rgb);
    }
    if (big || small)
        mix(rgb, ink, 0.92f);
    scale(rgb, 1 + 0.04f * scene_fractal(p->seed, p->u, p->v, 12, 12, 3));
}

static void paint_still_life(const point *p, float rgb[3])
{
    float back[3];
    palette(p->seed / 7, rgb);
    palette(p->seed / 11 + 3, back);
    mix(rgb, back, 0.5f + 0.5f * scene_fractal(p->seed, p->u, p->v, 4, 4, 5));
    if (p->v > 0.7f)
        scale(rgb, 0.6f);
    for (uint32_t i = 0; i < 7; i++) {
        float x = 0.15f + 0.7f * scene_hash_unit(p->seed, i, 21);
        float r = 0.07f + 0.09f * scene_hash_unit(p->seed, i, 22);
        float du = (p->u - x) / r, dv = (p->v - 0.78f + r) / (r * (1 + 0.6f * (float)(i % 3)));
        float d = du * du + dv * dv;
        if (d < 1) {
            palette(scene_hash(p->seed, i, 23), rgb);
            float light = 0.5f + 0.7f * sqrtf(1 - d) * clamp01(0.6f - 0.4f * du - 0.4f * dv);
            scale(rgb, light + 0.15f * scene_fractal(p->seed + i, p->u, p->v, 20, 20, 3));
        }
    }
}

static void paint_poster(const point *p, float rgb[3])
{
    switch (p->variant % 4) {
    case 0:
        paint_landscape(p, rgb);
        break;
    case 1:
        paint_shapes(p, rgb);
        break;
    case 2:
        paint_lettering(p, rgb);
        break;
    default:
        paint_still_life(p, rgb);
    }
    float from_edge = fminf(fminf(p->u, 1 - p->u), fminf(p->v, 1 - p->v));
    if (from_edge < 0.04f) /* mount */
        set(rgb, 0.92f, 0.91f, 0.87f);
}

static void paint_door(const point *p, float rgb[3])
{
    point turned = *p;
    turned.u = p->v;
    turned.v = p->u;
    paint_wood(&turned, rgb);
    float x = fraction(p->u * 2) - 0.5f, y = fraction(p->v * 2.0f) - 0.5f;
    float panel = fmaxf(fabsf(x) * 1.1f, fabsf(y));
    if (inside(panel, 0.36f, 0.39f))
        scale(rgb, x + y > 0 ? 0.6f : 1.25f);
    float handle = hypotf(p->u - 0.9f, (p->v - 0.52f) * 2.2f);
    if (handle < 0.045f)
        set(rgb, 0.85f, 0.80f, 0.60f);
    if (inside(p->v, 0.512f, 0.528f) && inside(p->u, 0.8f, 0.9f))
        set(rgb, 0.88f, 0.84f, 0.66f);
    if (fminf(fminf(p->u, 1 - p->u), p->v * 2) < 0.03f)
        scale(rgb, 0.7f);
}

static void paint_sign(const point *p, float rgb[3])
{
    float ink[3] = {0.95f, 0.95f, 0.93f};
    static const float plates[4][3] = {
        {0.10f, 0.45f, 0.25f}, {0.12f, 0.25f, 0.55f}, {0.72f, 0.12f, 0.10f}, {0.90f, 0.80f, 0.20f}};
    const float *plate = plates[p->variant & 3];
    set(rgb, plate[0], plate[1], plate[2]);
    if ((p->variant & 3) == 3)
        set(ink, 0.1f, 0.1f, 0.1f);
    float x = p->u - 0.2f, y = p->v - 0.5f;
    bool arrow = (fabsf(y) < 0.08f && inside(x, -0.02f, 0.12f)) ||
                 (inside(x, -0.12f, 0) && fabsf(y) < (x + 0.12f) * 1.6f);
    if (arrow || letter_at(p->seed, (p->u - 0.38f) / 0.56f, (p->v - 0.15f) / 0.7f, 6, 2))
        mix(rgb, ink, 1);
    float from_edge = fminf(fminf(p->u, 1 - p->u), fminf(p->v, 1 - p->v));
    if (inside(from_edge, 0.03f, 0.05f))
        mix(rgb, ink, 1);
}

static void paint_window(const point *p, float rgb[3])
{
    set(rgb, 0.80f, 0.90f, 1.0f);
    float cloud = scene_fractal(p->seed, p->u, p->v, 3, 4, 5);
    float white[3] = {1, 1, 1}, tree[3] = {0.35f, 0.50f, 0.30f}, house[3] = {0.75f, 0.62f, 0.52f};
    mix(rgb, white, clamp01(0.5f + cloud));
    float skyline = 0.55f + 0.12f * scene_fractal(p->seed + 1, p->u, 0.3f, 5, 1, 5);
    if (p->v > skyline) {
        mix(rgb, tree, 0.8f);
        scale(rgb, 1 + 0.5f * scene_fractal(p->seed + 2, p->u, p->v, 16, 16, 4));
    }
    if (inside(p->u, 0.55f, 0.85f) && p->v > 0.5f) {
        mix(rgb, house, 1);
        bool pane = fraction(p->u * 14) < 0.5f && fraction(p->v * 12) < 0.5f;
        scale(rgb, pane ? 0.6f : 1);
    }
    float x = fabsf(fraction(p->u * 2) - 0.5f), y = fabsf(fraction(p->v * 2) - 0.5f);
    if (x > 0.46f || y > 0.46f)
        set(rgb, 0.93f, 0.92f, 0.90f);
    if (inside(x, 0.452f, 0.46f) || inside(y, 0.452f, 0.46f))
        set(rgb, 0.55f, 0.55f, 0.56f);
}

static void paint_screen(const point *p, float rgb[3])
{
    set(rgb, 0.10f, 0.12f, 0.16f);
    float from_edge = fminf(fminf(p->u, 1 - p->u), fminf(p->v, 1 - p->v));
    if (from_edge < 0.035f) {
        set(rgb, 0.05f, 0.05f, 0.05f);
        return;
    }
    if (p->v < 0.12f)
        set(rgb, 0.30f, 0.34f, 0.42f);
    uint32_t row = (uint32_t)(p->v * 18);
    float end = 0.3f + 0.6f * scene_hash_unit(p->seed, row, 5);
    if (p->u < end && p->v > 0.15f && letter_at(p->seed, p->u, p->v, 34, 18))
        palette(scene_hash(p->seed, row, 6) % 3 ? 11 : 3, rgb);
    if (inside(p->u, 0.62f, 0.94f) && inside(p->v, 0.2f, 0.62f)) {
        point inner = *p;
        inner.u = (p->u - 0.62f) / 0.32f;
        inner.v = (p->v - 0.2f) / 0.42f;
        paint_landscape(&inner, rgb);
    }
}

static void paint_board(const point *p, float rgb[3])
{
    set(rgb, 0.66f, 0.50f, 0.33f);
    scale(rgb, 1 + 0.25f * scene_fractal(p->seed, p->u, p->v, 70, 70, 3));
    for (uint32_t i = 0; i < 9; i++) {
        float x = 0.06f + 0.3f * (float)(i % 3) + 0.05f * scene_hash_unit(p->seed, i, 1);
        float y = 0.05f + 0.31f * (float)(i / 3) + 0.05f * scene_hash_unit(p->seed, i, 2);
        float w = 0.16f + 0.08f * scene_hash_unit(p->seed, i, 3), h = 0.24f;
        float u = (p->u - x) / w, v = (p->v - y) / h;
        if (!inside(u, 0, 1) || !inside(v, 0, 1))
            continue;
        float paper[3], ink[3] = {0.15f, 0.15f, 0.2f};
        palette(i % 3 ? 11 : scene_hash(p->seed, i, 4), paper);
        mix(rgb, paper, 1);
        if (letter_at(p->seed + i, (u - 0.1f) / 0.8f, (v - 0.15f) / 0.75f, 9, 6))
            mix(rgb, ink, 0.85f);
        if (hypotf(u - 0.5f, v - 0.07f) < 0.06f)
            set(rgb, 0.75f, 0.15f, 0.12f);
    }
}

void scene_paint_at(scene_paint paint, int variant, uint32_t seed, float u, float v, float rgb[3])
{
    static void (*const painters[])(const point *, float *) = {
        [SCENE_PLASTER] = paint_plaster, [SCENE_WALLPAPER] = paint_wallpaper,
        [SCENE_PLANKS] = paint_planks,   [SCENE_WOOD] = paint_wood,
        [SCENE_FABRIC] = paint_fabric,   [SCENE_BRICKS] = paint_bricks,
        [SCENE_CARPET] = paint_carpet,   [SCENE_TILES] = paint_tiles,
        [SCENE_LEAVES] = paint_leaves,   [SCENE_METAL] = paint_metal,
        [SCENE_RUG] = paint_rug,         [SCENE_SPINES] = paint_spines,
        [SCENE_POSTER] = paint_poster,   [SCENE_DOOR] = paint_door,
        [SCENE_SIGN] = paint_sign,       [SCENE_WINDOW] = paint_window,
        [SCENE_SCREEN] = paint_screen,   [SCENE_BOARD] = paint_board,
    };
    painters[paint](&(point){.seed = seed, .variant = variant, .u = u, .v = v}, rgb);
}
