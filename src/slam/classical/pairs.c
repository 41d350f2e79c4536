/* SPDX-License-Identifier: Apache-2.0 */
#include "pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where start keyframe k saw a feature, and how that rolls. */
static bool start_sight(const feature *f, uint32_t k, observation *out)
{
    if (f->anchor == k) {
        *out = (observation){k, f->x, f->y, f->roll_x, f->roll_y, 0};
        return true;
    }
    for (uint32_t i = f->seen_count; i-- > 0;)
        if (f->seen[i].keyframe == k) {
            *out = f->seen[i];
            return true;
        }
    return false;
}

pair_set pairs_make(const world *w, uint32_t start, const record *now, double readout)
{
    const double change = readout - w->readout;
    size_t n = now->sight_count;
    pair_set p = {.start = start,
                  .readout = readout,
                  .feature = omma_new_array(uint32_t, n + 1),
                  .a = omma_new_array(double, 4 * n + 1),
                  .inverse_sigma = omma_new_array(float, n + 1)};
    p.b = p.a + 2 * n;
    for (size_t i = 0; i < n; i++) {
        const sight *s = &now->sights[i];
        observation a;
        if (w->features[s->feature].state == FEATURE_DEAD ||
            !start_sight(&w->features[s->feature], start, &a))
            continue;
        p.feature[p.n] = s->feature;
        p.a[2 * p.n] = a.x + change * a.roll_x;
        p.a[2 * p.n + 1] = a.y + change * a.roll_y;
        p.b[2 * p.n] = s->ux + change * s->roll_x;
        p.b[2 * p.n + 1] = s->uy + change * s->roll_y;
        p.roll += hypot(s->roll_x - a.roll_x, s->roll_y - a.roll_y);
        p.inverse_sigma[p.n] = s->inverse_sigma;
        p.n++;
    }
    if (p.n)
        p.roll /= (double)p.n;
    return p;
}

void pairs_free(pair_set *p)
{
    free(p->feature);
    free(p->a);
    free(p->inverse_sigma);
}

void pairs_normalize(const omma_camera *c, const double *px, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        if (!omma_camera_unproject(c, px + 2 * i, x + 2 * i))
            x[2 * i] = x[2 * i + 1] = 0;
}

/* Rays of b against rays of a turned by the rotation that fits them best; median angle left, rad.
 */
static double median_parallax(const double *xa, const double *xb, size_t n)
{
    double R[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double *angle = omma_new_array(double, 2 * n + 1), *sorted = angle + n, median = 0;

    for (int round = 0; round < 6; round++) {
        double H[9] = {0}, g[3] = {0};
        double scale = round ? fmax(median, 1e-4) : 1;
        for (size_t i = 0; i < n; i++) {
            double a[3] = {xa[2 * i], xa[2 * i + 1], 1}, b[3] = {xb[2 * i], xb[2 * i + 1], 1}, p[3];
            double na = sqrt(a[0] * a[0] + a[1] * a[1] + 1),
                   nb = sqrt(b[0] * b[0] + b[1] * b[1] + 1);
            for (int k = 0; k < 3; k++)
                p[k] = (R[3 * k] * a[0] + R[3 * k + 1] * a[1] + R[3 * k + 2] * a[2]) / na;
            double e[3] = {b[0] / nb - p[0], b[1] / nb - p[1], b[2] / nb - p[2]};
            angle[i] = sqrt(e[0] * e[0] + e[1] * e[1] + e[2] * e[2]);
            double weight = 1 / (1 + angle[i] * angle[i] / (scale * scale));
            /* e = phi x p: normal equations of phi */
            double c[3] = {p[1] * e[2] - p[2] * e[1], p[2] * e[0] - p[0] * e[2],
                           p[0] * e[1] - p[1] * e[0]};
            for (int r = 0; r < 3; r++) {
                g[r] += weight * c[r];
                for (int s = 0; s < 3; s++)
                    H[3 * r + s] += weight * ((r == s) - p[r] * p[s]);
            }
        }
        memcpy(sorted, angle, n * sizeof(double));
        median = omma_median(sorted, n);
        double det = H[0] * (H[4] * H[8] - H[5] * H[7]) - H[1] * (H[3] * H[8] - H[5] * H[6]) +
                     H[2] * (H[3] * H[7] - H[4] * H[6]);
        if (!(fabs(det) > 1e-9))
            break;
        double phi[3] = {
            (g[0] * (H[4] * H[8] - H[5] * H[7]) + g[1] * (H[2] * H[7] - H[1] * H[8]) +
             g[2] * (H[1] * H[5] - H[2] * H[4])) /
                det,
            (g[0] * (H[5] * H[6] - H[3] * H[8]) + g[1] * (H[0] * H[8] - H[2] * H[6]) +
             g[2] * (H[2] * H[3] - H[0] * H[5])) /
                det,
            (g[0] * (H[3] * H[7] - H[4] * H[6]) + g[1] * (H[1] * H[6] - H[0] * H[7]) +
             g[2] * (H[0] * H[4] - H[1] * H[3])) /
                det,
        };
        double turn[9], next[9];
        omma_so3_exp(phi, turn);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++)
                next[3 * r + c] =
                    turn[3 * r] * R[c] + turn[3 * r + 1] * R[3 + c] + turn[3 * r + 2] * R[6 + c];
        memcpy(R, next, sizeof(R));
    }
    free(angle);
    return median;
}

