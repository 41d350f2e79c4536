/* SPDX-License-Identifier: Apache-2.0 */
#include "rotation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A level as the template of an alignment: zero-mean values and three gradients by the rotation
   vector, made orthogonal to 1 and to the values, so that gain and bias drop out. */
typedef struct sphere_template {
    int count;
    float *value, *gradient[3], *ray; /* ray: x, y of each pixel, normalised */
    float energy;
    double inverse[9];
    bool good;
} sphere_template;

typedef struct level_camera {
    double fx, fy, cx, cy;
} level_camera;

static level_camera at_level(const omma_camera *c, int l)
{
    double s = 1.0 / (1 << l);
    return (level_camera){c->fx * s, c->fy * s, (c->cx + 0.5) * s - 0.5, (c->cy + 0.5) * s - 0.5};
}

static bool invert3(const double m[9], double out[9])
{
    double c0 = m[4] * m[8] - m[5] * m[7], c1 = m[5] * m[6] - m[3] * m[8];
    double c2 = m[3] * m[7] - m[4] * m[6];
    double det = m[0] * c0 + m[1] * c1 + m[2] * c2;
    if (!(fabs(det) > 1e-12))
        return false;
    double s = 1 / det;
    const double inverse[9] = {
        c0 * s, (m[2] * m[7] - m[1] * m[8]) * s, (m[1] * m[5] - m[2] * m[4]) * s,
        c1 * s, (m[0] * m[8] - m[2] * m[6]) * s, (m[2] * m[3] - m[0] * m[5]) * s,
        c2 * s, (m[1] * m[6] - m[0] * m[7]) * s, (m[0] * m[4] - m[1] * m[3]) * s,
    };
    memcpy(out, inverse, sizeof(inverse));
    return true;
}

static void template_make(sphere_template *t, const omma_level *level, const level_camera *c)
{
    const int width = level->width - 2, height = level->height - 2, n = width * height;
    float *memory = omma_new_array(float, 6 * (size_t)n);

    *t = (sphere_template){.count = n, .value = memory, .ray = memory + 4 * n};
    for (int k = 0; k < 3; k++)
        t->gradient[k] = memory + (k + 1) * n;
    double mean = 0;
    for (int y = 0, i = 0; y < height; y++) {
        const uint8_t *p = level->data + (ptrdiff_t)(y + 1) * level->stride + 1;
        double v = (y + 1 - c->cy) / c->fy;
        for (int x = 0; x < width; x++, i++, p++) {
            double u = (x + 1 - c->cx) / c->fx;
            double gx = 0.5 * (p[1] - p[-1]) * c->fx;
            double gy = 0.5 * (p[level->stride] - p[-level->stride]) * c->fy;
            t->value[i] = *p;
            t->gradient[0][i] = (float)(-gx * u * v - gy * (1 + v * v));
            t->gradient[1][i] = (float)(gx * (1 + u * u) + gy * u * v);
            t->gradient[2][i] = (float)(-gx * v + gy * u);
            t->ray[2 * i] = (float)u;
            t->ray[2 * i + 1] = (float)v;
            mean += *p;
        }
    }
    mean /= n;
    double energy = 0;
    for (int i = 0; i < n; i++) {
        t->value[i] -= (float)mean;
        energy += t->value[i] * t->value[i];
    }
    t->energy = (float)energy;
    if (energy < n)
        return;
    for (int k = 0; k < 3; k++) {
        double sum = 0, along = 0;
        for (int i = 0; i < n; i++) {
            sum += t->gradient[k][i];
            along += t->gradient[k][i] * t->value[i];
        }
        float offset = (float)(sum / n), share = (float)(along / energy);
        for (int i = 0; i < n; i++)
            t->gradient[k][i] -= offset + share * t->value[i];
    }
    double H[9];
    for (int a = 0; a < 3; a++)
        for (int b = 0; b <= a; b++) {
            double sum = 0;
            for (int i = 0; i < n; i++)
                sum += t->gradient[a][i] * t->gradient[b][i];
            H[3 * a + b] = H[3 * b + a] = sum;
        }
    for (int k = 0; k < 3; k++)
        H[4 * k] *= 1.001; /* a picture of one edge leaves a direction open: do not move along it */
    t->good = invert3(H, t->inverse);
}

