/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "initialise.h"

#include "hypothesis.h"

#include <math.h>
#include <stdlib.h>

/* Focal lengths tried for an unknown camera, as shares of the picture's longer side. */
static const double focal_shares[] = {0.55, 0.7, 0.85, 1.05, 1.35};

static hypothesis best_hypothesis(const world *w, const pair_set *p, uint32_t now,
                                  const initialise_options *o)
{
    hypothesis best = {0};
    between middle = between_make(w, p, w->keyframes[p->start].frame, now);

    if (o->camera_known) {
        hypothesis_try(&w->camera, p, &middle, false, o->seed, &best);
    } else {
        double side = w->camera.width > w->camera.height ? w->camera.width : w->camera.height;
        size_t n = sizeof(focal_shares) / sizeof(*focal_shares);
        for (size_t i = 0; i < n; i++) {
            omma_camera c = w->camera;
            c.fx = c.fy = o->focal_hint > 0 ? o->focal_hint * (0.8 + 0.1 * (double)i)
                                            : focal_shares[i] * side;
            hypothesis_try(&c, p, &middle, true, o->seed, &best);
        }
    }
    between_free(&middle);
    return best;
}

/* The start keyframe's frame becomes the world's, one unit the median depth. */
static void apply(world *w, const pair_set *p, hypothesis *h, uint32_t now)
{
    double *sorted = omma_new_array(double, h->good + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (h->rho[i] > 0)
            sorted[n++] = h->rho[i];
    const double unit = omma_median(sorted, n); /* 1 / median depth */
    free(sorted);

    world_set_readout(w, p->readout);
    world_set_camera(w, &h->camera);
    keyframe *start = &w->keyframes[p->start];
    start->camera_from_world = omma_se3_identity();
    start->posed = true;
    omma_se3 pose = h->pose[h->poses - 1];
    for (int k = 0; k < 3; k++)
        pose.t[k] *= unit;
    world_set_record_pose(w, &w->records[start->frame], p->start, &start->camera_from_world);
    world_set_record_pose(w, &w->records[now], p->start, &pose);
    for (size_t i = 0; i < p->n; i++) {
        feature *f = &w->features[p->feature[i]];
        if (f->state == FEATURE_DEAD || !(h->rho[i] > 0))
            continue;
        /* Held by the start keyframe from now on: an earlier anchor has no pose yet. */
        if (!feature_hold_by(w, f, p->start)) {
            feature_kill(f);
            continue;
        }
        f->rho = h->rho[i] / unit;
        f->rho_sigma = f->rho * h->quality[i];
        f->state = f->rho_sigma < 0.35 * f->rho ? FEATURE_MATURE : FEATURE_IMMATURE;
    }
    /* What was lost before now is somewhere, not surely at infinity: it would hold the frames that
       saw it where they were not. */
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        if (f->state == FEATURE_IMMATURE && w->keyframes[f->anchor].submap == start->submap)
            f->rho = f->rho_sigma = 1;
    }
}

/* Readouts tried for a camera that turns fast: none, and what small rolling shutters have. */
static const double readouts[] = {0, 0.02};

/* The best start keyframe k has to offer; pairs and hypothesis are given. */
static hypothesis try_start(const world *w, uint32_t k, uint32_t now, const initialise_options *o,
                            pair_set *pairs)
{
    hypothesis best = {0};

    /* What a rolling shutter may feign is no parallax: every readout must leave enough of it. */
    double parallax = INFINITY;
    for (size_t i = 0; i < sizeof(readouts) / sizeof(*readouts); i++) {
        pair_set p = pairs_make(w, k, &w->records[now], readouts[i]);
        parallax = fmin(parallax, pairs_parallax(w, &p));
        pairs_free(&p);
    }
    for (size_t i = 0; i < sizeof(readouts) / sizeof(*readouts); i++) {
        pair_set p = pairs_make(w, k, &w->records[now], readouts[i]);
        hypothesis h = {0};
        /* Half a pixel of difference cannot be told from noise. */
        if (p.n >= MIN_PAIRS && (i == 0 || p.roll * readouts[i] > 0.5)) {
            if (parallax > 0.012)
                h = best_hypothesis(w, &p, now, o);
            if (h.good)
                omma_debug(o->log,
                           "start %u, now %u, readout %.0f ms: %zu of %zu good, rms %.2f, depth "
                           "%.3f, focal %.1f +- %.1f, parallax %.2f deg",
                           w->keyframes[k].frame, now, 1e3 * p.readout, h.good, p.n, h.rms,
                           h.median_quality, h.camera.fx, h.focal_sigma, parallax * 57.3);
        }
        if (i == 0 || (h.good && hypothesis_is_better(&h, &best))) {
            if (i) {
                pairs_free(pairs);
                hypothesis_free(&best);
            }
            *pairs = p;
            best = h;
        } else {
            pairs_free(&p);
            hypothesis_free(&h);
        }
    }
    return best;
}

bool initialise(world *w, uint32_t first, uint32_t now, const initialise_options *o)
{
    bool done = false;

    /* From the oldest start on: it has seen most parallax, if it still shares enough. */
    for (uint32_t k = 0; k < w->keyframe_count && !done; k++) {
        const keyframe *start = &w->keyframes[k];
        if (start->culled || start->posed || start->frame < first || start->frame >= now)
            continue;
        pair_set p = {0};
        hypothesis best = try_start(w, k, now, o, &p);
        if (best.good >= 40 && best.good * 10 >= p.n * 6 && best.median_quality < 0.08 &&
            best.rms < 1.8) {
            apply(w, &p, &best, now);
            done = true;
        }
        hypothesis_free(&best);
        pairs_free(&p);
    }
    return done;
}
