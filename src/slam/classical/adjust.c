/* SPDX-License-Identifier: Apache-2.0 */
#include "adjust.h"

#include "depth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 9, MIN_SHARED = 15 };

typedef struct neighbour {
    uint32_t keyframe, shared;
} neighbour;

static int by_shared(const void *a, const void *b)
{
    const neighbour *p = a, *q = b;
    if (p->shared != q->shared)
        return p->shared < q->shared ? 1 : -1;
    return p->keyframe < q->keyframe ? 1 : -1; /* the newer first */
}

size_t adjust_neighbours(const world *w, uint32_t k, uint32_t min_shared, uint32_t *out, size_t max)
{
    const keyframe *key = &w->keyframes[k];
    neighbour *list = omma_new_array(neighbour, w->keyframe_count + 1);
    size_t n = 0, count = 0;

    for (size_t i = 0; i < w->keyframe_count; i++)
        list[i].keyframe = (uint32_t)i;
    for (uint32_t i = 0; i < key->feature_count; i++) {
        const feature *f = &w->features[key->features[i]];
        if (f->state != FEATURE_MATURE)
            continue;
        list[f->anchor].shared++;
        for (uint32_t j = 0; j < f->seen_count; j++)
            list[f->seen[j].keyframe].shared++;
    }
    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *other = &w->keyframes[i];
        if (i != k && other->posed && !other->culled && other->submap == key->submap &&
            list[i].shared >= min_shared)
            list[n++] = list[i];
    }
    qsort(list, n, sizeof(*list), by_shared);
    for (; count < n && count < max; count++)
        out[count] = list[count].keyframe;
    free(list);
    return count;
}

/* The problem as the solver wants it, and how to get back. */
typedef struct window {
    omma_camera camera;
    int32_t *slot;      /* per keyframe: pose index or NO_INDEX */
    uint32_t *keyframe; /* per pose */
    omma_se3 *pose;
    uint8_t *fixed;
    size_t poses;
    uint32_t *feature; /* per point */
    omma_bundle_point *point;
    size_t points;
    omma_bundle_observation *sight;
    uint32_t *seen; /* per sight: index into the feature's list */
    size_t sights, sight_capacity;
} window;

static int32_t window_pose(window *b, const world *w, uint32_t k, bool fixed)
{
    if (b->slot[k] == NO_INDEX) {
        b->slot[k] = (int32_t)b->poses;
        b->keyframe[b->poses] = k;
        b->pose[b->poses] = w->keyframes[k].camera_from_world;
        b->fixed[b->poses++] = fixed;
    }
    return b->slot[k];
}

static bool usable(const feature *f)
{
    return f->state == FEATURE_MATURE || (f->state == FEATURE_IMMATURE && f->seen_count >= 2);
}

static void window_add_feature(window *b, const world *w, uint32_t index, size_t *seen_capacity)
{
    const feature *f = &w->features[index];
    uint32_t count = 0;

    if (!w->keyframes[f->anchor].posed)
        return;
    for (uint32_t j = 0; j < f->seen_count; j++)
        count += w->keyframes[f->seen[j].keyframe].posed;
    if (!count)
        return;
    double spread = f->state == FEATURE_MATURE ? 0 : 1 / (9 * f->rho * f->rho + 1e-12);
    b->feature[b->points] = index;
    b->point[b->points] = (omma_bundle_point){
        .anchor = (uint32_t)window_pose(b, w, f->anchor, true),
        .anchor_px = {f->x, f->y},
        .inverse_depth = f->rho,
        .prior = f->rho,
        .prior_information = spread,
    };
    for (uint32_t j = 0; j < f->seen_count; j++) {
        const observation *o = &f->seen[j];
        if (!w->keyframes[o->keyframe].posed)
            continue;
        omma_grow((void **)&b->sight, &b->sight_capacity, b->sights + 1, sizeof(*b->sight));
        omma_grow((void **)&b->seen, seen_capacity, b->sights + 1, sizeof(*b->seen));
        b->seen[b->sights] = j;
        b->sight[b->sights++] =
            (omma_bundle_observation){(uint32_t)window_pose(b, w, o->keyframe, true),
                                      (uint32_t)b->points,
                                      {o->x, o->y},
                                      o->inverse_sigma};
    }
    b->points++;
}