static float sample(const omma_level *level, float x, float y)
{
    int ix = (int)x, iy = (int)y;
    float fx = x - (float)ix, fy = y - (float)iy;
    const uint8_t *p = level->data + (ptrdiff_t)iy * level->stride + ix;
    float above = p[0] + fx * (float)(p[1] - p[0]);
    const uint8_t *q = p + level->stride;
    float below = q[0] + fx * (float)(q[1] - q[0]);
    return above + fy * (below - above);
}

/* Correlation of the template with the level turned by R, and the step that would improve it. */
static float evaluate(const sphere_template *t, const omma_level *level, const level_camera *c,
                      const double R[9], float *warped, double step[3])
{
    double sum = 0, sum_value = 0;
    int inside = 0;

    for (int i = 0; i < t->count; i++) {
        double u = t->ray[2 * i], v = t->ray[2 * i + 1];
        double z = R[6] * u + R[7] * v + R[8];
        float x = -1, y = -1;
        if (z > 0.1) {
            x = (float)((R[0] * u + R[1] * v + R[2]) / z * c->fx + c->cx);
            y = (float)((R[3] * u + R[4] * v + R[5]) / z * c->fy + c->cy);
        }
        warped[i] = -1;
        if (x >= 0 && y >= 0 && x < (float)level->width - 1 && y < (float)level->height - 1) {
            warped[i] = sample(level, x, y);
            sum += warped[i];
            sum_value += t->value[i];
            inside++;
        }
    }
    if (inside * 4 < t->count)
        return -1;
    double mean = sum / inside, mean_value = sum_value / inside;
    double cross = 0, squares = 0, energy = 0;
    for (int i = 0; i < t->count; i++) {
        if (warped[i] < 0)
            continue;
        double a = warped[i] - mean, b = t->value[i] - mean_value;
        cross += a * b;
        squares += a * a;
        energy += b * b;
    }
    float score = (float)(cross / sqrt(squares * energy + 1e-9));
    double gain = fmax(cross / (energy + 1e-9), 0.2), dot[3] = {0};
    for (int i = 0; i < t->count; i++) {
        /* Pixels that left the picture count as perfectly predicted. */
        double r = warped[i] < 0 ? 0 : warped[i] - mean - gain * (t->value[i] - mean_value);
        for (int k = 0; k < 3; k++)
            dot[k] += t->gradient[k][i] * r;
    }
    for (int k = 0; k < 3; k++)
        step[k] = -(t->inverse[3 * k] * dot[0] + t->inverse[3 * k + 1] * dot[1] +
                    t->inverse[3 * k + 2] * dot[2]) /
                  gain;
    return score;
}

static void multiply3(const double a[9], const double b[9], double out[9])
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            out[3 * r + c] = a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c];
}

/* Gauss-Newton from R; keeps the best rotation seen. */
static float refine(const sphere_template *t, const omma_level *level, const level_camera *c,
                    double R[9], float *warped, int iterations)
{
    double now[9], best[9];
    float best_score = -2;

    memcpy(now, R, sizeof(now));
    memcpy(best, R, sizeof(best));
    for (int i = 0; i <= iterations; i++) {
        double step[3], turn[9], next[9];
        float score = evaluate(t, level, c, now, warped, step);
        if (score > best_score) {
            best_score = score;
            memcpy(best, now, sizeof(best));
        } else if (score < best_score - 0.05f) {
            break;
        }
        double length = sqrt(step[0] * step[0] + step[1] * step[1] + step[2] * step[2]);
        if (score <= -1 || length * c->fx < 0.02)
            break;
        double limit = 3 / c->fx; /* three pixels of this level */
        if (length > limit)
            for (int k = 0; k < 3; k++)
                step[k] *= limit / length;
        omma_so3_exp(step, turn);
        multiply3(now, turn, next);
        memcpy(now, next, sizeof(now));
    }
    memcpy(R, best, sizeof(best));
    return best_score;
}

