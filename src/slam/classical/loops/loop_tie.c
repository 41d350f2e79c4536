/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_tie.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_ALIKE = 12,    /* places that look alike before anything is computed */
    MIN_SAMPLE = 9,    /* of them agreeing with one similarity before more are looked for */
    MIN_AGREEING = 20, /* in the end */
    MIN_SHARE = 10,    /* percent of what should be in sight, or of what the query knows */
    ROUNDS = 2
};

static const double first_px = 6, guided_px = 8, final_px = 4; /* reprojection, larger way */

void loop_tie_finish(loop_tie *t)
{
    free(t->same);
    *t = (loop_tie){0};
}

/* A place and what is known of it. */
typedef struct known_place {
    const loop_place *place;
    const uint8_t *descriptor;
    double point[3]; /* in the camera of the query or of the match */
    double ray[2];   /* there */
} known_place;

typedef struct tie_search {
    const follower *f;
    const loop_belief *now;
    double focal;
    known_place *query, *known; /* the query's, in its order; the match's and its neighbours' */
    size_t query_count, known_count;
    const loop_view *query_view;
    omma_sim3_pair *pair;
    loop_same *same;
    size_t n;
} tie_search;

static void add_pair(tie_search *s, const known_place *query, const known_place *k)
{
    omma_sim3_pair *p = &s->pair[s->n];

    memcpy(p->a, query->point, sizeof(p->a));
    memcpy(p->b, k->point, sizeof(p->b));
    memcpy(p->xa, query->ray, sizeof(p->xa));
    memcpy(p->xb, k->ray, sizeof(p->xb));
    s->same[s->n++] = (loop_same){query->place->feature, k->place->feature};
}

static int by_feature(const void *a, const void *b)
{
    const known_place *p = a, *q = b;
    const uint32_t x = p->place->feature, y = q->place->feature;
    return x < y ? -1 : x > y;
}

/* What is known of place i of a view, told in the camera of keyframe k. */
static bool know(const tie_search *s, const loop_view *v, uint32_t i, uint32_t k, known_place *out)
{
    const loop_place *p = &v->place[i];
    const float *at = s->now->points->at[p->feature];
    const double x[3] = {at[0], at[1], at[2]}, px[2] = {p->ux, p->uy};

    out->place = p;
    out->descriptor = v->descriptors + (size_t)i * DESCRIPTOR_BYTES;
    out->point[2] = 0;
    if (isnan(at[0]))
        return false;
    omma_se3_apply(&s->now->standing[k].camera_from_world, x, out->point);
    if (!(out->point[2] > 0))
        return false;
    for (int j = 0; j < 2; j++)
        out->ray[j] = out->point[j] / out->point[2];
    return k != v->keyframe || omma_camera_unproject(s->now->camera, px, out->ray);
}

static void learn(tie_search *s, const loop_view *v, uint32_t k)
{
    for (uint32_t i = 0; i < v->n; i++)
        s->known_count += know(s, v, i, k, &s->known[s->known_count]);
}

/* What the match and its neighbours know, each feature once, the match's own sights first. */
static void learn_all(tie_search *s, const loop_view *match, const loop_view *const *near,
                      size_t count)
{
    size_t total = match->n;

    for (size_t i = 0; i < count; i++)
        total += near[i]->n;
    s->known = omma_new_array(known_place, total + 1);
    learn(s, match, match->keyframe);
    qsort(s->known, s->known_count, sizeof(*s->known), by_feature);
    for (size_t i = 0; i < count; i++) {
        const size_t before = s->known_count;
        size_t kept = before;
        learn(s, near[i], match->keyframe);
        for (size_t j = before; j < s->known_count; j++)
            if (!bsearch(&s->known[j], s->known, before, sizeof(*s->known), by_feature))
                s->known[kept++] = s->known[j];
        s->known_count = kept;
        qsort(s->known, kept, sizeof(*s->known), by_feature);
    }
}

/* The query's places in its own order; those that nothing is known of have no depth. */
static void learn_query(tie_search *s)
{
    s->query_count = s->query_view->n;
    s->query = omma_new_array(known_place, s->query_count + 1);
    for (uint32_t i = 0; i < s->query_count; i++)
        if (!know(s, s->query_view, i, s->query_view->keyframe, &s->query[i]))
            s->query[i].point[2] = 0;
}

/* The place of the query within reach of a ray that looks most like a descriptor; -1: none. */
static int looks_like(const tie_search *s, const double ray[2], const uint8_t *descriptor,
                      const uint8_t *taken)
{
    enum { FAR = 72 };
    int best = FAR, found = -1;

    for (size_t j = 0; j < s->query_count; j++) {
        const known_place *q = &s->query[j];
        if (taken[j] || !(q->point[2] > 0) ||
            hypot(q->ray[0] - ray[0], q->ray[1] - ray[1]) * s->focal > guided_px)
            continue;
        const int d = descriptor_distance(descriptor, q->descriptor);
        if (d < best) {
            best = d;
            found = (int)j;
        }
    }
    return found;
}

