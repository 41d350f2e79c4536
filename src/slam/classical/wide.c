/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "wide.h"

#include "depth.h"
#include "step_vote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_EPIPOLAR = 20, /* matches that agree on an essential matrix: by chance there are 14 */
    MIN_KNOWN = 20,    /* matches of known depth that agree on the pose; MIN_ELECTED after a vote */
};

void wide_finish(wide_memory *m)
{
    while (m->count)
        described_finish(&m->view[--m->count].corners);
}

bool wide_knows(const wide_memory *m, const world *w, uint32_t submap)
{
    for (int i = 0; i < m->count; i++)
        if (wide_view_is_usable(w, &m->view[i], submap))
            return true;
    return false;
}

void wide_remember(wide_memory *m, const world *w, const follower *f, const omma_pyramid *now,
                   uint32_t k)
{
    if (m->count == WIDE_KEPT)
        described_finish(&m->view[--m->count].corners);
    memmove(m->view + 1, m->view, (size_t)m->count * sizeof(*m->view));
    m->view[0] = (wide_view){k, described_make(w, f, now)};
    m->count++;
}

static void rays_of_pairs(const described *a, const described *b, const described_pair *pairs,
                          size_t n, double *xa, double *xb)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(xa + 2 * i, a->ray + 2 * pairs[i].a, 2 * sizeof(double));
        memcpy(xb + 2 * i, b->ray + 2 * pairs[i].b, 2 * sizeof(double));
    }
}

/* Corners of a view and of the new picture that agree on an essential matrix, which tells the
   motion up to the length of its step. @return how many. */
static size_t match_epipolar(const world *w, const follower *f, const described *a,
                             const described *b, uint64_t seed, described_pair *pairs, double E[9])
{
    size_t n = described_match(f, a, b, pairs);
    double *xa = omma_new_array(double, 4 * n + 1), *xb = xa + 2 * n;
    omma_ransac_result result = {0};

    rays_of_pairs(a, b, pairs, n, xa, xb);
    const omma_ransac_options o = {
        .threshold = 1.5 / w->camera.fx, .max_iterations = 1000, .seed = seed};
    omma_error err =
        n < MIN_EPIPOLAR ? OMMA_INVALID : omma_essential_ransac(xa, xb, n, &o, E, NULL, &result);
    free(xa);
    if (err || result.inliers < MIN_EPIPOLAR || result.inliers * 5 < n)
        return 0;
    return described_match_along(w, a, b, E, 2, pairs);
}

/* Corners of known place against the new picture. */
typedef struct resection {
    size_t n, capacity;
    double *world, *x;
} resection;

static void resection_add(resection *r, const double point[3], const double x[2])
{
    size_t capacity = r->capacity;
    omma_grow((void **)&r->world, &capacity, r->n + 1, 3 * sizeof(double));
    omma_grow((void **)&r->x, &r->capacity, r->n + 1, 2 * sizeof(double));
    r->capacity = capacity < r->capacity ? capacity : r->capacity;
    memcpy(r->world + 3 * r->n, point, 3 * sizeof(double));
    memcpy(r->x + 2 * r->n, x, 2 * sizeof(double));
    r->n++;
}

static void resection_free(resection *r)
{
    free(r->world);
    free(r->x);
}

static bool resection_solve(const world *w, const resection *r, size_t least, uint64_t seed,
                            localization *out)
{
    const omma_ransac_options o = {
        .threshold = 3 / w->camera.fx, .max_iterations = 1000, .seed = seed};
    omma_ransac_result result = {0};

    out->mature = (uint32_t)r->n;
    out->good = false;
    if (r->n < least || omma_pnp_ransac(r->world, r->x, r->n, &o, &out->camera_from_world, NULL,
                                        &result) != OMMA_OK)
        return false;
    out->mature_inliers = (uint32_t)result.inliers;
    out->good = result.inliers >= least && result.inliers * 2 >= r->n;
    return out->good;
}

