/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "loop_memory.h"

#include "recall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* recall's score, below which hardly any keyframe shows the same (docs/recall.md) */
static const float LIKELY = 0.02f;

enum {
    CANDIDATES = 12, /* compared in full */
    PER_CELL = 6,    /* corners that tell how a picture looks */
    MAX_CORNERS = 4096,
    ENOUGH = 3,     /* that are tied: the best of them is taken */
    SEPARATE = 10,  /* keyframes before the new one that are no other time */
    NEIGHBOURS = 3, /* of a candidate that tell more of its place */
    WINDOW = 6      /* keyframes in which the witnesses must come */
};

/* One recognised keyframe, waiting for others that say the same. */
typedef struct witness {
    loop_tie tie;
    omma_pyramid picture;
    uint32_t turn; /* number of the question */
} witness;

struct loop_memory {
    const follower *f;
    uint64_t seed;
    const omma_log *log;
    loop_view *views;
    size_t count, capacity;
    recall *recall; /* of the same keyframes; NULL: there was no memory for it */
    loop_points points;
    witness witness[WINDOW];
    uint32_t witnesses;
    uint32_t epoch, turn;
};

void loop_question_finish(loop_question *q)
{
    loop_view_finish(&q->view);
    omma_pyramid_finish(&q->picture);
    free(q->standing);
    loop_points_finish(&q->points);
    free(q->own);
    free(q->near);
    *q = (loop_question){0};
}

void loop_finding_finish(loop_finding *f)
{
    for (uint32_t i = 0; i < f->count; i++) {
        loop_tie_finish(&f->tie[i]);
        omma_pyramid_finish(&f->picture[i]);
    }
    f->count = 0;
}

loop_memory *loop_memory_create(const follower *f, uint64_t seed, const omma_log *log)
{
    loop_memory *m = omma_new(loop_memory);
    m->f = f;
    m->seed = seed;
    m->log = log;
    if (recall_create(&m->recall, &(recall_options){.seed = seed, .log = log}) != OMMA_OK)
        m->recall = NULL;
    return m;
}

static void forget_witness(loop_memory *m, uint32_t i)
{
    loop_tie_finish(&m->witness[i].tie);
    omma_pyramid_finish(&m->witness[i].picture);
    memmove(m->witness + i, m->witness + i + 1, (--m->witnesses - i) * sizeof(*m->witness));
}

void loop_memory_destroy(loop_memory **m)
{
    if (!*m)
        return;
    while ((*m)->witnesses)
        forget_witness(*m, 0);
    for (size_t i = 0; i < (*m)->count; i++)
        loop_view_finish(&(*m)->views[i]);
    free((*m)->views);
    recall_destroy(&(*m)->recall);
    loop_points_finish(&(*m)->points);
    free(*m);
    *m = NULL;
}

/* ------------------------------------------------------------------------------- candidates */

typedef struct candidate {
    size_t view;
    uint32_t score; /* thousandths of what recall says, or shared features */
} candidate;

static int by_score(const void *a, const void *b)
{
    const candidate *p = a, *q = b;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return p->view < q->view ? -1 : p->view > q->view;
}

static bool is_of_another_time(const loop_question *q, const loop_view *v)
{
    const uint32_t k = v->keyframe;
    if (k >= q->keyframes || !q->standing[k].posed || q->near[k])
        return false;
    return q->standing[k].submap != q->standing[q->view.keyframe].submap ||
           k + SEPARATE < q->view.keyframe;
}

/* A question and where it is asked. */
typedef struct asking {
    const loop_memory *m;
    const loop_question *q;
} asking;

/* The number of a keyframe's view, or of views when it has none. */
static size_t find_view(const loop_memory *m, uint32_t k)
{
    size_t i = 0;
    while (i < m->count && m->views[i].keyframe != k)
        i++;
    return i;
}

static bool may_be_candidate(void *user, const recall_place *place)
{
    const asking *a = user;
    const size_t i = find_view(a->m, place->keyframe);
    return i < a->m->count && is_of_another_time(a->q, &a->m->views[i]);
}

