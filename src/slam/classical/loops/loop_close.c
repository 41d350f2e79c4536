/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "loop_close.h"

#include "adjust.h"
#include "fuse.h"
#include "loop_again.h"
#include "loop_graph.h"
#include "world_move.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_KEPT = 60, /* percent of the new sights that the adjustment must keep */
    TOGETHER = 1   /* px: two sights of one corner */
};

void loop_result_finish(loop_result *r)
{
    free(r->moved);
    free(r->anchor);
    free(r->deeper);
    free(r->sight);
    r->moved = NULL;
    r->anchor = NULL;
    r->deeper = NULL;
    r->sight = NULL;
    r->sights = 0;
}

void loop_close_needs(const world *w, const loop_finding *finding, uint8_t *patches)
{
    for (uint32_t i = 0; i < finding->count; i++)
        loop_again_needs(w, &finding->tie[i], patches);
}

/* ---------------------------------------------------------------------------------- plausibility
 */

/* How far away the query's features typically are, world units. */
static double typical_depth(const world *w, uint32_t query)
{
    const keyframe *k = &w->keyframes[query];
    double *depth = omma_new_array(double, k->feature_count + 1u), px[2];
    size_t n = 0;

    for (uint32_t i = 0; i < k->feature_count; i++) {
        const feature *f = &w->features[k->features[i]];
        if (f->state == FEATURE_MATURE &&
            feature_project(w, f, &k->camera_from_world, px, NULL, &depth[n]))
            n++;
    }
    const double d = n ? omma_median(depth, n) : 0;
    free(depth);
    return d;
}

/*
 * What a tie wants moved must be what may have drifted along the way by which the map connects the
 * two. A place that merely looks the same asks for the whole length of that way. Where the camera
 * hardly moves but to turn, the depth of what it sees is the measure.
 */
static bool is_plausible(const world *w, const loop_tie *t, const omma_log *why)
{
    static const double drift = 0.15, wobble = 0.02, turn = 0.35, growth = 0.5;
    if (w->keyframes[t->match].submap != w->keyframes[t->query].submap)
        return true; /* nothing is known of how they stand to each other */
    const double way = loop_graph_way(w, t->match, t->query);
    const omma_sim3 a = omma_sim3_from_se3(&w->keyframes[t->query].camera_from_world, 1);
    const omma_sim3 b = omma_sim3_from_se3(&w->keyframes[t->match].camera_from_world, 1);
    const omma_sim3 back = omma_sim3_inverse(&a), now = omma_sim3_mul(&b, &back);
    const double *x = now.t, *y = t->match_from_query.t;
    const double off = sqrt(pow(x[0] - y[0], 2) + pow(x[1] - y[1], 2) + pow(x[2] - y[2], 2));
    const double angle = omma_so3_angle(now.R, t->match_from_query.R);

    omma_debug(why, "loop: keyframes %u and %u: off by %.3f, %.3f apart, %.1f deg, scale %.3f",
               t->query, t->match, off, way, angle * 57.3, t->match_from_query.s);
    return off <= drift * way + wobble * typical_depth(w, t->query) && angle <= turn &&
           fabs(log(t->match_from_query.s)) <= growth;
}

/* ---------------------------------------------------------------------------------------- fusing
 */

static void note_sight(loop_result *r, const loop_sight *s)
{
    omma_grow((void **)&r->sight, &r->sight_capacity, r->sights + 1, sizeof(*r->sight));
    r->sight[r->sights++] = *s;
}

/* What the query itself has at a place, of known depth or not. */
static uint32_t twin_at(const world *w, uint32_t query, const sight *s)
{
    const keyframe *k = &w->keyframes[query];
    uint32_t best = NO_TWIN;
    double least = TOGETHER;

    for (uint32_t i = 0; i < k->feature_count; i++) {
        const feature *f = &w->features[k->features[i]];
        float x, y;
        if (f->state == FEATURE_DEAD || k->features[i] == s->feature ||
            !feature_sight_in(f, query, &x, &y))
            continue;
        const double d = hypot(x - s->ux, y - s->uy);
        if (d < least) {
            least = d;
            best = k->features[i];
        }
    }
    return best;
}

/* One corner is one feature from now on. */
static void unite(world *w, const loop_sight *s)
{
    feature *f = &w->features[s->feature];
    float x, y;

    if (f->state == FEATURE_DEAD || !w->keyframes[s->seen.keyframe].posed)
        return;
    if (!feature_sight_in(f, s->seen.keyframe, &x, &y)) {
        feature_add_observation(f, &s->seen);
        keyframe_add_feature(&w->keyframes[s->seen.keyframe], s->feature);
    }
    if (s->twin != NO_TWIN && w->features[s->twin].state != FEATURE_DEAD)
        feature_fuse(w, s->twin, s->feature);
}