static window window_make(const world *w, const uint32_t *moving, size_t n)
{
    window b = {.camera = w->camera,
                .slot = omma_new_array(int32_t, w->keyframe_count + 1),
                .keyframe = omma_new_array(uint32_t, w->keyframe_count + 1),
                .pose = omma_new_array(omma_se3, w->keyframe_count + 1),
                .fixed = omma_new_array(uint8_t, w->keyframe_count + 1)};
    uint8_t *taken = omma_new_array(uint8_t, w->feature_count + 1);
    size_t total = 0, seen_capacity = 0;

    for (size_t i = 0; i < w->keyframe_count; i++)
        b.slot[i] = NO_INDEX;
    for (size_t i = 0; i < n; i++) {
        window_pose(&b, w, moving[i], false);
        total += w->keyframes[moving[i]].feature_count;
    }
    b.feature = omma_new_array(uint32_t, total + 1);
    b.point = omma_new_array(omma_bundle_point, total + 1);
    for (size_t i = 0; i < n; i++) {
        const keyframe *k = &w->keyframes[moving[i]];
        for (uint32_t j = 0; j < k->feature_count; j++) {
            uint32_t f = k->features[j];
            if (taken[f] || !usable(&w->features[f]))
                continue;
            taken[f] = 1;
            window_add_feature(&b, w, f, &seen_capacity);
        }
    }
    free(taken);
    return b;
}

static void window_free(window *b)
{
    free(b->slot);
    free(b->keyframe);
    free(b->pose);
    free(b->fixed);
    free(b->feature);
    free(b->point);
    free(b->sight);
    free(b->seen);
}

/* Takes the solution over; sights that disagree are forgotten, features that make no sense die. */
static void window_apply(window *b, world *w, const double *error, const double *information,
                         bool drop)
{
    for (size_t i = 0; i < b->poses; i++)
        if (!b->fixed[i])
            w->keyframes[b->keyframe[i]].camera_from_world = b->pose[i];
    for (size_t i = 0, o = 0; i < b->points; i++) {
        feature *f = &w->features[b->feature[i]];
        uint32_t kept = 0, dropped = 0;
        f->rho = b->point[i].inverse_depth;
        f->rho_sigma = 1.5 / sqrt(fmax(information[i] + b->point[i].prior_information, 1e-12));
        for (; o < b->sights && b->sight[o].point == i; o++) {
            observation *s = &f->seen[b->seen[o]];
            if (drop && error[o] > 9.2) {
                s->inverse_sigma = 0; /* marks it for removal */
                dropped++;
            }
        }
        for (uint32_t j = 0; j < f->seen_count; j++)
            if (f->seen[j].inverse_sigma > 0)
                f->seen[kept++] = f->seen[j];
        f->seen_count = kept;
        bool behind = f->rho <= 0 && f->state == FEATURE_MATURE;
        if (behind || f->rho < -2 * f->rho_sigma || (dropped && dropped > kept)) {
            feature_kill(f);
            continue;
        }
        f->rho = fmax(f->rho, 1e-6);
        if (f->rho_sigma < DEPTH_MATURE * f->rho && kept)
            f->state = FEATURE_MATURE;
        else if (f->rho_sigma > 2 * DEPTH_MATURE * f->rho)
            f->state = FEATURE_IMMATURE;
    }
}

