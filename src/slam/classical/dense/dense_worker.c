/* SPDX-License-Identifier: Apache-2.0 */
#include "dense_worker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LAG = 3 /* jobs that a map waits for before it is compared */ };

/* A map that others are compared with, as it was estimated. */
typedef struct kept {
    dense_shot shot;
    dense_map map;
    double unit;
    omma_se3 standing; /* camera_from_world as last told */
    bool told;         /* by the newest job: it shares that one's world */
    bool done;         /* handed out */
} kept;

struct dense_worker {
    dense_worker_options options;
    omma_thread *thread;
    omma_queue *jobs, *results;
    dense *dense;
    kept kept[DENSE_EARLIER]; /* oldest first */
    size_t count;
    _Atomic int64_t cpu_ns;
    _Atomic uint64_t done;
    atomic_bool stops;
};

dense_shot dense_shot_ref(const dense_shot *s)
{
    dense_shot copy = *s;
    omma_buffer_ref(copy.picture.buffer);
    omma_buffer_ref(copy.rgb);
    return copy;
}

void dense_shot_unref(dense_shot *s)
{
    omma_buffer_unref(&s->picture.buffer);
    omma_buffer_unref(&s->rgb);
}

void dense_result_finish(dense_result *r)
{
    omma_buffer_unref(&r->depth);
    omma_buffer_unref(&r->error);
    omma_buffer_unref(&r->rgb);
    r->width = r->height = 0;
}

static void free_job(void *item)
{
    dense_job *j = item;
    dense_shot_unref(&j->target);
    for (size_t i = 0; i < j->neighbours; i++)
        dense_shot_unref(&j->neighbour[i]);
    free(j->seeds);
    free(j);
}

static void free_result(void *item)
{
    dense_result_finish(item);
    free(item);
}

static dense_view view_of(const dense_shot *s)
{
    return (dense_view){.picture = &s->picture,
                        .camera = s->camera,
                        .camera_from_world = s->camera_from_world,
                        .turn = {s->turn[0], s->turn[1], s->turn[2]},
                        .readout = s->readout};
}

/* How coarse, by the number of jobs that wait: less refinement first, then less of everything. */
static dense_options quality(const dense_worker *w)
{
    static const dense_options step[] = {{0},
                                         {0},
                                         {.passes = -1},
                                         {.planes = 64, .passes = -1},
                                         {.width = 320, .planes = 64, .passes = -1}};
    const size_t most = sizeof(step) / sizeof(*step) - 1;
    const size_t waiting = w->options.realtime ? omma_queue_length(w->jobs) : 0;
    return step[waiting < most ? waiting : most];
}

/* The map as it was estimated, compared with those that share its world. */
static dense_map compared(dense_worker *w, const kept *k)
{
    dense_witness witness[DENSE_EARLIER];
    dense_map m = k->map;
    const size_t n = (size_t)m.width * m.height;
    size_t count = 0;

    m.depth = omma_new_array(float, n);
    m.error = omma_new_array(float, n);
    memcpy(m.depth, k->map.depth, n * sizeof(float));
    memcpy(m.error, k->map.error, n * sizeof(float));
    for (size_t i = 0; i < w->count; i++)
        if (&w->kept[i] != k && w->kept[i].told && k->told && w->kept[i].map.width)
            witness[count++] = (dense_witness){&w->kept[i].map, w->kept[i].standing};
    dense_check(&m, &k->standing, witness, count);
    return m;
}

static void hand_out(dense_worker *w, kept *k)
{
    dense_result *r = omma_new(dense_result);

    k->done = true;
    r->frame = k->shot.frame;
    r->unit = k->unit;
    if (k->map.width) {
        const dense_view view = view_of(&k->shot);
        dense_map m = compared(w, k);
        r->width = k->shot.grid_width;
        r->height = k->shot.grid_height;
        r->rgb = omma_buffer_ref(k->shot.rgb);
        const size_t bytes = (size_t)r->width * (size_t)r->height * sizeof(float);
        if (omma_buffer_create(&r->depth, bytes) != OMMA_OK ||
            omma_buffer_create(&r->error, bytes) != OMMA_OK ||
            dense_resample(&m, &view, r->width, r->height, r->depth->data, r->error->data) !=
                OMMA_OK)
            dense_result_finish(r);
        dense_map_finish(&m);
    }
    omma_queue_push(w->results, r);
}

