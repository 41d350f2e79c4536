/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "loop_close.h"

#include "adjust.h"
#include "fuse.h"
#include "localize.h"
#include "loop_graph.h"
#include "mapping.h"
#include "world_move.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    AROUND = 8,     /* keyframes around the match whose features are looked for */
    MIN_FOUND = 30, /* of them, in a query's picture */
    MIN_SHARE = 25, /* percent of those that should be in sight */
    MIN_KEPT = 60,  /* percent of the new sights that the adjustment must keep */
    TOGETHER = 1    /* px: two sights of one corner */
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

static size_t around(const world *w, uint32_t k, uint32_t out[AROUND + 1])
{
    out[0] = k;
    return 1 + adjust_neighbours(w, k, 15, out + 1, AROUND);
}

void loop_close_needs(const world *w, const loop_finding *finding, uint8_t *patches)
{
    for (uint32_t i = 0; i < finding->count; i++) {
        uint32_t near[AROUND + 1];
        const size_t n = around(w, finding->tie[i].match, near);
        for (size_t j = 0; j < n; j++) {
            const keyframe *k = &w->keyframes[near[j]];
            for (uint32_t l = 0; l < k->feature_count; l++)
                patches[k->features[l]] = 1;
        }
    }
}

/* ----------------------------------------------------------------- the old place in the new view
 */

/* How the camera turned in the query's frame: the sights are straightened by it. */
static void set_turn(world *w, uint32_t r)
{
    const record *rec = &w->records[r];
    const double seconds = r ? 1e-9 * (double)(rec->time_ns - w->records[r - 1].time_ns) : 0;
    double R[9];

    memset(w->turn, 0, sizeof(w->turn));
    if (!(seconds > 0) || seconds >= 0.08)
        return;
    for (int i = 0; i < 9; i++)
        R[i] = rec->turn[i];
    omma_so3_log(R, w->turn);
    for (int i = 0; i < 3; i++)
        w->turn[i] /= seconds;
}

/* The pose of the query in the world of the match. */
static omma_se3 pose_by(const world *w, const loop_tie *t)
{
    const omma_sim3 query_from_match = omma_sim3_inverse(&t->match_from_query);
    const omma_sim3 match = omma_sim3_from_se3(&w->keyframes[t->match].camera_from_world, 1);
    const omma_sim3 S = omma_sim3_mul(&query_from_match, &match);
    omma_se3 T;

    memcpy(T.R, S.R, sizeof(T.R));
    for (int i = 0; i < 3; i++)
        T.t[i] = S.t[i] / S.s;
    return T;
}

/* Features around the match in the query's picture. @return how many should be there. */
static uint32_t look_for(world *w, const follower *f, const loop_tie *t,
                         const omma_pyramid *picture, const omma_se3 *pose, sight_list *out)
{
    uint32_t near[AROUND + 1], expected = 0;
    const size_t n = around(w, t->match, near);
    uint8_t *done = omma_new_array(uint8_t, w->feature_count + 1);

    for (size_t i = 0; i < n; i++) {
        const keyframe *k = &w->keyframes[near[i]];
        for (uint32_t j = 0; j < k->feature_count; j++) {
            const uint32_t index = k->features[j];
            const feature *g = &w->features[index];
            sight s = {.feature = index};
            double px[2];
            float x, y, score;
            if (done[index] || g->state != FEATURE_MATURE || !g->patch ||
                !feature_project(w, g, pose, px, NULL, NULL) || px[0] < 8 || px[1] < 8 ||
                px[0] > w->camera.width - 9 || px[1] > w->camera.height - 9)
                continue;
            done[index] = 1;
            expected++;
            x = (float)px[0];
            y = (float)px[1];
            approach_feature(f, w, g, picture, pose, 12, &x, &y);
            if (!find_feature(f, w, g, picture, pose, x, y, 5, &s, &score) || score < 0.8f)
                continue;
            sight_unroll(w, &s);
            sight_list_push(out, &s);
        }
    }
    free(done);
    return expected;
}

/* What of a tie's old place its query's picture shows. */
typedef struct view_again {
    sight_list found;
    localization place;
    uint32_t expected;
} view_again;

