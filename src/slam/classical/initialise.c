/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "initialise.h"

#include "hypothesis.h"

#include <math.h>
#include <stdlib.h>

/* Standard deviations by which a motion must be likelier than any other; one for the shutter, which
 * bends all pairs alike and is known to a few ms only. */
static const double clear_margin = 3.5;

/* Focal lengths tried for an unknown camera, as shares of the picture's longer side. */
static const double focal_shares[] = {0.55, 0.7, 0.85, 1.05, 1.35};

/* @return whether the best start is one with these pairs now. */
static bool try_cameras(contest *c, const world *w, const pair_set *p, uint32_t now,
                        const initialise_options *o)
{
    between middle = between_make(w, p, w->keyframes[p->start].frame, now);
    bool wins = false;

    if (o->camera_known) {
        wins = contest_try(c, &w->camera, p, &middle, false, o->seed);
    } else {
        double side = w->camera.width > w->camera.height ? w->camera.width : w->camera.height;
        size_t n = sizeof(focal_shares) / sizeof(*focal_shares);
        for (size_t i = 0; i < n; i++) {
            omma_camera camera = w->camera;
            camera.fx = camera.fy = o->focal_hint > 0 ? o->focal_hint * (0.8 + 0.1 * (double)i)
                                                      : focal_shares[i] * side;
            wins |= contest_try(c, &camera, p, &middle, true, o->seed);
        }
    }
    between_free(&middle);
    return wins;
}

/* The start keyframe's frame becomes the world's, one unit the median depth. */
static void apply(world *w, const pair_set *p, const hypothesis *h, uint32_t now)
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

/* All starts that keyframe k has to offer. @return the pairs of the best, given. */
static pair_set try_start(contest *c, const world *w, uint32_t k, uint32_t now,
                          const initialise_options *o)
{
    enum { READOUTS = sizeof(readouts) / sizeof(*readouts) };
    pair_set p[READOUTS];
    double parallax = INFINITY;
    int best = 0;

    /* What a rolling shutter may feign is no parallax: every readout must leave enough of it. */
    for (int i = 0; i < READOUTS; i++) {
        p[i] = pairs_make(w, k, &w->records[now], readouts[i]);
        parallax = fmin(parallax, pairs_parallax(w, &p[i]));
    }
    for (int i = 0; i < READOUTS; i++) {
        /* Half a pixel of difference cannot be told from noise. */
        if (parallax > 0.012 && p[i].n >= MIN_PAIRS && (i == 0 || p[i].roll * readouts[i] > 0.5) &&
            try_cameras(c, w, &p[i], now, o))
            best = i;
    }
    if (c->best.good)
        omma_debug(o->log,
                   "start %u, now %u, readout %.0f ms: %zu of %zu good, rms %.2f, depth %.3f, "
                   "focal %.1f +- %.1f, parallax %.2f deg, margin %.1f",
                   w->keyframes[k].frame, now, 1e3 * p[best].readout, c->best.good, p[best].n,
                   c->best.rms, c->best.median_quality, c->best.camera.fx, c->best.focal_sigma,
                   parallax * 57.3, contest_margin(c));
    for (int i = 0; i < READOUTS; i++)
        if (i != best)
            pairs_free(&p[i]);
    return p[best];
}

/* Enough of the pairs agree, their depths are known, and no other motion explains them nearly as
 * well. A margin of INFINITY passes: every motion that goes another way was tried and fewer than 30
 * pairs agreed on it, which says more than a margin. It says nothing about a scene that is flat and
 * only zooms or slides: there all motions that survive go the same, wrong, way. */
static bool is_convincing(const contest *c, const pair_set *p)
{
    const hypothesis *h = &c->best;
    return h->good >= 40 && h->good * 10 >= p->n * 6 && h->median_quality < 0.08 && h->rms < 1.8 &&
           contest_margin(c) > clear_margin;
}

bool initialise(world *w, uint32_t first, uint32_t now, const initialise_options *o)
{
    bool done = false;

    /* From the oldest start on: it has seen most parallax, if it still shares enough. */
    for (uint32_t k = 0; k < w->keyframe_count && !done; k++) {
        const keyframe *start = &w->keyframes[k];
        if (start->culled || start->posed || start->frame < first || start->frame >= now)
            continue;
        contest c = {.entries = 0};
        pair_set p = try_start(&c, w, k, now, o);
        done = is_convincing(&c, &p);
        if (done)
            apply(w, &p, &c.best, now);
        contest_finish(&c);
        pairs_free(&p);
    }
    return done;
}