static void name_sights(const world *w, uint32_t query, const sight_list *found, loop_result *r)
{
    for (size_t i = 0; i < found->count; i++) {
        const sight *s = &found->item[i];
        if (s->outlier)
            continue;
        note_sight(r, &(loop_sight){
                          .feature = s->feature,
                          .twin = twin_at(w, query, s),
                          .seen = {query, s->ux, s->uy, s->roll_x, s->roll_y, s->inverse_sigma}});
    }
}

static uint32_t count_kept(const world *w, const loop_result *r)
{
    uint32_t kept = 0;
    for (size_t i = 0; i < r->sights; i++) {
        const feature *f = &w->features[r->sight[i].feature];
        float x, y;
        kept +=
            f->state == FEATURE_MATURE && feature_sight_in(f, r->sight[i].seen.keyframe, &x, &y);
    }
    return kept;
}

/* --------------------------------------------------------------------------------------- closing
 */

static void remember(const world *w, loop_result *r, double *rho)
{
    r->keyframes = w->keyframe_count;
    r->features = w->feature_count;
    r->moved = omma_new_array(omma_sim3, r->keyframes + 1);
    r->anchor = omma_new_array(uint32_t, r->features + 1);
    r->deeper = omma_new_array(float, r->features + 1);
    for (size_t i = 0; i < r->features; i++) {
        r->anchor[i] = w->features[i].anchor;
        r->deeper[i] = 1;
        rho[i] = w->features[i].rho;
    }
}

/* What the adjustment did on top of the graph. */
static void compare(const world *w, const omma_se3 *before, const double *rho, loop_result *r)
{
    for (size_t k = 0; k < r->keyframes; k++) {
        if (!w->keyframes[k].posed || w->keyframes[k].submap != r->submap)
            continue;
        const omma_se3 back = omma_se3_inverse(&w->keyframes[k].camera_from_world);
        const omma_sim3 now = omma_sim3_from_se3(&back, r->moved[k].s);
        const omma_sim3 old = omma_sim3_from_se3(&before[k], 1);
        r->moved[k] = omma_sim3_mul(&now, &old);
    }
    for (size_t i = 0; i < r->features; i++) {
        const feature *f = &w->features[i];
        if (f->state == FEATURE_DEAD || f->anchor != r->anchor[i] || !(f->rho > 0))
            continue;
        r->deeper[i] = (float)(rho[i] / r->moved[f->anchor].s / f->rho);
    }
}

static void adjust_everything(world *w, uint32_t submap, const omma_log *log)
{
    enum { ROUNDS = 2 };
    for (int i = 0; i < ROUNDS; i++) {
        adjust_result a =
            adjust_submap(w, submap, &(adjust_options){.iterations = 10, .drop_outliers = true});
        omma_debug(log, "loop: adjusted %zu keyframes, %zu points, %zu sights, rms %.3f px",
                   a.poses, a.points, a.sights, a.rms_px);
    }
}

static size_t count_keyframes(const world *w, uint32_t submap)
{
    size_t n = 0;
    for (size_t i = 0; i < w->keyframe_count; i++)
        n += w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == submap;
    return n;
}

/* The smaller of two submaps as a whole, by the tie. */
static void join(const world *w, const loop_tie *t, loop_result *r)
{
    const uint32_t new = w->keyframes[t->query].submap, old = w->keyframes[t->match].submap;
    const loop_standing query = {.camera_from_world = w->keyframes[t->query].camera_from_world};
    const loop_standing match = {.camera_from_world = w->keyframes[t->match].camera_from_world};
    omma_sim3 S = loop_correction(t, &query, &match);

    r->joined = new;
    r->submap = old;
    if (count_keyframes(w, new) > count_keyframes(w, old)) {
        S = omma_sim3_inverse(&S);
        r->joined = old;
        r->submap = new;
    }
    for (size_t k = 0; k < r->keyframes; k++)
        r->moved[k] = w->keyframes[k].submap == r->joined ? S : omma_sim3_identity();
}

/* Where the ties want everything, before it is adjusted. */
static bool spread(const world *w, const loop_tie *ties, size_t count, loop_result *r)
{
    const loop_tie *newest = &ties[count - 1];

    r->submap = r->joined = w->keyframes[newest->query].submap;
    if (w->keyframes[newest->match].submap == r->submap)
        return loop_graph_solve(w, r->submap, ties, count, r->moved) == OMMA_OK;
    join(w, newest, r);
    return true;
}