/* As long as recall knows no words there are few keyframes: any of another time may be it. */
static size_t take_first(const loop_memory *m, const loop_question *q, candidate out[CANDIDATES])
{
    size_t n = 0;
    for (size_t i = 0; i < m->count && n < CANDIDATES; i++)
        if (is_of_another_time(q, &m->views[i]))
            out[n++] = (candidate){i, 0};
    return n;
}

/* All corners of a picture; where it is gone, how its features look. @return how many */
static size_t describe_question(const loop_memory *m, const loop_question *q, uint8_t *out)
{
    if (q->picture.buffer) {
        keypoint *points = omma_new_array(keypoint, MAX_CORNERS);
        const size_t n = describe_picture(m->f, &q->picture, PER_CELL, points, out, MAX_CORNERS);
        free(points);
        return n;
    }
    const size_t n = q->view.n < MAX_CORNERS ? q->view.n : MAX_CORNERS;
    memcpy(out, q->view.descriptors, n * DESCRIPTOR_BYTES);
    return n;
}

/* The views most like the question, which is remembered. @return how many. */
static size_t find_candidates(loop_memory *m, const loop_question *q, candidate out[CANDIDATES])
{
    uint8_t *corners = omma_new_array(uint8_t, MAX_CORNERS * DESCRIPTOR_BYTES);
    const size_t n = describe_question(m, q, corners);
    const recall_place place = {q->view.keyframe, q->view.keyframe, omma_sim3_identity()};
    asking a = {m, q};
    recall_hit hits[CANDIDATES];
    size_t found = 0;

    if (!m->recall || !recall_is_trained(m->recall))
        found = take_first(m, q, out);
    else if (recall_query(
                 m->recall, corners, n,
                 &(recall_search){
                     .k = CANDIDATES, .keep = may_be_candidate, .user = &a, .least = LIKELY},
                 hits, &found) != OMMA_OK)
        found = 0;
    else
        for (size_t i = 0; i < found; i++)
            out[i] =
                (candidate){find_view(m, hits[i].place.keyframe), (uint32_t)(1000 * hits[i].score)};
    if (m->recall && recall_add(m->recall, &place, corners, n) != OMMA_OK)
        omma_debug(m->log, "loop: keyframe %u is not recalled: %s", q->view.keyframe, omma_why());
    free(corners);
    return found;
}

/* ------------------------------------------------------------------------------------- ties */

static uint32_t count_shared(const loop_view *a, const loop_view *b)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->n; i++)
        for (uint32_t j = 0; j < b->n; j++)
            if (a->place[i].feature == b->place[j].feature) {
                n++;
                break;
            }
    return n;
}

/* Views beside the candidate in time that share most with it. */
static size_t find_neighbours(const loop_memory *m, const loop_question *q, size_t view,
                              const loop_view *out[NEIGHBOURS])
{
    enum { BESIDE = 6, MIN_SHARED = 15 };
    candidate best[2 * BESIDE];
    size_t n = 0;

    for (size_t i = view > BESIDE ? view - BESIDE : 0; i < m->count && i <= view + BESIDE; i++) {
        const uint32_t k = m->views[i].keyframe;
        if (i == view || k >= q->keyframes || !q->standing[k].posed ||
            q->standing[k].submap != q->standing[m->views[view].keyframe].submap ||
            !is_of_another_time(q, &m->views[i]))
            continue;
        const candidate c = {i, count_shared(&m->views[view], &m->views[i])};
        if (c.score >= MIN_SHARED)
            best[n++] = c;
    }
    qsort(best, n, sizeof(*best), by_score);
    n = n < NEIGHBOURS ? n : NEIGHBOURS;
    for (size_t i = 0; i < n; i++)
        out[i] = &m->views[best[i].view];
    return n;
}

