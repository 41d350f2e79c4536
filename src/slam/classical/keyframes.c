/* SPDX-License-Identifier: Apache-2.0 */
/* When a keyframe is due, and what is adjusted when one is made. */
#define OMMA_MODULE "slam"
#include "adjust.h"
#include "cull.h"
#include "depth.h"
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The camera is learnt from the largest submap only: a small one knows less than what is known
 * already. */
static unsigned camera_freedom(classical *c)
{
    const world *w = &c->world;
    uint32_t count = 0;

    for (size_t i = 0; i < w->keyframe_count; i++)
        count +=
            w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == w->submap;
    if (!c->freedom || count < c->calibrated_on)
        return 0;
    c->calibrated_on = count;
    return count >= 12 ? c->freedom : c->freedom & OMMA_BUNDLE_FOCAL;
}

void adjust_all(classical *c, int iterations)
{
    adjust_result r = adjust_submap(&c->world, c->world.submap,
                                    &(adjust_options){.iterations = iterations,
                                                      .free_camera = camera_freedom(c),
                                                      .focal_prior = c->world.focal_guess,
                                                      .focal_prior_sigma = 0.3,
                                                      .drop_outliers = true});
    if (r.done) {
        c->focal_sigma = r.focal_sigma_px;
        c->rms_px = r.rms_px;
        omma_debug(
            c->log,
            "adjusted %zu keyframes, %zu points, %zu sights: rms %.3f px, focal %.1f, k1 %.4f",
            r.poses, r.points, r.sights, r.rms_px, c->world.camera.fx, c->world.camera.k[0]);
    }
}

static void refine_readout(classical *c, uint32_t k, bool everywhere)
{
    double readout = adjust_readout(&c->world, k, everywhere);
    if (fabs(readout - c->world.readout) > 2e-4) {
        world_set_readout(&c->world, readout);
        for (size_t i = 0; i < c->sights.count; i++) {
            sight *s = &c->sights.item[i];
            s->ux = s->x + (float)readout * s->roll_x;
            s->uy = s->y + (float)readout * s->roll_y;
        }
    }
}

/* With a known camera a small map is the better for every view; one that is still sought is not.
 * What is culled is told, and so are the frames that now hang on others. */
static void cull_keyframes(classical *c, uint32_t k)
{
    enum { MAX_CULLED = 20, FEW = 12 };
    world *w = &c->world;
    uint32_t culled[MAX_CULLED];
    const size_t n = cull_around(w, k, c->freedom ? 0 : FEW, culled, MAX_CULLED);

    if (!n)
        return;
    omma_grow((void **)&c->removed, &c->removed_capacity, c->removed_count + n, sizeof(uint32_t));
    memcpy(c->removed + c->removed_count, culled, n * sizeof(uint32_t));
    c->removed_count += n;
    c->calibrated_on -= c->calibrated_on < n ? c->calibrated_on : (uint32_t)n;
}

void make_keyframe(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    int64_t start = stages_begin();
    uint32_t k = mapping_add_keyframe(w, r, &c->pose, true, &c->sights, &c->now);
    mapping_solve_depths(w, k);
    stages_end(&c->stages, STAGE_KEYFRAME, start);

    start = stages_begin();
    if (c->freedom && w->keyframe_count >= c->next_global) {
        adjust_all(c, 10);
        omma_debug(c->log, "readout %.1f ms", 1e3 * w->readout);
        c->next_global = (uint32_t)(w->keyframe_count * 3 / 2 + 1);
    } else {
        adjust_result a =
            adjust_around(w, k, &(adjust_options){.iterations = 6, .drop_outliers = true});
        if (a.done)
            c->rms_px = a.rms_px;
    }
    refine_readout(c, k, false);
    cull_keyframes(c, k);
    stages_end(&c->stages, STAGE_ADJUST, start);

    start = stages_begin();
    c->pose = w->keyframes[k].camera_from_world;
    double rho = depth_typical(w, c->sights.item, c->sights.count, &c->pose);
    mapping_add_features(w, &c->follower, k, &c->now, frame, rho, cell_of(c), &c->sights);
    c->last_keyframe = k;
    if (c->wideness > 0.02f)
        wide_remember(&c->wide, w, &c->follower, &c->now, k);
    stages_end(&c->stages, STAGE_DETECT, start);
}

/* How far features moved since keyframe k, px; huge when few are left to tell. */
static double median_flow(const classical *c, uint32_t k)
{
    double flow[1024];
    size_t n = 0;

    for (size_t i = 0; i < c->sights.count && n < 1024; i++) {
        const sight *s = &c->sights.item[i];
        float x, y;
        if (!s->outlier && feature_sight_in(&c->world.features[s->feature], k, &x, &y))
            flow[n++] = hypotf(s->ux - x, s->uy - y);
    }
    return n < 10 ? 1e9 : omma_median(flow, n);
}

bool keyframe_is_due(classical *c, uint32_t r, size_t mature)
{
    const world *w = &c->world;
    const keyframe *last = &w->keyframes[c->last_keyframe];
    uint32_t age = r - last->frame;

    if (age < 2 && !is_wide(c))
        return mature < 60 && mature * 10 < last->mature_at_birth * 6;
    double flow = median_flow(c, c->last_keyframe) / w->camera.width;
    if (flow < 0.01 && age < 60)
        return false;
    return mature * 100 < (size_t)last->mature_at_birth * 75 || mature < 50 || flow > 0.06 ||
           age >= 60 || mapping_empty_share(w, &c->sights) > 0.5;
}