double pairs_parallax(const world *w, const pair_set *p)
{
    if (p->n < MIN_PAIRS)
        return 0;
    double *x = omma_new_array(double, 4 * p->n);
    pairs_normalize(&w->camera, p->a, p->n, x);
    pairs_normalize(&w->camera, p->b, p->n, x + 2 * p->n);
    double parallax = median_parallax(x, x + 2 * p->n, p->n);
    free(x);
    return parallax;
}

/* Sights of the pairs in a record, px; weight 0 = not seen. */
static void sights_of_pairs(const pair_set *p, const record *r, const uint32_t *slot, double *px,
                            uint8_t *seen)
{
    memset(seen, 0, p->n);
    for (uint32_t i = 0; i < r->sight_count; i++) {
        uint32_t k = slot[r->sights[i].feature];
        if (k == UINT32_MAX)
            continue;
        seen[k] = 1;
        const sight *s = &r->sights[i];
        px[2 * k] = s->x + p->readout * s->roll_x;
        px[2 * k + 1] = s->y + p->readout * s->roll_y;
    }
}

/* Records between the two views that see most pairs, spread evenly. */
between between_make(const world *w, const pair_set *p, uint32_t first, uint32_t last)
{
    between b = {0};
    uint32_t *slot = omma_new_array(uint32_t, w->feature_count + 1);

    memset(slot, 0xff, (w->feature_count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < p->n; i++)
        slot[p->feature[i]] = (uint32_t)i;
    uint32_t span = last > first ? last - first : 0;
    int wanted = span > MAX_BETWEEN ? MAX_BETWEEN : span > 1 ? (int)span - 1 : 0;
    for (int i = 0; i < wanted; i++) {
        uint32_t r =
            first + (uint32_t)((uint64_t)span * (uint64_t)(i + 1) / (uint64_t)(wanted + 1));
        if (r <= first || r >= last)
            continue;
        b.px[b.count] = omma_new_array(double, 2 * p->n + 1);
        b.seen[b.count] = omma_new_array(uint8_t, p->n + 1);
        sights_of_pairs(p, &w->records[r], slot, b.px[b.count], b.seen[b.count]);
        b.count++;
    }
    free(slot);
    return b;
}

void between_free(between *b)
{
    for (int i = 0; i < b->count; i++) {
        free(b->px[i]);
        free(b->seen[i]);
    }
}