/* Moves, unites and adjusts. @return whether what was new in it has survived. */
static bool settle(world *w, const loop_tie *ties, size_t count, loop_result *r,
                   const omma_log *log)
{
    omma_se3 *before = omma_new_array(omma_se3, w->keyframe_count + 1);
    double *rho = omma_new_array(double, w->feature_count + 1);

    for (size_t k = 0; k < w->keyframe_count; k++)
        before[k] = w->keyframes[k].camera_from_world;
    remember(w, r, rho);
    bool good = spread(w, ties, count, r);
    if (good) {
        world_move(w, r->moved);
        world_rename_submap(w, r->joined, r->submap);
        for (size_t i = 0; i < r->sights; i++)
            unite(w, &r->sight[i]);
        adjust_everything(w, r->submap, log);
        const uint32_t kept = count_kept(w, r);
        good = kept * 100 >= r->sights * MIN_KEPT;
        omma_debug(log, "loop: %u of %zu new sights kept", kept, r->sights);
        compare(w, before, rho, r);
    }
    free(before);
    free(rho);
    return good;
}

/* A witness's word, asked of its picture. false: it is not sure. */
static bool hear(world *w, const follower *f, loop_tie *t, const omma_pyramid *picture,
                 uint64_t seed, loop_result *r, const omma_log *log)
{
    loop_again a = loop_again_look(w, f, t, picture, seed);
    const uint32_t agreeing = a.place.mature_inliers;
    const bool sure = loop_again_is_sure(&a);

    omma_debug(log, "loop: keyframe %u in %u: %zu of %u found, %u agree", t->query, t->match,
               a.found.count, a.expected, agreeing);
    if (sure) {
        loop_again_sharpen(w, &a, t);
        name_sights(w, t->query, &a.found, r);
        r->inliers += agreeing;
        r->scale = 1 / t->match_from_query.s;
        r->query = t->query;
        r->match = t->match;
    }
    loop_again_finish(&a);
    return sure;
}

loop_result loop_close(world *w, const follower *f, const loop_finding *finding, uint64_t seed,
                       const omma_log *log)
{
    loop_tie tie[LOOP_WITNESSES];
    loop_result r = {.epoch = finding->epoch, .verdict = LOOP_CLOSED};

    for (uint32_t i = 0; i < finding->count && r.verdict == LOOP_CLOSED; i++) {
        tie[i] = finding->tie[i];
        if (!hear(w, f, &tie[i], &finding->picture[i], seed, &r, log))
            r.verdict = LOOP_UNSEEN;
        else if (!is_plausible(w, &tie[i], log))
            r.verdict = LOOP_IMPLAUSIBLE;
    }
    if (r.verdict == LOOP_CLOSED && !settle(w, tie, finding->count, &r, log))
        r.verdict = LOOP_IMPLAUSIBLE;
    if (r.verdict != LOOP_CLOSED)
        loop_result_finish(&r);
    return r;
}

/* ---------------------------------------------------------------------------------------- taking
 * in */

/* What the newest keyframe of a submap that the correction knows went through. */
static omma_sim3 newest_of(const world *w, const loop_result *r, uint32_t submap)
{
    omma_sim3 moved = omma_sim3_identity();
    for (size_t k = 0; k < r->keyframes; k++)
        if (w->keyframes[k].posed && w->keyframes[k].submap == submap)
            moved = r->moved[k];
    return moved;
}

omma_sim3 loop_take_in(world *w, const loop_result *r)
{
    omma_sim3 *moved = omma_new_array(omma_sim3, w->keyframe_count + 1);
    const omma_sim3 living = newest_of(w, r, w->submap);

    for (size_t k = 0; k < w->keyframe_count; k++)
        moved[k] = k < r->keyframes ? r->moved[k] : newest_of(w, r, w->keyframes[k].submap);
    world_move(w, moved);
    world_rename_submap(w, r->joined, r->submap);
    if (w->submap == r->joined)
        w->submap = r->submap;
    free(moved);
    for (size_t i = 0; i < r->features; i++) {
        feature *f = &w->features[i];
        if (f->anchor != r->anchor[i])
            continue;
        f->rho /= r->deeper[i];
        f->rho_sigma /= r->deeper[i];
    }
    for (size_t i = 0; i < r->sights; i++)
        unite(w, &r->sight[i]);
    return living;
}
