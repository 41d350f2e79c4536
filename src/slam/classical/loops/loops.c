/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "loops.h"

#include "adjust.h"
#include "world_move.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    RIPE = 2,    /* keyframes that follow before one is asked for: by then its depths are known */
    HANDOVER = 3 /* answers that may be outstanding */
};

typedef struct waiting {
    uint32_t keyframe;
    omma_pyramid picture;
} waiting;

struct loops {
    loop_worker *worker;
    const omma_log *log;
    bool realtime;
    waiting ripening[RIPE + 1]; /* oldest first */
    uint32_t ripening_count;
    uint32_t outstanding, epoch;
    uint32_t next;              /* keyframe that has not been seen yet */
    uint32_t asked, said_epoch; /* since all points were said */
    omma_camera said_camera;
    bool closing; /* a copy of the world is under way */
    omma_loop *closed;
    size_t closed_count, closed_capacity, told;
};

omma_error loops_create(loops **out, const follower *f, bool realtime, uint64_t seed,
                        const omma_log *log)
{
    loops *l = omma_new(loops);

    l->log = log;
    l->realtime = realtime;
    omma_error err = loop_worker_create(&l->worker, f, seed, log);
    if (err) {
        free(l);
        return err;
    }
    *out = l;
    return OMMA_OK;
}

void loops_destroy(loops **l)
{
    if (!*l)
        return;
    loop_worker_destroy(&(*l)->worker);
    for (uint32_t i = 0; i < (*l)->ripening_count; i++)
        omma_pyramid_finish(&(*l)->ripening[i].picture);
    free((*l)->closed);
    free(*l);
    *l = NULL;
}

/* ---------------------------------------------------------------------------------------- asking
 */

static loop_standing *standings(const world *w)
{
    loop_standing *s = omma_new_array(loop_standing, w->keyframe_count + 1);
    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        s[i] = (loop_standing){k->camera_from_world, k->submap, k->posed && !k->culled};
    }
    return s;
}

/* Keyframes that see what k sees, and those that see what these see: the map holds them together
   anyhow. */
static uint8_t *connected(const world *w, uint32_t k)
{
    enum { DIRECT = 30, BEYOND = 20, SHARED = 20, WELL_SHARED = 40 };
    uint8_t *near = omma_new_array(uint8_t, w->keyframe_count + 1);
    uint32_t direct[DIRECT], beyond[BEYOND];
    const size_t n = adjust_neighbours(w, k, SHARED, direct, DIRECT);

    near[k] = 1;
    for (size_t i = 0; i < n; i++) {
        const size_t m = adjust_neighbours(w, direct[i], WELL_SHARED, beyond, BEYOND);
        near[direct[i]] = 1;
        for (size_t j = 0; j < m; j++)
            near[beyond[j]] = 1;
    }
    return near;
}

/* All points are said again now and then, and when all have moved: old ones move little otherwise.
 */
static loop_points points_if_due(loops *l, const world *w)
{
    enum { EVERY = 8 };
    const bool moved =
        l->said_epoch != l->epoch || memcmp(&l->said_camera, &w->camera, sizeof(w->camera)) != 0;

    if (!moved && l->asked++ % EVERY)
        return (loop_points){0};
    l->said_epoch = l->epoch;
    l->said_camera = w->camera;
    l->asked = 1;
    return loop_points_make(w);
}

static void ask(loops *l, const world *w, bool last)
{
    waiting oldest = l->ripening[0];

    memmove(l->ripening, l->ripening + 1, --l->ripening_count * sizeof(*l->ripening));
    if (!w->keyframes[oldest.keyframe].posed) {
        omma_pyramid_finish(&oldest.picture);
        return;
    }
    loop_question q = {.view = loop_view_make(w, oldest.keyframe),
                       .picture = oldest.picture,
                       .camera = w->camera,
                       .standing = standings(w),
                       .near = connected(w, oldest.keyframe),
                       .keyframes = (uint32_t)w->keyframe_count,
                       .points = points_if_due(l, w),
                       .epoch = l->epoch,
                       .looked = oldest.picture.buffer != NULL,
                       .last = last};
    q.own = loop_view_points(w, &q.view);
    loop_worker_ask(l->worker, &q);
    l->outstanding++;
}

static void ripen(loops *l, const world *w, uint32_t k, const omma_pyramid *picture)
{
    l->ripening[l->ripening_count] = (waiting){.keyframe = k};
    if (picture) {
        l->ripening[l->ripening_count].picture = *picture;
        omma_buffer_ref(picture->buffer);
    }
    if (++l->ripening_count > RIPE)
        ask(l, w, false);
}