static omma_se3 motion_of(const world *w, const described *a, const described *b,
                          const described_pair *pairs, size_t n, const double E[9])
{
    double *xa = omma_new_array(double, 4 * n + 1), *xb = xa + 2 * n;
    omma_se3 four[4];
    size_t count;

    rays_of_pairs(a, b, pairs, n, xa, xb);
    omma_essential_decompose(E, four);
    omma_se3 motion =
        four[omma_motion_choose(four, 4, xa, xb, n, 3 / w->camera.fx, NULL, NULL, &count)];
    free(xa);
    return motion;
}

/* The motion up to its length comes from all matches, the length from a vote. */
static bool solve_by_vote(const world *w, const wide_view *view, const known_corner *known,
                          const described *now, const described_pair *pairs, size_t n_pairs,
                          const double E[9], uint64_t seed, localization *out)
{
    const omma_se3 motion = motion_of(w, &view->corners, now, pairs, n_pairs, E);
    described_pair *elected = omma_new_array(described_pair, view->corners.n + 1);
    resection r = {0};

    size_t n = step_vote(w, view, known, now, &motion, E, elected);
    for (size_t i = 0; i < n; i++)
        resection_add(&r, known[elected[i].a].world, now->ray + 2 * elected[i].b);
    bool done = resection_solve(w, &r, MIN_ELECTED, seed, out);
    resection_free(&r);
    free(elected);
    return done;
}

static bool agrees(const world *w, const double point[3], const omma_se3 *pose, const sight *s)
{
    double c[3], px[2];
    omma_se3_apply(pose, point, c);
    return c[2] > 1e-6 && omma_camera_project(&w->camera, c, px, NULL) &&
           hypot(px[0] - s->ux, px[1] - s->uy) * s->inverse_sigma < 3;
}

/* A new feature held by keyframe k where it saw a corner. @return its index, or NO_FEATURE. */
static uint32_t add_feature(world *w, const wide_view *v, uint32_t i, double rho,
                            const omma_frame *frame, const sight *now)
{
    const sight *s = &v->corners.places[i];
    int level = (int)lroundf(log2f(v->corners.scale[i]));
    feature f = {.anchor = v->keyframe,
                 .x = s->ux,
                 .y = s->uy,
                 .roll_x = s->roll_x,
                 .roll_y = s->roll_y,
                 .level = (uint8_t)(level < 0   ? 0
                                    : level > 2 ? 2
                                                : level),
                 .state = FEATURE_IMMATURE,
                 .rho = rho,
                 .rho_sigma = 0.5 * rho,
                 .patch_keyframe = v->keyframe};
    const double px[2] = {f.x, f.y};

    if (!omma_camera_unproject(&w->camera, px, f.ray))
        return NO_FEATURE;
    omma_frame_rgb_at(frame, (int)lroundf(now->x), (int)lroundf(now->y), f.rgb);
    memcpy(f.descriptor, v->corners.descriptors + i * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
    uint32_t index = world_add_feature(w, &f);
    keyframe_add_feature(&w->keyframes[v->keyframe], index);
    return index;
}

static void observe(world *w, uint32_t index, const wide_view *v, uint32_t i)
{
    const sight *s = &v->corners.places[i];
    feature_add_sight(&w->features[index], v->keyframe, s);
    keyframe_add_feature(&w->keyframes[v->keyframe], index);
}

static bool is_taken(const sight_list *list, const sight *s, uint32_t index)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->item[i].feature == index ||
            (fabsf(list->item[i].x - s->x) < 2 && fabsf(list->item[i].y - s->y) < 2))
            return true;
    return false;
}

/* Everything in view v that the pose allows: features of the map, corners of known depth, and
   corners that this picture gives a depth. */
