/* SPDX-License-Identifier: Apache-2.0 */
#include "patch.h"

#include <math.h>
#include <stdlib.h>

static const float patch_centre = 0.5f * (PATCH_SIDE - 1);

static uint8_t pixel_clamped(const omma_level *l, int x, int y)
{
    x = x < 0 ? 0 : x >= l->width ? l->width - 1 : x;
    y = y < 0 ? 0 : y >= l->height ? l->height - 1 : y;
    return l->data[(ptrdiff_t)y * l->stride + x];
}

void patch_capture(feature *f, const omma_pyramid *p, uint32_t k, float x, float y)
{
    if (!f->patch)
        f->patch = omma_new_array(uint8_t, PATCH_BYTES);
    f->patch_keyframe = k;
    f->patch_x = x;
    f->patch_y = y;
    for (int i = 0; i < PATCH_LEVELS; i++) {
        int l = f->level + i < p->levels ? f->level + i : p->levels - 1;
        const omma_level *level = &p->level[l];
        float left = to_level(x, l) - patch_centre, top = to_level(y, l) - patch_centre;
        int ix = (int)floorf(left), iy = (int)floorf(top);
        int fx = (int)lroundf(64 * (left - (float)ix)), fy = (int)lroundf(64 * (top - (float)iy));
        uint8_t *out = f->patch + i * PATCH_SIDE * PATCH_SIDE;
        for (int r = 0; r < PATCH_SIDE; r++)
            for (int c = 0; c < PATCH_SIDE; c++) {
                int a = pixel_clamped(level, ix + c, iy + r);
                int b = pixel_clamped(level, ix + c + 1, iy + r);
                int d = pixel_clamped(level, ix + c, iy + r + 1);
                int e = pixel_clamped(level, ix + c + 1, iy + r + 1);
                *out++ = (uint8_t)(((64 - fx) * (64 - fy) * a + fx * (64 - fy) * b +
                                    (64 - fx) * fy * d + fx * fy * e + 2048) >>
                                   12);
            }
    }
}

/* d px / d patch px, both at level 0, of a small plane parallel to the patch's picture. */
static bool warp_of(const world *w, const feature *f, const omma_se3 *T, double A[4])
{
    const omma_se3 K = world_keyframe_pose(w, f->patch_keyframe);
    double x[3], rho, m[3], px[3][2];

    feature_homogeneous(w, f, x, &rho);
    for (int i = 0; i < 3; i++)
        m[i] = K.R[3 * i] * x[0] + K.R[3 * i + 1] * x[1] + K.R[3 * i + 2] * x[2] + rho * K.t[i];
    if (!(m[2] > 1e-6))
        return false;
    const double depth = 1 / m[2], step = 4;
    m[0] *= depth, m[1] *= depth, rho *= depth;
    const omma_se3 world_from_k = omma_se3_inverse(&K);
    const omma_se3 T_k = omma_se3_mul(T, &world_from_k);
    for (int j = 0; j < 3; j++) {
        double d[3] = {m[0] + (j == 1 ? step / w->camera.fx : 0),
                       m[1] + (j == 2 ? step / w->camera.fy : 0), 1};
        double c[3];
        for (int i = 0; i < 3; i++)
            c[i] =
                T_k.R[3 * i] * d[0] + T_k.R[3 * i + 1] * d[1] + T_k.R[3 * i + 2] + rho * T_k.t[i];
        if (!(c[2] > 1e-6) || !omma_camera_project(&w->camera, c, px[j], NULL))
            return false;
    }
    for (int i = 0; i < 2; i++) {
        A[2 * i] = (px[1][i] - px[0][i]) / step;
        A[2 * i + 1] = (px[2][i] - px[0][i]) / step;
    }
    return true;
}

bool patch_template(const world *w, const feature *f, const omma_se3 *T, int levels, bool coarse,
                    klt_template *t, int *level)
{
    double A[4];
    if (!f->patch || !warp_of(w, f, T, A))
        return false;
    double det = A[0] * A[3] - A[1] * A[2];
    if (!(det > 0.04 && det < 25))
        return false;

    /* The pair of levels, patch and picture, between which the patch keeps its size best. */
    int shift = (int)lround(0.5 * log2(det)), source = coarse;
    if (f->level + shift < 0)
        source = 1;
    *level = f->level + source + shift;
    if (*level < 0 || *level >= levels)
        return false;
    double scale = ldexp(1, f->level + source - *level);
    double a = A[0] * scale, b = A[1] * scale, c = A[2] * scale, d = A[3] * scale;
    double inverse = 1 / (a * d - b * c);
    const float ux = (float)(d * inverse), vx = (float)(-b * inverse);
    const float uy = (float)(-c * inverse), vy = (float)(a * inverse);

    enum { SIDE = KLT_SIDE + 2 };
    const float half = 0.5f * (SIDE - 1);
    if (half * (fabsf(ux) + fabsf(vx)) >= patch_centre ||
        half * (fabsf(uy) + fabsf(vy)) >= patch_centre)
        return false; /* would look beyond what was kept */
    const uint8_t *patch = f->patch + source * PATCH_SIDE * PATCH_SIDE;
    float samples[SIDE * SIDE];
    for (int r = 0; r < SIDE; r++)
        for (int s = 0; s < SIDE; s++) {
            float u = (float)s - half, v = (float)r - half;
            float x = patch_centre + ux * u + vx * v, y = patch_centre + uy * u + vy * v;
            int ix = (int)x, iy = (int)y;
            float fx = x - (float)ix, fy = y - (float)iy;
            const uint8_t *p = patch + iy * PATCH_SIDE + ix;
            float above = p[0] + fx * (float)(p[1] - p[0]);
            float below = p[PATCH_SIDE] + fx * (float)(p[PATCH_SIDE + 1] - p[PATCH_SIDE]);
            samples[r * SIDE + s] = above + fy * (below - above);
        }
    return klt_template_make(t, samples);
}