/* The candidate that the question's keyframe is tied to best. */
static bool find_tie(const loop_memory *m, const loop_question *q, const candidate *c, size_t n,
                     loop_tie *out)
{
    const loop_belief now = {&q->camera, q->standing, &m->points};
    uint32_t found = 0;

    for (size_t i = 0; i < n && found < ENOUGH; i++) {
        const loop_view *v = &m->views[c[i].view];
        const loop_view *near[NEIGHBOURS];
        loop_tie t;
        const size_t near_count = find_neighbours(m, q, c[i].view, near);
        const bool good = loop_tie_find(m->f, &now, &q->view, v, near, near_count, m->seed, &t);
        omma_trace(m->log, "loop: keyframe %u, %u: score %.3f, %u alike, %u agree of %u%s",
                   q->view.keyframe, v->keyframe, 1e-3 * c[i].score, t.alike, t.agreeing,
                   t.expected, good ? "" : ", no");
        found += good;
        if (good && (found == 1 || t.agreeing > out->agreeing)) {
            if (found > 1)
                loop_tie_finish(out);
            *out = t;
        } else {
            loop_tie_finish(&t);
        }
    }
    return found > 0;
}

/* --------------------------------------------------------------------------------- agreement */

static omma_sim3 world_from(const loop_standing *s)
{
    const omma_se3 back = omma_se3_inverse(&s->camera_from_world);
    return omma_sim3_from_se3(&back, 1);
}

omma_sim3 loop_correction(const loop_tie *t, const loop_standing *query, const loop_standing *match)
{
    const omma_sim3 world_from_match = world_from(match);
    const omma_sim3 query_from_world = omma_sim3_from_se3(&query->camera_from_world, 1);
    const omma_sim3 there = omma_sim3_mul(&world_from_match, &t->match_from_query);
    return omma_sim3_mul(&there, &query_from_world);
}

/* Whether two ties put the newer one's query at the same place. depth: typical there. */
static bool agree(const loop_question *q, const loop_tie *a, const loop_tie *b, double depth)
{
    if (q->standing[a->match].submap != q->standing[b->match].submap ||
        q->standing[a->query].submap != q->standing[b->query].submap)
        return false;
    const omma_sim3 A = loop_correction(a, &q->standing[a->query], &q->standing[a->match]);
    const omma_sim3 B = loop_correction(b, &q->standing[b->query], &q->standing[b->match]);
    const omma_se3 back = omma_se3_inverse(&q->standing[b->query].camera_from_world);
    double x[3], y[3];

    omma_sim3_apply(&A, back.t, x);
    omma_sim3_apply(&B, back.t, y);
    const double d = sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) +
                          (x[2] - y[2]) * (x[2] - y[2]));
    return d < 0.1 * depth * B.s && omma_so3_angle(A.R, B.R) < 0.05 && fabs(log(A.s / B.s)) < 0.1;
}

/* How far away things typically are in the question's view. */
static double typical_depth(const loop_memory *m, const loop_question *q)
{
    const omma_se3 *T = &q->standing[q->view.keyframe].camera_from_world;
    double *depth = omma_new_array(double, q->view.n + 1u);
    size_t n = 0;

    for (uint32_t i = 0; i < q->view.n; i++) {
        const float *at = m->points.at[q->view.place[i].feature];
        const double x[3] = {at[0], at[1], at[2]};
        double p[3];
        omma_se3_apply(T, x, p);
        if (p[2] > 0)
            depth[n++] = p[2];
    }
    const double d = n ? omma_median(depth, n) : 1;
    free(depth);
    return d;
}

static loop_tie copy_tie(const loop_tie *t)
{
    loop_tie c = *t;
    c.same = omma_new_array(loop_same, t->agreeing + 1u);
    memcpy(c.same, t->same, t->agreeing * sizeof(*c.same));
    return c;
}

