/* SPDX-License-Identifier: Apache-2.0 */
#include "step_vote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VOTES = 8192 };

static const double window = 1.12; /* lengths that count as one: up to 12 % more than the least */

/* A length of the step that puts a known corner on one that resembles it. */
typedef struct vote {
    double length;
    uint32_t a, b;
    int distance;
} vote;

static int by_length(const void *a, const void *b)
{
    const vote *p = a, *q = b;
    if (p->length != q->length)
        return p->length < q->length ? -1 : 1;
    return p->a != q->a ? (p->a < q->a ? -1 : 1) : (p->b > q->b) - (p->b < q->b);
}

/* Length at which b_from_a = (R, length t) images point (of a) at xb; 0 when none does or when it
   would be too uncertain. */
static double length_for(const omma_se3 *motion, const double point[3], const double xb[2],
                         double reach)
{
    const double *R = motion->R, *t = motion->t;
    double q[3];
    for (int i = 0; i < 3; i++)
        q[i] = R[3 * i] * point[0] + R[3 * i + 1] * point[1] + R[3 * i + 2] * point[2];
    /* (q + s t) x xb = 0, first two rows */
    const double u[2] = {q[0] - xb[0] * q[2], q[1] - xb[1] * q[2]};
    const double v[2] = {t[0] - xb[0] * t[2], t[1] - xb[1] * t[2]};
    const double vv = v[0] * v[0] + v[1] * v[1], s = -(u[0] * v[0] + u[1] * v[1]) / vv;
    const double z = q[2] + s * t[2];
    if (!(s > 0) || !(z > 0) || hypot(u[0] + s * v[0], u[1] + s * v[1]) > reach * z ||
        reach * z > 0.1 * s * sqrt(vv))
        return 0;
    return s;
}

static size_t collect_votes(const world *w, const wide_view *view, const known_corner *known,
                            const described *now, const omma_se3 *motion, const double E[9],
                            vote *votes, size_t capacity)
{
    enum { ALIKE = 56 };
    const omma_se3 *pose = &w->keyframes[view->keyframe].camera_from_world;
    const double reach = 2 / w->camera.fx;
    size_t n = 0;

    for (uint32_t a = 0; a < view->corners.n; a++) {
        const double *x = view->corners.ray + 2 * a;
        double point[3];
        if (!(known[a].parallax > 0))
            continue;
        omma_se3_apply(pose, known[a].world, point);
        const double line[3] = {E[0] * x[0] + E[1] * x[1] + E[2], E[3] * x[0] + E[4] * x[1] + E[5],
                                E[6] * x[0] + E[7] * x[1] + E[8]};
        const double limit = reach * hypot(line[0], line[1]);
        for (uint32_t b = 0; b < now->n && n < capacity; b++) {
            const double *y = now->ray + 2 * b;
            if (!(fabs(line[0] * y[0] + line[1] * y[1] + line[2]) <= limit))
                continue;
            int distance = descriptor_distance(view->corners.descriptors + a * DESCRIPTOR_BYTES,
                                               now->descriptors + b * DESCRIPTOR_BYTES);
            if (distance > ALIKE)
                continue;
            double length = length_for(motion, point, y, reach);
            if (length > 0)
                votes[n++] = (vote){length, a, b, distance};
        }
    }
    qsort(votes, n, sizeof(*votes), by_length);
    return n;
}

/* Different corners among the votes from first on whose lengths lie in its window. */
static size_t count_window(const vote *votes, size_t n, size_t first, uint32_t *stamp, uint32_t now)
{
    size_t count = 0;
    for (size_t i = first; i < n && votes[i].length < window * votes[first].length; i++) {
        count += stamp[votes[i].a] != now;
        stamp[votes[i].a] = now;
    }
    return count;
}

/* Where the window begins that most corners agree on; n when another length is nearly as good. */
static size_t elect_length(const vote *votes, size_t n, size_t corners)
{
    uint32_t *stamp = omma_new_array(uint32_t, corners + 1);
    size_t *count = omma_new_array(size_t, n + 1), first = 0, other = 0;

    for (size_t i = 0; i < n; i++) {
        count[i] = count_window(votes, n, i, stamp, (uint32_t)i + 1);
        if (count[i] > count[first])
            first = i;
    }
    for (size_t i = 0; i < n; i++)
        if ((votes[i].length > 1.3 * votes[first].length ||
             votes[i].length < votes[first].length / 1.3) &&
            count[i] > other)
            other = count[i];
    const bool elected = n && count[first] >= MIN_ELECTED && count[first] * 2 >= other * 5;
    free(stamp);
    free(count);
    return elected ? first : n;
}

size_t step_vote(const world *w, const wide_view *view, const known_corner *known,
                 const described *now, const omma_se3 *motion, const double E[9],
                 described_pair *out)
{
    vote *votes = omma_new_array(vote, MAX_VOTES);
    uint32_t *best = omma_new_array(uint32_t, view->corners.n + 1); /* 1 + vote */
    size_t n = collect_votes(w, view, known, now, motion, E, votes, MAX_VOTES), count = 0;
    size_t first = elect_length(votes, n, view->corners.n);

    for (size_t i = first; i < n && votes[i].length < window * votes[first].length; i++)
        if (!best[votes[i].a] || votes[i].distance < votes[best[votes[i].a] - 1].distance)
            best[votes[i].a] = (uint32_t)i + 1;
    for (uint32_t a = 0; a < view->corners.n; a++)
        if (best[a])
            out[count++] = (described_pair){a, votes[best[a] - 1].b, votes[best[a] - 1].distance};
    free(votes);
    free(best);
    return count;
}
