/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled three times (scene_cast_avx2.c and scene_cast_avx512.c include it). Loops run over all
 * 64 rays without a branch; comparisons are written as a < b ? a : b, which is one instruction
 * where fminf is not.
 */
#include "scene_cast.h"

#include <math.h>
#include <string.h>

#ifndef SCENE_KERNELS
#define SCENE_KERNELS scene_kernels_scalar
#endif

#define NEAREST_M 0.02f /* what is closer is not seen */

static inline float min(float a, float b)
{
    return a < b ? a : b;
}

static inline float max(float a, float b)
{
    return a > b ? a : b;
}

static inline float bits_to_float(int32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline int32_t float_to_bits(float f)
{
    int32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* The direction's inverse, never infinite. */
static inline float inverse(float d)
{
    float size = d < 0 ? -d : d;
    return 1.0f / (size < 1e-12f ? 1e-12f : d);
}

/* --------------------------------------------------------------------------------------- cast */

/* Kay, Kajiya, "Ray tracing complex scenes", SIGGRAPH 1986: slabs. */
static void cast_box(scene_rays *r, const scene_view *v, int32_t code)
{
    const float d00 = v->d[0][0], d01 = v->d[0][1], d02 = v->d[0][2];
    const float d10 = v->d[1][0], d11 = v->d[1][1], d12 = v->d[1][2];
    const float d20 = v->d[2][0], d21 = v->d[2][1], d22 = v->d[2][2];
    const float low0 = v->low[0], low1 = v->low[1], low2 = v->low[2];
    const float high0 = v->high[0], high1 = v->high[1], high2 = v->high[2];

    for (int i = 0; i < SCENE_RAYS; i++) {
        float x = r->x[i], y = r->y[i];
        float d0 = d00 * x + d01 * y + d02, i0 = inverse(d0);
        float d1 = d10 * x + d11 * y + d12, i1 = inverse(d1);
        float d2 = d20 * x + d21 * y + d22, i2 = inverse(d2);
        float near0 = min(low0 * i0, high0 * i0), far0 = max(low0 * i0, high0 * i0);
        float near1 = min(low1 * i1, high1 * i1), far1 = max(low1 * i1, high1 * i1);
        float near2 = min(low2 * i2, high2 * i2), far2 = max(low2 * i2, high2 * i2);
        float near = max(near0, max(near1, near2)), far = min(far0, min(far1, far2));

        int32_t face0 = d0 < 0 ? 1 : 0, face1 = d1 < 0 ? 3 : 2, face2 = d2 < 0 ? 5 : 4;
        int32_t face12 = near == near1 ? face1 : face2, face = near == near0 ? face0 : face12;
        float z = r->z[i];
        int32_t before = r->face[i];
        int hit = (near <= far) & (near > NEAREST_M) & (near < z);
        r->z[i] = hit ? near : z;
        r->face[i] = hit ? code + face : before;
    }
}

static void cast_hall(scene_rays *r, const scene_view *v, int32_t code)
{
    const float d00 = v->d[0][0], d01 = v->d[0][1], d02 = v->d[0][2];
    const float d10 = v->d[1][0], d11 = v->d[1][1], d12 = v->d[1][2];
    const float d20 = v->d[2][0], d21 = v->d[2][1], d22 = v->d[2][2];
    const float low0 = v->low[0], low1 = v->low[1], low2 = v->low[2];
    const float high0 = v->high[0], high1 = v->high[1], high2 = v->high[2];

    for (int i = 0; i < SCENE_RAYS; i++) {
        float x = r->x[i], y = r->y[i];
        float d0 = d00 * x + d01 * y + d02, i0 = inverse(d0);
        float d1 = d10 * x + d11 * y + d12, i1 = inverse(d1);
        float d2 = d20 * x + d21 * y + d22, i2 = inverse(d2);
        float far0 = max(low0 * i0, high0 * i0);
        float far1 = max(low1 * i1, high1 * i1);
        float far2 = max(low2 * i2, high2 * i2);
        float far = min(far0, min(far1, far2));

        int32_t face0 = d0 < 0 ? 0 : 1, face1 = d1 < 0 ? 2 : 3, face2 = d2 < 0 ? 4 : 5;
        int32_t face12 = far == far1 ? face1 : face2, face = far == far0 ? face0 : face12;
        float z = r->z[i];
        int32_t before = r->face[i];
        int hit = (far > NEAREST_M) & (far < z);
        r->z[i] = hit ? far : z;
        r->face[i] = hit ? code + face : before;
    }
}

/* Spheres (up = 1) and endless cylinders (up = 0) cut by their caps. In double: the difference of
 * squares would cost a distant ball its depth. */
static void cast_round(scene_rays *r, const scene_view *v, int32_t code)
{
    const double up = v->kind == SCENE_SPHERE ? 1 : 0;
    const double o0 = v->origin[0], o1 = v->origin[1], o2 = v->origin[2];
    const double c = o0 * o0 + up * o1 * o1 + o2 * o2 - (double)v->radius * v->radius;

    for (int i = 0; i < SCENE_RAYS; i++) {
        double x = r->x[i], y = r->y[i];
        double d0 = v->d[0][0] * x + v->d[0][1] * y + v->d[0][2];
        double d1 = v->d[1][0] * x + v->d[1][1] * y + v->d[1][2];
        double d2 = v->d[2][0] * x + v->d[2][1] * y + v->d[2][2];
        double a = d0 * d0 + up * d1 * d1 + d2 * d2 + 1e-30;
        double b = o0 * d0 + up * o1 * d1 + o2 * d2, discriminant = b * b - a * c;
        double root = sqrt(discriminant > 0 ? discriminant : 0);
        double near = (-b - root) / a, far = (-b + root) / a;
        int32_t face = 0;
        int hit = discriminant > 0;
        if (up == 0) {
            double i1 = 1 / (fabs(d1) < 1e-12 ? 1e-12 : d1);
            double p = v->low[1] * i1, q = v->high[1] * i1;
            double near1 = p < q ? p : q, far1 = p < q ? q : p;
            face = near1 > near ? (d1 < 0 ? 3 : 2) : 0;
            near = near1 > near ? near1 : near;
            far = far1 < far ? far1 : far;
            hit &= near <= far;
        }
        float z = r->z[i];
        int32_t before = r->face[i];
        hit &= (near > (double)NEAREST_M) & (near < (double)z);
        r->z[i] = hit ? (float)near : z;
        r->face[i] = hit ? code + face : before;
    }
}

/* Depths are positive, so their bits are in the same order, and a maximum of whole numbers is one
 * that compilers vectorise. */
static float farthest(const scene_rays *r)
{
    int32_t bits = 0;
    for (int i = 0; i < SCENE_RAYS; i++) {
        int32_t z = float_to_bits(r->z[i]);
        bits = z > bits ? z : bits;
    }
    return bits_to_float(bits);
}

static void cast(scene_rays *rays, const scene_view *views, const uint16_t *list, size_t count)
{
    for (int i = 0; i < SCENE_RAYS; i++) {
        rays->z[i] = 1e30f;
        rays->face[i] = -1;
    }
    for (size_t k = 0; k < count; k++) {
        const scene_view *v = &views[list[k]];
        int32_t code = list[k] * 8;
        if (k > 1 && v->nearest > farthest(rays))
            break; /* and so are all that follow */
        if (v->kind == SCENE_BOX)
            cast_box(rays, v, code);
        else if (v->kind == SCENE_HALL)
            cast_hall(rays, v, code);
        else
            cast_round(rays, v, code);
    }
}

/* -------------------------------------------------------------------------------------- shade */

/* Points of one face: how many rays hit it, and where on it. */
typedef struct patch {
    int n; /* rounded up to whole vectors: the last points are there twice */
    _Alignas(64) int32_t index[SCENE_RAYS]; /* of the ray */
    _Alignas(64) float x[SCENE_RAYS];
    _Alignas(64) float y[SCENE_RAYS];
    _Alignas(64) float z[SCENE_RAYS];
    _Alignas(64) float p[SCENE_RAYS]; /* local coordinates, m */
    _Alignas(64) float q[SCENE_RAYS];
    _Alignas(64) float u[SCENE_RAYS]; /* level-0 texels */
    _Alignas(64) float v[SCENE_RAYS];
    _Alignas(64) float du[SCENE_RAYS]; /* texels from pixel to pixel along the longer way */
    _Alignas(64) float dv[SCENE_RAYS];
    _Alignas(64) float rho[SCENE_RAYS]; /* squared: the longer way; then what a tap should cover */
    _Alignas(64) float minor[SCENE_RAYS]; /* squared: the shorter way */
    _Alignas(64) float scale[SCENE_RAYS]; /* of the finer mip level: 1, 0.5 ... */
    _Alignas(64) float blend[SCENE_RAYS]; /* share of the coarser one */
    _Alignas(64) float luma[SCENE_RAYS];
    _Alignas(64) float cb[SCENE_RAYS];
    _Alignas(64) float cr[SCENE_RAYS];
} patch;

static void collect(patch *t, const scene_rays *r, int32_t face)
{
    int n = 0;
    for (int i = 0; i < SCENE_RAYS; i++) {
        t->index[n] = i; /* n <= i */
        n += r->face[i] == face;
    }
    for (t->n = n; t->n & 15; t->n++)
        t->index[t->n] = t->index[n - 1];
    for (int i = 0; i < t->n; i++) {
        t->x[i] = r->x[t->index[i]];
        t->y[i] = r->y[t->index[i]];
        t->z[i] = r->z[t->index[i]];
    }
}

/*
 * On a plane the hit point P = o + z d with z = c / d_n, so that dP/dx = z (d_x - d d_nx / d_n),
 * where d_x is the derivative of the direction: exact, and the mip level with it.
 */
static void locate_flat(patch *t, const scene_view *v, int face)
{
    static const int axes[3][2] = {{2, 1}, {0, 2}, {0, 1}};
    const scene_surface *f = &v->surface[face];
    const float *dn = v->d[face / 2], *dp = v->d[axes[face / 2][0]], *dq = v->d[axes[face / 2][1]];
    const float op = v->origin[axes[face / 2][0]], oq = v->origin[axes[face / 2][1]];
    const float n0 = dn[0], n1 = dn[1], n2 = dn[2], p0 = dp[0], p1 = dp[1], p2 = dp[2];
    const float q0 = dq[0], q1 = dq[1], q2 = dq[2];
    const float up = f->u[0], uq = f->u[1], uo = f->u[2], vp = f->v[0], vq = f->v[1], vo = f->v[2];

    for (int i = 0; i < t->n; i++) {
        float x = t->x[i], y = t->y[i], z = t->z[i];
        float i_n = inverse(n0 * x + n1 * y + n2);
        float d_p = p0 * x + p1 * y + p2, d_q = q0 * x + q1 * y + q2;
        float p = op + z * d_p, q = oq + z * d_q;
        float px = z * (p0 - d_p * i_n * n0), py = z * (p1 - d_p * i_n * n1);
        float qx = z * (q0 - d_q * i_n * n0), qy = z * (q1 - d_q * i_n * n1);
        float ux = up * px + uq * qx, uy = up * py + uq * qy;
        float vx = vp * px + vq * qx, vy = vp * py + vq * qy;
        float xx = ux * ux + vx * vx, yy = uy * uy + vy * vy, area = ux * vy - uy * vx;
        float major = max(max(xx, yy), 1e-12f);
        t->p[i] = p;
        t->q[i] = q;
        t->u[i] = up * p + uq * q + uo;
        t->v[i] = vp * p + vq * q + vo;
        t->du[i] = xx > yy ? ux : uy;
        t->dv[i] = xx > yy ? vx : vy;
        t->rho[i] = major;
        t->minor[i] = area * area / major;
    }
}

/* Round faces are small in the picture: one by one, and with one isotropic tap. */
static void locate_round(patch *t, const scene_view *v, float pixel)
{
    const scene_surface *f = &v->surface[0];
    float texels = sqrtf(fabsf(f->u[0] * f->v[1] - f->u[1] * f->v[0]));
    for (int i = 0; i < t->n; i++) {
        float x = t->x[i], y = t->y[i], z = t->z[i], d[3], P[3];
        for (int k = 0; k < 3; k++) {
            d[k] = v->d[k][0] * x + v->d[k][1] * y + v->d[k][2];
            P[k] = v->origin[k] + z * d[k];
        }
        float up = v->kind == SCENE_SPHERE ? P[1] : 0;
        float length = sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        float facing = fabsf(P[0] * d[0] + up * d[1] + P[2] * d[2]) / (v->radius * length);
        float sine = max(-1, min(1, P[1] / v->radius));
        t->p[i] = atan2f(P[2], P[0]) * v->radius;
        t->q[i] = v->kind == SCENE_SPHERE ? asinf(sine) * v->radius : P[1];
        t->u[i] = f->u[0] * t->p[i] + f->u[1] * t->q[i] + f->u[2];
        t->v[i] = f->v[0] * t->p[i] + f->v[1] * t->q[i] + f->v[2];
        t->du[i] = t->dv[i] = 0;
        float size = z * length * pixel * texels;
        t->rho[i] = size * size / max(facing, 0.1f);
        t->minor[i] = t->rho[i];
    }
}

/* How many taps along the longer way: a footprint that is longer than wide is sampled more often
 * instead of being blurred (in the spirit of McCormack et al., "Feline", SIGGRAPH 1999). */
static int choose_taps(patch *t)
{
    int32_t longest_bits = 0;
    for (int i = 0; i < t->n; i++) {
        int32_t ratio = float_to_bits(t->rho[i] / max(t->minor[i], 1e-12f));
        longest_bits = ratio > longest_bits ? ratio : longest_bits;
    }
    float longest = bits_to_float(longest_bits);
    int taps = longest < 2.0f ? 1 : longest < 8 ? 2 : 4;
    const float share = 1.0f / (float)(taps * taps);
    for (int i = 0; i < t->n; i++)
        t->rho[i] = max(t->minor[i], t->rho[i] * share);
    return taps;
}

static inline int32_t floor_of(float x)
{
    int32_t i = (int32_t)x;
    return i - ((float)i > x);
}

/* Where the four texels around a point lie in the pyramid, and its place between them. */
typedef struct corners {
    _Alignas(64) int32_t at[4][SCENE_RAYS];
    _Alignas(64) uint32_t texel[4][SCENE_RAYS];
    _Alignas(64) float a[SCENE_RAYS];
    _Alignas(64) float b[SCENE_RAYS];
} corners;

/* finer is 1 for the finer of the two levels and 0.5 for the coarser. Addresses, loads and sums are
 * loops of their own, for loads cannot be vectorised everywhere. */
static void find_corners(corners *restrict c, const patch *restrict t, float along, float finer)
{
    for (int i = 0; i < t->n; i++) {
        float scale = t->scale[i] * finer;
        int32_t size = (int32_t)(scale * SCENE_TEXTURE_SIZE), mask = size - 1;
        float x = (t->u[i] + along * t->du[i]) * scale - 0.5f;
        float y = (t->v[i] + along * t->dv[i]) * scale - 0.5f;
        int32_t xi = floor_of(x), yi = floor_of(y);
        int32_t x0 = xi & mask, x1 = (xi + 1) & mask;
        int32_t row0 = size * (size + (yi & mask)), row1 = size * (size + ((yi + 1) & mask));
        c->at[0][i] = row0 + x0;
        c->at[1][i] = row0 + x1;
        c->at[2][i] = row1 + x0;
        c->at[3][i] = row1 + x1;
        c->a[i] = x - (float)xi;
        c->b[i] = y - (float)yi;
    }
}

static void load_corners(corners *restrict c, const uint32_t *restrict texels, int n)
{
    for (int i = 0; i < n; i++) {
        c->texel[0][i] = texels[c->at[0][i]];
        c->texel[1][i] = texels[c->at[1][i]];
        c->texel[2][i] = texels[c->at[2][i]];
        c->texel[3][i] = texels[c->at[3][i]];
    }
}

static inline float luma_of(uint32_t texel)
{
    return (float)(int32_t)(texel & 255);
}

static inline float bilinear(const corners *c, int i)
{
    float y0 = luma_of(c->texel[0][i]), y1 = luma_of(c->texel[1][i]);
    float y2 = luma_of(c->texel[2][i]), y3 = luma_of(c->texel[3][i]);
    float top = y0 + c->a[i] * (y1 - y0), bottom = y2 + c->a[i] * (y3 - y2);
    return top + c->b[i] * (bottom - top);
}

/* The mip level of each ray, log2(rho) / 2 with straight pieces between powers of two. */
static void choose_levels(patch *t, float finest)
{
    for (int i = 0; i < t->n; i++) {
        float level = (float)(float_to_bits(t->rho[i]) - 0x3f800000) * (0.5f / 8388608.0f);
        level = max(level, finest);
        level = min(level, SCENE_TEXTURE_LEVELS - 1.01f);
        int32_t whole = (int32_t)level;
        t->scale[i] = bits_to_float((127 - whole) * 8388608);
        t->blend[i] = level - (float)whole;
    }
}

/* Trilinear luma, nearest chroma (which the picture halves anyway), mean over taps. */
static void fetch(patch *restrict t, const scene_surface *f, int taps)
{
    corners fine, coarse;
    const float share = 1.0f / (float)taps;
    const uint32_t *texels = f->texels;
    choose_levels(t, f->finest);
    for (int i = 0; i < t->n; i++)
        t->luma[i] = t->cb[i] = t->cr[i] = 0;
    for (int k = 0; k < taps; k++) {
        const float along = ((float)k + 0.5f) * share - 0.5f;
        find_corners(&fine, t, along, 1);
        find_corners(&coarse, t, along, 0.5f);
        load_corners(&fine, texels, t->n);
        load_corners(&coarse, texels, t->n);
        for (int i = 0; i < t->n; i++) {
            float a = bilinear(&fine, i), b = bilinear(&coarse, i);
            t->luma[i] += share * (a + t->blend[i] * (b - a));
            int32_t t0 = (int32_t)coarse.texel[0][i], t1 = (int32_t)coarse.texel[1][i];
            int32_t t2 = (int32_t)coarse.texel[2][i], t3 = (int32_t)coarse.texel[3][i];
            int32_t left = coarse.b[i] < 0.5f ? t0 : t2, right = coarse.b[i] < 0.5f ? t1 : t3;
            int32_t texel = coarse.a[i] < 0.5f ? left : right;
            t->cb[i] += share * (float)((texel >> 8 & 255) - 128);
            t->cr[i] += share * (float)((texel >> 16 & 255) - 128);
        }
    }
}

static void light_up(patch *restrict t, const scene_surface *f)
{
    static const float full[4] = {1, 1, 1, 1};
    const bool lit = f->light;
    const float *light = lit ? f->light : full;
    const int columns = lit ? f->light_p : 2, rows = lit ? f->light_q : 2;
    const float last_p = (float)columns - 1.001f, last_q = (float)rows - 1.001f;
    const float p_scale = f->p_scale, p_offset = f->p_offset;
    const float q_scale = f->q_scale, q_offset = f->q_offset;
    const float gain = f->gain, dye_cb = f->cb, dye_cr = f->cr;

    corners c;
    float node[4][SCENE_RAYS];
    for (int i = 0; i < t->n; i++) {
        float p = max(t->p[i] * p_scale + p_offset, 0), q = max(t->q[i] * q_scale + q_offset, 0);
        p = min(p, last_p);
        q = min(q, last_q);
        int32_t pi = (int32_t)p, qi = (int32_t)q;
        c.at[0][i] = qi * columns + pi;
        c.a[i] = p - (float)pi;
        c.b[i] = q - (float)qi;
    }
    for (int i = 0; i < t->n; i++) {
        const float *at = light + c.at[0][i];
        node[0][i] = at[0];
        node[1][i] = at[1];
        node[2][i] = at[columns];
        node[3][i] = at[columns + 1];
    }
    for (int i = 0; i < t->n; i++) {
        float top = node[0][i] + c.a[i] * (node[1][i] - node[0][i]);
        float bottom = node[2][i] + c.a[i] * (node[3][i] - node[2][i]);
        float k = (top + c.b[i] * (bottom - top)) * gain, luma = t->luma[i];
        t->luma[i] = k * luma;
        t->cb[i] = k * (t->cb[i] + dye_cb * luma);
        t->cr[i] = k * (t->cr[i] + dye_cr * luma);
    }
}

static void shade_face(scene_colours *c, const scene_rays *r, const scene_view *views, int32_t code,
                       float pixel)
{
    patch t;
    const scene_view *v = &views[code >> 3];
    int face = code & 7;
    const scene_surface *f = &v->surface[face];

    collect(&t, r, code);
    if (v->kind == SCENE_SPHERE || (v->kind == SCENE_CYLINDER && face == 0))
        locate_round(&t, v, pixel);
    else
        locate_flat(&t, v, face);
    fetch(&t, f, choose_taps(&t));
    light_up(&t, f);
    for (int i = 0; i < t.n; i++) {
        c->luma[t.index[i]] = t.luma[i];
        c->cb[t.index[i]] = t.cb[i];
        c->cr[t.index[i]] = t.cr[i];
    }
}

static void shade(scene_colours *colours, const scene_rays *rays, const scene_view *views,
                  float pixel)
{
    int32_t seen[SCENE_RAYS];
    int count = 0;
    for (int i = 0; i < SCENE_RAYS; i++) {
        int32_t code = rays->face[i];
        bool known = i > 0 && code == rays->face[i - 1];
        for (int k = 0; k < count && !known; k++)
            known = seen[k] == code;
        if (!known)
            seen[count++] = code;
    }
    for (int k = 0; k < count; k++)
        if (seen[k] >= 0)
            shade_face(colours, rays, views, seen[k], pixel);
    for (int i = 0; i < SCENE_RAYS; i++)
        if (rays->face[i] < 0)
            colours->luma[i] = colours->cb[i] = colours->cr[i] = 0;
}

const scene_kernels SCENE_KERNELS = {.cast = cast, .shade = shade};