/* Enough of them say the same as the newest: that is a loop. */
static void conclude(loop_memory *m, const loop_question *q, loop_finding *out)
{
    const witness *newest = &m->witness[m->witnesses - 1];
    const double depth = typical_depth(m, q);
    uint32_t chosen[WINDOW], n = 0, strong = 0;

    for (uint32_t i = 0; i < m->witnesses; i++) {
        const loop_tie *t = &m->witness[i].tie;
        if (t != &newest->tie && !agree(q, t, &newest->tie, depth))
            continue;
        strong += t->agreeing;
        chosen[n++] = i;
    }
    const uint32_t wanted = q->last && strong >= 60 ? 2 : LOOP_WITNESSES;
    if (n < wanted)
        return;
    for (uint32_t i = n > LOOP_WITNESSES ? n - LOOP_WITNESSES : 0; i < n; i++) {
        const witness *w = &m->witness[chosen[i]];
        out->tie[out->count] = copy_tie(&w->tie);
        out->picture[out->count] = w->picture;
        omma_buffer_ref(w->picture.buffer);
        out->count++;
    }
}

static void forget_old_witnesses(loop_memory *m, const loop_question *q)
{
    if (q->epoch != m->epoch) /* the world has been corrected: what they say is said of another */
        while (m->witnesses)
            forget_witness(m, 0);
    m->epoch = q->epoch;
    for (uint32_t i = 0; i < m->witnesses;) {
        const witness *w = &m->witness[i];
        if (m->turn - w->turn >= WINDOW || !q->standing[w->tie.query].posed ||
            !q->standing[w->tie.match].posed)
            forget_witness(m, i);
        else
            i++;
    }
}

static void forget_view(loop_memory *m, size_t i)
{
    if (m->recall)
        recall_remove(m->recall, m->views[i].keyframe);
    loop_view_finish(&m->views[i]);
}

static void forget_culled(loop_memory *m, const loop_question *q)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++) {
        const uint32_t k = m->views[i].keyframe;
        if (k < q->keyframes && !q->standing[k].posed)
            forget_view(m, i);
        else
            m->views[kept++] = m->views[i];
    }
    m->count = kept;
}

static void make_room(loop_points *p, size_t n)
{
    if (n <= p->n)
        return;
    float(*more)[3] = omma_new_bytes(n, sizeof(*more));
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            more[i][k] = i < p->n ? p->at[i][k] : NAN;
    loop_points_finish(p);
    *p = (loop_points){more, n};
}

/* Where things are by now. */
static void take_points(loop_memory *m, loop_question *q)
{
    size_t most = 0;

    if (q->points.n) {
        loop_points_finish(&m->points);
        m->points = q->points;
        q->points = (loop_points){0};
    }
    for (uint32_t i = 0; i < q->view.n; i++)
        most = q->view.place[i].feature >= most ? q->view.place[i].feature + 1 : most;
    make_room(&m->points, most);
    for (uint32_t i = 0; i < q->view.n; i++)
        memcpy(m->points.at[q->view.place[i].feature], q->own[i], sizeof(q->own[i]));
}

loop_finding loop_memory_ask(loop_memory *m, loop_question *q)
{
    loop_finding out = {.keyframe = q->view.keyframe, .epoch = q->epoch};
    candidate candidates[CANDIDATES];
    loop_tie tie;

    m->turn++;
    take_points(m, q);
    forget_culled(m, q);
    forget_old_witnesses(m, q);
    if (q->picture.buffer)
        loop_view_describe(&q->view, m->f, &q->picture);
    size_t n = find_candidates(m, q, candidates);
    n = q->looked ? n : 0;
    out.asked = (uint32_t)n;
    if (find_tie(m, q, candidates, n, &tie)) {
        if (m->witnesses == WINDOW)
            forget_witness(m, 0);
        m->witness[m->witnesses++] = (witness){tie, q->picture, m->turn};
        q->picture = (omma_pyramid){0}; /* moved on */
        conclude(m, q, &out);
    }
    omma_grow((void **)&m->views, &m->capacity, m->count + 1, sizeof(*m->views));
    m->views[m->count++] = q->view;
    q->view = (loop_view){0};
    loop_question_finish(q);
    return out;
}