static adjust_result adjust(world *w, const uint32_t *moving, size_t n, const adjust_options *o)
{
    adjust_result out = {0};
    window b = window_make(w, moving, n);
    size_t held = 0, oldest = 0;

    for (size_t i = 0; i < b.poses; i++) {
        held += b.fixed[i];
        if (!b.fixed[i] && b.keyframe[i] < b.keyframe[oldest])
            oldest = i;
    }
    if (!held && b.poses)
        b.fixed[oldest] = 1;
    if (b.points >= 10 && b.poses >= 2) {
        double *error = omma_new_array(double, b.sights + 1);
        double *information = omma_new_array(double, b.points + 1);
        omma_bundle_problem problem = {.camera = &b.camera,
                                       .camera_from_world = b.pose,
                                       .pose_fixed = b.fixed,
                                       .pose_count = b.poses,
                                       .points = b.point,
                                       .point_count = b.points,
                                       .observations = b.sight,
                                       .observation_count = b.sights};
        omma_bundle_result result;
        omma_error err = omma_bundle_adjust(&problem,
                                            &(omma_bundle_options){
                                                .iterations = o->iterations ? o->iterations : 8,
                                                .huber = 1.5,
                                                .free_camera = o->free_camera,
                                                .focal_prior = o->focal_prior,
                                                .focal_prior_sigma = o->focal_prior_sigma,
                                                .k_prior_sigma = o->free_camera & OMMA_BUNDLE_K3 ? 1 : 0.1,
                                                .min_decrease = 1e-3,
                                            },
                                            error, &result);
        if (!err) {
            omma_bundle_point_information(&problem, information);
            if (o->free_camera)
                world_set_camera(w, &b.camera);
            window_apply(&b, w, error, information, o->drop_outliers);
            out = (adjust_result){true,    result.rms_px, result.focal_sigma_px,
                                  b.poses, b.points,      b.sights};
        }
        free(error);
        free(information);
    }
    window_free(&b);
    return out;
}

adjust_result adjust_around(world *w, uint32_t k, const adjust_options *o)
{
    uint32_t moving[WINDOW + 1] = {k};
    size_t n = 1 + adjust_neighbours(w, k, MIN_SHARED, moving + 1, WINDOW);
    return adjust(w, moving, n, o);
}

/* The reduced system is dense: beyond this many keyframes it is solved in overlapping stretches of
   time, each against what it touches, with the camera as it is known by then. */
enum { TOGETHER = 250, STRETCH = 150, ADVANCE = 100 };

adjust_result adjust_submap(world *w, uint32_t submap, const adjust_options *o)
{
    uint32_t *moving = omma_new_array(uint32_t, w->keyframe_count + 1);
    size_t n = 0;
    adjust_result out = {0};

    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == submap)
            moving[n++] = (uint32_t)i;
    if (n <= TOGETHER) {
        out = adjust(w, moving, n, o);
    } else {
        adjust_options part = *o;
        part.free_camera = 0;
        for (size_t i = 0; i < n; i += ADVANCE) {
            adjust_result r = adjust(w, moving + i, n - i < STRETCH ? n - i : STRETCH, &part);
            if (r.done)
                out = r;
        }
    }
    free(moving);
    return out;
}

double adjust_readout(const world *w, uint32_t k, bool everywhere)
{
    uint32_t list[WINDOW + 1] = {k};
    size_t n = 1 + adjust_neighbours(w, k, MIN_SHARED, list + 1, WINDOW);
    const double prior_information = 1 / (0.005 * 0.005), limit = 0.05;
    double information = prior_information, gradient = -prior_information * w->readout;

    for (size_t i = 0; i < (everywhere ? w->keyframe_count : n); i++) {
        const keyframe *key = &w->keyframes[everywhere ? i : list[i]];
        if (!key->posed || key->culled || key->submap != w->keyframes[k].submap)
            continue;
        for (uint32_t j = 0; j < key->feature_count; j++) {
            const feature *f = &w->features[key->features[j]];
            double px[2];
            if (f->state != FEATURE_MATURE)
                continue;
            for (uint32_t m = 0; m < f->seen_count; m++) {
                const observation *o = &f->seen[m];
                if (&w->keyframes[o->keyframe] != key ||
                    !feature_project(w, f, &key->camera_from_world, px, NULL, NULL))
                    continue;
                /* Both ends of a sight move with the readout. */
                double dx = o->roll_x - f->roll_x, dy = o->roll_y - f->roll_y;
                double rx = px[0] - o->x, ry = px[1] - o->y;
                double e = sqrt(rx * rx + ry * ry) * o->inverse_sigma;
                double weight = o->inverse_sigma * o->inverse_sigma * (e > 1.5 ? 1.5 / e : 1);
                information += weight * (dx * dx + dy * dy);
                gradient += weight * (dx * rx + dy * ry);
            }
        }
    }
    double readout = w->readout + gradient / information;
    return fmax(-limit, fmin(limit, readout));
}

uint32_t adjust_newest(const world *w, uint32_t submap)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == submap)
            newest = (uint32_t)i;
    return newest;
}