static view_again see_again(world *w, const follower *f, const loop_tie *t,
                            const omma_pyramid *picture, uint64_t seed)
{
    view_again v = {0};
    const omma_se3 first = pose_by(w, t);

    set_turn(w, w->keyframes[t->query].frame);
    v.expected = look_for(w, f, t, picture, &first, &v.found);
    v.place = localize(w, v.found.item, v.found.count,
                       &(localize_options){.start = &first, .min_mature = MIN_FOUND, .seed = seed});
    return v;
}

static bool is_seen(const view_again *v)
{
    return v->place.good && v->place.mature_inliers >= MIN_FOUND &&
           v->place.mature_inliers * 100 >= v->expected * MIN_SHARE &&
           v->place.mature_inliers * 2 >= v->place.mature;
}

/* The tie as the patches have it: the pose found anew, the scale as it was. */
static void sharpen(const world *w, loop_tie *t, const localization *l)
{
    const omma_se3 back = omma_se3_inverse(&l->camera_from_world);
    const omma_se3 match_from_query =
        omma_se3_mul(&w->keyframes[t->match].camera_from_world, &back);
    const double scale = t->match_from_query.s;
    t->match_from_query = omma_sim3_from_se3(&match_from_query, scale);
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
    static const double drift = 0.15, wobble = 0.1, turn = 0.35, growth = 0.5;
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

static bool spread(world *w, const loop_tie *ties, size_t count, loop_result *r,
                   const omma_log *log)
{
    omma_se3 *before = omma_new_array(omma_se3, w->keyframe_count + 1);
    double *rho = omma_new_array(double, w->feature_count + 1);

    for (size_t k = 0; k < w->keyframe_count; k++)
        before[k] = w->keyframes[k].camera_from_world;
    remember(w, r, rho);
    bool good = loop_graph_solve(w, r->submap, ties, count, r->moved) == OMMA_OK;
    if (good) {
        world_move(w, r->moved);
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

loop_result loop_close(world *w, const follower *f, const loop_finding *finding, uint64_t seed,
                       const omma_log *log)
{
    loop_tie tie[LOOP_WITNESSES];
    loop_result r = {.epoch = finding->epoch, .verdict = LOOP_CLOSED};
    uint32_t n = 0, most = 0;

    for (uint32_t i = 0; i < finding->count; i++) {
        tie[n] = finding->tie[i];
        view_again v = see_again(w, f, &tie[n], &finding->picture[i], seed);
        omma_debug(log, "loop: keyframe %u in %u: %zu of %u found, %u agree", tie[n].query,
                   tie[n].match, v.found.count, v.expected, v.place.mature_inliers);
        if (!is_seen(&v)) {
            r.verdict = LOOP_UNSEEN;
        } else {
            sharpen(w, &tie[n], &v.place);
            if (!is_plausible(w, &tie[n], log))
                r.verdict = LOOP_IMPLAUSIBLE;
            name_sights(w, tie[n].query, &v.found, &r);
            r.inliers += v.place.mature_inliers;
            if (v.place.mature_inliers > most) {
                most = v.place.mature_inliers;
                r.query = tie[n].query;
                r.match = tie[n].match;
            }
            r.scale = 1 / tie[n].match_from_query.s;
            r.submap = w->keyframes[tie[n].query].submap;
            n++;
        }
        free(v.found.item);
    }
    if (r.verdict == LOOP_CLOSED && !spread(w, tie, n, &r, log))
        r.verdict = LOOP_IMPLAUSIBLE;
    if (r.verdict != LOOP_CLOSED)
        loop_result_finish(&r);
    return r;
}

omma_sim3 loop_take_in(world *w, const loop_result *r)
{
    omma_sim3 *moved = omma_new_array(omma_sim3, w->keyframe_count + 1), later;
    uint32_t last = 0;

    for (uint32_t k = 0; k < r->keyframes; k++)
        if (w->keyframes[k].posed && w->keyframes[k].submap == r->submap)
            last = k;
    later = r->moved[last];
    for (size_t k = 0; k < w->keyframe_count; k++)
        moved[k] = k < r->keyframes                      ? r->moved[k]
                   : w->keyframes[k].submap == r->submap ? later
                                                         : omma_sim3_identity();
    world_move(w, moved);
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
    return later;
}