/* Where the match's places should be in the query, and what looks like them there; each place is
 * taken once. @return how many should be in sight. */
static uint32_t guide(tie_search *s, const omma_sim3 *match_from_query)
{
    const omma_camera *camera = s->now->camera;
    const omma_sim3 query_from_match = omma_sim3_inverse(match_from_query);
    uint8_t *taken = omma_new_array(uint8_t, s->query_count + 1u);
    uint32_t expected = 0;

    s->n = 0;
    for (size_t i = 0; i < s->known_count; i++) {
        double p[3], px[2];
        omma_sim3_apply(&query_from_match, s->known[i].point, p);
        if (!omma_camera_project(camera, p, px, NULL) || px[0] < 0 || px[1] < 0 ||
            px[0] >= camera->width || px[1] >= camera->height)
            continue;
        expected++;
        const double ray[2] = {p[0] / p[2], p[1] / p[2]};
        const int j = looks_like(s, ray, s->known[i].descriptor, taken);
        if (j >= 0) {
            taken[j] = 1;
            add_pair(s, &s->query[j], &s->known[i]);
        }
    }
    free(taken);
    return expected;
}

/* Pairs within reach of the similarity go to the front. @return how many. */
static size_t keep_agreeing(tie_search *s, const omma_sim3 *match_from_query, double reach_px)
{
    const omma_sim3 back = omma_sim3_inverse(match_from_query);
    const double reach = reach_px / s->focal;
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        double a[3], b[3];
        omma_sim3_apply(match_from_query, s->pair[i].a, b);
        omma_sim3_apply(&back, s->pair[i].b, a);
        if (!(a[2] > 0) || !(b[2] > 0) ||
            hypot(a[0] / a[2] - s->pair[i].xa[0], a[1] / a[2] - s->pair[i].xa[1]) > reach ||
            hypot(b[0] / b[2] - s->pair[i].xb[0], b[1] / b[2] - s->pair[i].xb[1]) > reach)
            continue;
        s->pair[kept] = s->pair[i];
        s->same[kept++] = s->same[i];
    }
    s->n = kept;
    return kept;
}

/* From what looks alike in the two pictures alone. */
static bool find_first(tie_search *s, const loop_view *match, uint64_t seed, loop_tie *out)
{
    loop_likeness *alike = omma_new_array(loop_likeness, s->query_count + 1u);
    const size_t n = loop_view_match(s->f, s->query_view, match, alike);
    omma_ransac_result r = {0};

    for (size_t i = 0; i < n; i++) {
        known_place k;
        if (s->query[alike[i].a].point[2] > 0 && know(s, match, alike[i].b, match->keyframe, &k))
            add_pair(s, &s->query[alike[i].a], &k);
    }
    free(alike);
    out->alike = (uint32_t)s->n;
    if (s->n < MIN_ALIKE ||
        omma_sim3_ransac(s->pair, s->n,
                         &(omma_ransac_options){
                             .threshold = first_px / s->focal, .max_iterations = 300, .seed = seed},
                         &out->match_from_query, NULL, &r))
        return false;
    out->agreeing = (uint32_t)r.inliers;
    return r.inliers >= MIN_SAMPLE;
}

/* More of the same place, and the similarity by all of it. */
static bool widen(tie_search *s, loop_tie *out)
{
    for (int round = 0; round < ROUNDS; round++) {
        out->expected = guide(s, &out->match_from_query);
        if (keep_agreeing(s, &out->match_from_query, guided_px) < MIN_SAMPLE ||
            omma_sim3_refine(s->pair, s->n, 1.5 / s->focal, &out->match_from_query) != OMMA_OK)
            return false;
    }
    out->agreeing = (uint32_t)keep_agreeing(s, &out->match_from_query, final_px);
    const size_t possible = out->expected < s->query_count ? out->expected : s->query_count;
    return out->agreeing >= MIN_AGREEING && out->agreeing * 100 >= possible * MIN_SHARE;
}

bool loop_tie_find(const follower *f, const loop_belief *now, const loop_view *query,
                   const loop_view *match, const loop_view *const *near, size_t near_count,
                   uint64_t seed, loop_tie *out)
{
    tie_search s = {.f = f,
                    .now = now,
                    .focal = now->camera->fx,
                    .query_view = query,
                    .pair = omma_new_array(omma_sim3_pair, query->n + 1u),
                    .same = omma_new_array(loop_same, query->n + 1u)};

    *out = (loop_tie){.query = query->keyframe, .match = match->keyframe};
    learn_query(&s);
    bool good = find_first(&s, match, seed, out);
    if (good) {
        learn_all(&s, match, near, near_count);
        good = widen(&s, out);
    }
    free(s.query);
    free(s.known);
    free(s.pair);
    if (good)
        out->same = s.same;
    else
        free(s.same);
    return good;
}