void loops_add(loops *l, const world *w, uint32_t r, const omma_pyramid *picture)
{
    enum { PRESSURE = 16 };
    const bool late = l->realtime && l->outstanding >= PRESSURE; /* it cannot keep up */

    for (; l->next < w->keyframe_count; l->next++)
        if (w->keyframes[l->next].posed && !late)
            ripen(l, w, l->next, w->keyframes[l->next].frame == r ? picture : NULL);
}

/* ---------------------------------------------------------------------------------------- taking
 */

static void begin_closing(loops *l, const world *w, loop_finding *f)
{
    uint8_t *patches = omma_new_array(uint8_t, w->feature_count + 1);

    loop_close_needs(w, f, patches);
    world copy = world_copy(w, patches);
    free(patches);
    loop_worker_close(l->worker, &copy, f);
    l->outstanding++;
    l->closing = true;
}

/* Ties whose keyframes were culled meanwhile go; two that are left still tell the place. */
static bool still_stands(const world *w, loop_finding *f)
{
    enum { ENOUGH = 2 };
    uint32_t kept = 0;

    for (uint32_t i = 0; i < f->count; i++) {
        if (!w->keyframes[f->tie[i].query].posed || !w->keyframes[f->tie[i].match].posed) {
            loop_tie_finish(&f->tie[i]);
            omma_pyramid_finish(&f->picture[i]);
            continue;
        }
        f->tie[kept] = f->tie[i];
        f->picture[kept++] = f->picture[i];
    }
    f->count = kept;
    return kept >= ENOUGH;
}

static uint64_t frame_of(const world *w, uint32_t k)
{
    return w->records[w->keyframes[k].frame].index;
}

static void note_closed(loops *l, const world *w, const loop_result *r)
{
    const omma_loop new = {.frame = frame_of(w, r->query),
                           .earlier_frame = frame_of(w, r->match),
                           .inliers = r->inliers,
                           .joined = r->joined != r->submap,
                           .scale = r->scale};

    omma_grow((void **)&l->closed, &l->closed_capacity, l->closed_count + 1, sizeof(*l->closed));
    l->closed[l->closed_count++] = new;
    omma_info(l->log,
              "frame %" PRIu64 " shows the place of frame %" PRIu64 ": %s, %u points found again",
              new.frame, new.earlier_frame, new.joined ? "two submaps are one" : "loop closed",
              new.inliers);
}

/* One answer. @return whether the world was corrected. */
static bool take(loops *l, world *w, loop_answer *a, omma_sim3 *moved)
{
    bool corrected = false;

    l->outstanding--;
    if (a->closing) {
        l->closing = false;
        if (a->result.verdict == LOOP_CLOSED) {
            note_closed(l, w, &a->result);
            *moved = loop_take_in(w, &a->result);
            l->epoch++;
            corrected = true;
        }
    } else if (!l->closing && a->finding.epoch == l->epoch && still_stands(w, &a->finding)) {
        begin_closing(l, w, &a->finding);
    }
    loop_answer_finish(a);
    return corrected;
}

static bool take_until(loops *l, world *w, uint32_t most, omma_sim3 *moved)
{
    bool corrected = false;
    loop_answer a;

    while (!corrected && (l->outstanding > most || (l->realtime && l->outstanding)) &&
           loop_worker_pop(l->worker, l->outstanding > most && !l->realtime, &a))
        corrected = take(l, w, &a, moved);
    return corrected;
}

bool loops_take(loops *l, world *w, omma_sim3 *moved)
{
    return take_until(l, w, HANDOVER, moved);
}

bool loops_end(loops *l, world *w)
{
    omma_sim3 moved;
    bool corrected = false;

    l->realtime = false;
    while (l->ripening_count || l->outstanding) {
        if (l->ripening_count)
            ask(l, w, true);
        corrected |= take_until(l, w, 0, &moved);
    }
    return corrected;
}

size_t loops_news(loops *l, const omma_loop **out)
{
    const size_t first = l->told;
    *out = l->closed ? l->closed + first : NULL;
    l->told = l->closed_count;
    return l->told - first;
}

void loops_spent(const loops *l, int64_t *cpu_ns, uint64_t *jobs)
{
    loop_worker_spent(l->worker, cpu_ns, jobs);
}