static void drop_oldest(dense_worker *w)
{
    if (!w->kept[0].done && !atomic_load(&w->stops))
        hand_out(w, &w->kept[0]);
    dense_shot_unref(&w->kept[0].shot);
    dense_map_finish(&w->kept[0].map);
    memmove(w->kept, w->kept + 1, --w->count * sizeof(kept));
}

/* Earlier maps stand where the newest job says. */
static void note_standings(dense_worker *w, const dense_job *j)
{
    for (size_t i = 0; i < w->count; i++) {
        kept *k = &w->kept[i];
        k->told = k->shot.frame == j->target.frame;
        for (size_t e = 0; e < j->earlier_count && !k->told; e++)
            if (j->earlier[e].frame == k->shot.frame) {
                k->standing = j->earlier[e].camera_from_world;
                k->told = true;
            }
    }
}

static void work_on(dense_worker *w, dense_job *j)
{
    dense_options o = quality(w);
    const dense_view target = view_of(&j->target);
    dense_view neighbour[DENSE_MAX_NEIGHBOURS];

    for (size_t i = 0; i < j->neighbours; i++)
        neighbour[i] = view_of(&j->neighbour[i]);
    o.stops = &w->stops;
    if (w->count == DENSE_EARLIER)
        drop_oldest(w);
    kept *k = &w->kept[w->count++];
    *k = (kept){.shot = dense_shot_ref(&j->target),
                .unit = j->unit,
                .standing = j->target.camera_from_world};
    if (j->neighbours && dense_estimate(w->dense, &target, neighbour, j->neighbours, j->seeds,
                                        j->seed_count, &o, &k->map) != OMMA_OK)
        k->map = (dense_map){0};
    if (atomic_load(&w->stops))
        return;
    note_standings(w, j);
    for (size_t i = 0; i + LAG < w->count; i++)
        if (!w->kept[i].done)
            hand_out(w, &w->kept[i]);
}

static void work(void *user)
{
    dense_worker *w = user;
    const int64_t start = omma_clock_thread_ns();
    void *item;

    while (omma_queue_pop(w->jobs, &item, -1) == OMMA_OK) {
        if (!atomic_load(&w->stops)) {
            work_on(w, item);
            atomic_fetch_add(&w->done, 1);
            atomic_store(&w->cpu_ns, omma_clock_thread_ns() - start);
        }
        free_job(item);
    }
    while (w->count)
        drop_oldest(w);
    atomic_store(&w->cpu_ns, omma_clock_thread_ns() - start);
}

omma_error dense_worker_create(dense_worker **out, const dense_worker_options *o)
{
    dense_worker *w = omma_new(dense_worker);

    w->options = *o;
    w->dense = dense_create();
    w->jobs = omma_queue_create(DENSE_WAITING,
                                o->realtime ? OMMA_QUEUE_DROP_OLDEST : OMMA_QUEUE_WAIT, free_job);
    w->results = omma_queue_create(4096, OMMA_QUEUE_DROP_OLDEST, free_result);
    omma_error err = omma_thread_start(&w->thread, "omma depth", work, w);
    if (err) {
        dense_worker_destroy(&w);
        return err;
    }
    *out = w;
    return OMMA_OK;
}

void dense_worker_destroy(dense_worker **w)
{
    if (!*w)
        return;
    atomic_store(&(*w)->stops, true);
    dense_worker_flush(*w);
    omma_queue_destroy(&(*w)->jobs);
    omma_queue_destroy(&(*w)->results);
    dense_destroy(&(*w)->dense);
    free(*w);
    *w = NULL;
}

void dense_worker_push(dense_worker *w, const dense_job *job)
{
    dense_job *j = omma_new(dense_job);
    *j = *job;
    omma_queue_push(w->jobs, j);
}

bool dense_worker_pop(dense_worker *w, dense_result *out)
{
    void *item;
    if (omma_queue_pop(w->results, &item, 0) != OMMA_OK)
        return false;
    *out = *(dense_result *)item;
    free(item);
    return true;
}

void dense_worker_flush(dense_worker *w)
{
    omma_queue_close(w->jobs);
    if (w->thread)
        omma_thread_join(&w->thread);
}

void dense_worker_spent(dense_worker *w, int64_t *cpu_ns, uint64_t *jobs)
{
    *cpu_ns = atomic_load(&w->cpu_ns);
    *jobs = atomic_load(&w->done);
}