static void collect(world *w, const wide_memory *m, int view, const known_corner *known,
                    const described *now, const omma_se3 *pose, const omma_frame *frame,
                    sight_list *out)
{
    const wide_view *v = &m->view[view];
    const omma_se3 world_from_v = omma_se3_inverse(&w->keyframes[v->keyframe].camera_from_world);
    const omma_se3 now_from_v = omma_se3_mul(pose, &world_from_v);
    described_pair *pairs = omma_new_array(described_pair, v->corners.n + 1);
    double E[9];

    essential_of_motion(&now_from_v, E);
    size_t n = described_match_along(w, &v->corners, now, E, 2, pairs);
    for (size_t i = 0; i < n; i++) {
        const known_corner *k = &known[pairs[i].a];
        sight s = now->places[pairs[i].b];
        const double *xa = v->corners.ray + 2 * pairs[i].a, *xb = now->ray + 2 * pairs[i].b;
        double point[3], q[3];
        s.feature = k->feature;
        if (is_taken(out, &s, s.feature) || (k->parallax > 0 && !agrees(w, k->world, pose, &s)))
            continue;
        if (s.feature == NO_FEATURE) {
            if (!omma_triangulate_two(&now_from_v, xa, xb, point) || !(point[2] > 1e-6))
                continue;
            omma_se3_apply(&world_from_v, point, q);
            if (!agrees(w, q, pose, &s))
                continue;
            s.feature = add_feature(w, v, pairs[i].a, 1 / point[2], frame, &s);
            if (s.feature == NO_FEATURE)
                continue;
            if (k->parallax > 0) {
                observe(w, s.feature, &m->view[k->by], k->other);
                depth_solve(w, &w->features[s.feature]);
            }
        }
        sight_list_push(out, &s);
    }
    free(pairs);
}

localization wide_localize(wide_memory *m, world *w, const follower *f, const described *here,
                           const omma_frame *frame, uint32_t submap, uint64_t seed,
                           const omma_log *log, sight_list *sights)
{
    localization out = {.camera_from_world = omma_se3_identity()};
    known_corner *known[WIDE_KEPT] = {0};
    resection r = {0};
    int last = 0;

    for (int i = 0; i < m->count; i++)
        described_set_rays(&m->view[i].corners, w);
    for (int i = 0; i < m->count && !out.good; i++) {
        const described *there = &m->view[i].corners;
        if (!wide_view_is_usable(w, &m->view[i], submap))
            continue;
        described_pair *pairs = omma_new_array(described_pair, there->n + 1);
        double E[9];
        size_t n = match_epipolar(w, f, there, here, seed, pairs, E), before = r.n;
        if (n) {
            known[i] = known_corners(w, m->view, m->count, i, submap);
            last = i;
        }
        if (n && !solve_by_vote(w, &m->view[i], known[i], here, pairs, n, E, seed, &out)) {
            for (size_t j = 0; j < n; j++)
                if (known[i][pairs[j].a].parallax > 0)
                    resection_add(&r, known[i][pairs[j].a].world, here->ray + 2 * pairs[j].b);
            resection_solve(w, &r, MIN_KNOWN, seed, &out);
        }
        free(pairs);
        omma_debug(log,
                   "wide: keyframe of frame %u: %zu matches, %zu of known depth, %u of %u agree%s",
                   w->keyframes[m->view[i].keyframe].frame, n, r.n - before, out.mature_inliers,
                   out.mature, out.good && r.n == before ? ", by vote" : "");
    }
    if (out.good) {
        sight_list found = {0};
        for (int i = 0; i <= last; i++)
            if (known[i])
                collect(w, m, i, known[i], here, &out.camera_from_world, frame, &found);
        out.inliers = (uint32_t)found.count;
        for (size_t i = 0; i < sights->count; i++)
            if (!is_taken(&found, &sights->item[i], sights->item[i].feature))
                sight_list_push(&found, &sights->item[i]);
        free(sights->item);
        *sights = found;
    }
    for (int i = 0; i < m->count; i++)
        free(known[i]);
    resection_free(&r);
    return out;
}