/* The shift of whole pixels with the best correlation, as a rotation. */
static float search_shift(const sphere_template *t, const omma_level *before,
                          const omma_level *level, const level_camera *c, double R[9])
{
    const int w = before->width, h = before->height;
    const int reach_x = w / 2, reach_y = h / 3;
    float best = -2;
    int best_x = 0, best_y = 0;

    (void)t;
    for (int sy = -reach_y; sy <= reach_y; sy++)
        for (int sx = -reach_x; sx <= reach_x; sx++) {
            int x0 = sx < 0 ? -sx : 0, x1 = sx > 0 ? w - sx : w;
            int y0 = sy < 0 ? -sy : 0, y1 = sy > 0 ? h - sy : h;
            int64_t a = 0, b = 0, aa = 0, bb = 0, ab = 0, n = (int64_t)(x1 - x0) * (y1 - y0);
            for (int y = y0; y < y1; y++) {
                const uint8_t *p = before->data + (ptrdiff_t)y * before->stride;
                const uint8_t *q = level->data + (ptrdiff_t)(y + sy) * level->stride + sx;
                int32_t ra = 0, rb = 0, raa = 0, rbb = 0, rab = 0;
                for (int x = x0; x < x1; x++) {
                    int u = p[x], v = q[x];
                    ra += u, rb += v, raa += u * u, rbb += v * v, rab += u * v;
                }
                a += ra, b += rb, aa += raa, bb += rbb, ab += rab;
            }
            double va = (double)aa * n - (double)a * a, vb = (double)bb * n - (double)b * b;
            double cov = (double)ab * n - (double)a * b;
            /* Small overlaps correlate by chance: they must be better to win. */
            float score = (float)(cov / sqrt(va * vb + 1)) - 0.1f * (1 - (float)n / (w * h));
            if (score > best) {
                best = score;
                best_x = sx;
                best_y = sy;
            }
        }
    double phi[3] = {-atan(best_y / c->fy), atan(best_x / c->fx), 0};
    omma_so3_exp(phi, R);
    return best;
}

rotation_result rotation_estimate(const omma_pyramid *before, const omma_pyramid *now,
                                  const omma_camera *camera, const double *guess, bool wide)
{
    int fine = 0;
    while (fine + 1 < before->levels && before->level[fine].width > 100)
        fine++;
    int coarse = fine + 1 < before->levels ? fine + 1 : fine;
    rotation_result out = {.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .score = -1};
    sphere_template t;
    level_camera c = at_level(camera, coarse);
    template_make(&t, &before->level[coarse], &c);
    float *warped =
        omma_new_array(float, (size_t)before->level[fine].width * before->level[fine].height);

    if (t.good) {
        double R[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
        out.score = refine(&t, &now->level[coarse], &c, R, warped, 10);
        memcpy(out.R, R, sizeof(R));
        if (guess && out.score < 0.95f) {
            memcpy(R, guess, sizeof(R));
            float score = refine(&t, &now->level[coarse], &c, R, warped, 10);
            if (score > out.score) {
                out.score = score;
                memcpy(out.R, R, sizeof(R));
            }
        }
        if (wide && out.score < 0.8f) {
            search_shift(&t, &before->level[coarse], &now->level[coarse], &c, R);
            float score = refine(&t, &now->level[coarse], &c, R, warped, 10);
            if (score > out.score) {
                out.score = score;
                memcpy(out.R, R, sizeof(R));
            }
        }
        if (fine != coarse) {
            free(t.value);
            c = at_level(camera, fine);
            template_make(&t, &before->level[fine], &c);
            if (t.good)
                out.score = refine(&t, &now->level[fine], &c, out.R, warped, 5);
        }
    }
    free(t.value);
    free(warped);
    return out;
}
