/* SPDX-License-Identifier: Apache-2.0 */
#include "densify.h"

#include "depth_probes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LATER = 3,              /* kept frames that must follow a target before it is begun */
    KEPT = 40,              /* pictures kept as neighbours of later ones */
    MOST_KEPT = 400,        /* as many more for a second look, */
    MOST_BYTES = 128 << 20, /* but not more than this */
    NEIGHBOURS = 5,
    GRID_WIDTH = 320 /* px of the maps handed out, at most */
};

typedef struct kept_picture {
    dense_shot shot;
    bool begun;
    /* how its depth was made: the neighbours, as the target stood to them, and what is typical
     * there */
    uint32_t neighbour[NEIGHBOURS];
    omma_se3 from_neighbour[NEIGHBOURS];
    size_t neighbours;
    double rho, focal;
} kept_picture;

/* px: depth made before its neighbours moved by more is made again */
static const double noticeable = 0.15;

struct densifier {
    unsigned every;
    bool realtime;
    dense_worker *worker;
    kept_picture kept[MOST_KEPT];
    size_t count;
    uint32_t begun[DENSE_EARLIER]; /* the last targets, oldest first */
    size_t begun_count;
    depth_probes probes;
};

omma_error densifier_create(densifier **out, unsigned every, bool realtime)
{
    densifier *d = omma_new(densifier);
    omma_error err = dense_worker_create(&d->worker, &(dense_worker_options){.realtime = realtime});

    if (err) {
        free(d);
        return err;
    }
    d->every = every;
    d->realtime = realtime;
    *out = d;
    return OMMA_OK;
}

void densifier_destroy(densifier **d)
{
    if (!*d)
        return;
    dense_worker_destroy(&(*d)->worker);
    for (size_t i = 0; i < (*d)->count; i++)
        dense_shot_unref(&(*d)->kept[i].shot);
    depth_probes_finish(&(*d)->probes);
    free(*d);
    *d = NULL;
}

static bool is_asked_for(const densifier *d, const record *r)
{
    return d->every && r->index % d->every == 0;
}

static void drop(densifier *d, size_t i)
{
    dense_shot_unref(&d->kept[i].shot);
    memmove(d->kept + i, d->kept + i + 1, (--d->count - i) * sizeof(*d->kept));
}

static omma_se3 pose_of(const world *w, uint32_t r)
{
    omma_se3 world_from_camera = world_record_pose(w, &w->records[r]);
    return omma_se3_inverse(&world_from_camera);
}

static bool shares_world(const world *w, uint32_t a, uint32_t b)
{
    return w->records[a].posed && w->records[b].posed &&
           w->records[a].submap == w->records[b].submap;
}

/* The kept picture with what is believed now. */
static dense_shot snapshot(const world *w, const kept_picture *k)
{
    dense_shot s = dense_shot_ref(&k->shot);
    s.camera = w->camera;
    s.readout = w->readout;
    s.camera_from_world = pose_of(w, s.frame);
    return s;
}

/* The points that record r sees, of known depth. */
static dense_seed *find_seeds(const world *w, uint32_t r, const omma_se3 *pose, size_t *count)
{
    const record *rec = &w->records[r];
    dense_seed *seeds = omma_new_array(dense_seed, rec->sight_count + 1);
    size_t n = 0;

    for (uint32_t i = 0; i < rec->sight_count; i++) {
        const sight *s = &rec->sights[i];
        const feature *f = &w->features[s->feature];
        const double at[2] = {s->ux, s->uy};
        double px[2], ray[2], depth;
        if (f->state != FEATURE_MATURE || s->outlier || !w->keyframes[f->anchor].posed ||
            w->keyframes[f->anchor].submap != rec->submap ||
            !feature_project(w, f, pose, px, NULL, &depth) ||
            !omma_camera_unproject(&w->camera, at, ray))
            continue;
        seeds[n++] = (dense_seed){.x = (float)ray[0],
                                  .y = (float)ray[1],
                                  .rho = (float)(1 / depth),
                                  .sigma = (float)(f->rho_sigma / f->rho / depth)};
    }
    *count = n;
    return seeds;
}

static omma_se3 between(const omma_se3 *from, const omma_se3 *to)
{
    const omma_se3 back = omma_se3_inverse(from);
    return omma_se3_mul(to, &back);
}

static int by_rho(const void *a, const void *b)
{
    const dense_seed *p = a, *q = b;
    return p->rho < q->rho ? -1 : p->rho > q->rho;
}

static void choose_neighbours(const densifier *d, const world *w, kept_picture *target,
                              dense_job *job)
{
    omma_se3 pose[MOST_KEPT];
    size_t of[MOST_KEPT], n = 0, chosen[NEIGHBOURS];

    for (size_t i = 0; i < d->count; i++)
        if (&d->kept[i] != target && shares_world(w, d->kept[i].shot.frame, target->shot.frame)) {
            pose[n] = pose_of(w, d->kept[i].shot.frame);
            of[n++] = i;
        }
    if (!n || !job->seed_count)
        return;
    job->neighbours = dense_select(&job->target.camera_from_world, &w->camera, pose, n, job->seeds,
                                   job->seed_count, NEIGHBOURS, chosen);
    target->neighbours = job->neighbours;
    for (size_t i = 0; i < job->neighbours; i++) {
        job->neighbour[i] = snapshot(w, &d->kept[of[chosen[i]]]);
        target->neighbour[i] = job->neighbour[i].frame;
        target->from_neighbour[i] =
            between(&job->neighbour[i].camera_from_world, &job->target.camera_from_world);
    }
}

static void begin(densifier *d, const world *w, kept_picture *target)
{
    const uint32_t r = target->shot.frame;
    dense_job job = {.target = snapshot(w, target),
                     .unit = w->keyframes[w->records[r].keyframe].unit};

    job.seeds = find_seeds(w, r, &job.target.camera_from_world, &job.seed_count);
    qsort(job.seeds, job.seed_count, sizeof(*job.seeds), by_rho);
    target->rho = job.seed_count ? job.seeds[job.seed_count / 2].rho : 0;
    target->focal = w->camera.fx;
    choose_neighbours(d, w, target, &job);
    for (size_t i = 0; i < d->begun_count; i++)
        if (shares_world(w, d->begun[i], r))
            job.earlier[job.earlier_count++] =
                (dense_standing){d->begun[i], pose_of(w, d->begun[i])};
    if (d->begun_count == DENSE_EARLIER)
        memmove(d->begun, d->begun + 1, --d->begun_count * sizeof(*d->begun));
    d->begun[d->begun_count++] = r;
    target->begun = true;
    depth_probes_choose(&d->probes, &w->records[r], r);
    dense_worker_push(d->worker, &job);
}

static bool is_ripe(const densifier *d, const world *w, size_t i)
{
    size_t later = 0;
    for (size_t j = i + 1; j < d->count; j++)
        later += shares_world(w, d->kept[i].shot.frame, d->kept[j].shot.frame);
    return later >= LATER;
}

static bool is_target(const densifier *d, const world *w, uint32_t r)
{
    const record *rec = &w->records[r];
    return rec->posed && (w->keyframes[rec->keyframe].frame == r || is_asked_for(d, rec));
}

/* A target that has not had enough after it by now never will, and is begun as it is. */
static void retire_oldest(densifier *d, const world *w)
{
    if (!d->kept[0].begun && is_target(d, w, d->kept[0].shot.frame))
        begin(d, w, &d->kept[0]);
    drop(d, 0);
}

static size_t picture_bytes(const omma_pyramid *p)
{
    return p->buffer->bytes;
}

static void keep(densifier *d, const world *w, uint32_t r, const omma_frame *frame,
                 const omma_pyramid *picture)
{
    const int width = frame->width < GRID_WIDTH ? frame->width : GRID_WIDTH;
    const int height = (frame->height * width + frame->width / 2) / frame->width;

    if (d->count == MOST_KEPT)
        retire_oldest(d, w);
    kept_picture *k = &d->kept[d->count++];
    *k = (kept_picture){.shot = {.frame = r,
                                 .picture = *picture,
                                 .grid_width = width,
                                 .grid_height = height,
                                 .rgb = omma_frame_grid_rgb(frame, width, height)}};
    omma_buffer_ref(picture->buffer);
    memcpy(k->shot.turn, w->turn, sizeof(w->turn)); /* r is the newest */
}

static void begin_ripe(densifier *d, const world *w, bool all)
{
    for (size_t i = 0; i < d->count; i++)
        if (!d->kept[i].begun && is_target(d, w, d->kept[i].shot.frame) &&
            (all || is_ripe(d, w, i)))
            begin(d, w, &d->kept[i]);
}

/* How far a typical point of the target has moved in a neighbour's picture, px, since its depth was
 * made. */
static double shift(const world *w, const kept_picture *k)
{
    const omma_se3 now = pose_of(w, k->shot.frame);
    double most = fabs(w->camera.fx - k->focal); /* at the edge of the picture */

    for (size_t i = 0; i < k->neighbours; i++) {
        if (!shares_world(w, k->neighbour[i], k->shot.frame))
            return INFINITY;
        const omma_se3 other = pose_of(w, k->neighbour[i]), to = between(&other, &now);
        const omma_se3 moved = between(&k->from_neighbour[i], &to);
        const double d =
            sqrt(moved.t[0] * moved.t[0] + moved.t[1] * moved.t[1] + moved.t[2] * moved.t[2]);
        most =
            fmax(most, w->camera.fx * (omma_so3_angle(to.R, k->from_neighbour[i].R) + d * k->rho));
    }
    return most;
}

void densify_frame(densifier *d, const world *w, uint32_t r, const omma_frame *frame,
                   const omma_pyramid *picture)
{
    const bool is_new = w->keyframe_count && w->keyframes[w->keyframe_count - 1].frame == r;

    if (!is_new && !is_asked_for(d, &w->records[r]))
        return;
    keep(d, w, r, frame, picture);
    begin_ripe(d, w, false);
    while (d->count > KEPT && (d->count * picture_bytes(picture) > MOST_BYTES || d->realtime))
        retire_oldest(d, w);
}

void densify_finish(densifier *d, const world *w, bool again)
{
    for (size_t i = 0; again && i < d->count; i++)
        if (d->kept[i].begun && is_target(d, w, d->kept[i].shot.frame) &&
            shift(w, &d->kept[i]) > noticeable)
            d->kept[i].begun = false;
    d->begun_count = 0;
    begin_ripe(d, w, true);
    dense_worker_flush(d->worker);
}

static void to_keyframe_unit(dense_result *m)
{
    float *depth = m->depth->data;
    const float scale = (float)(1 / m->unit);
    for (int i = 0; scale != 1 && i < m->width * m->height; i++)
        depth[i] *= scale;
}

bool densify_pop(densifier *d, const world *w, dense_result *out)
{
    while (dense_worker_pop(d->worker, out)) {
        if (out->width && is_target(d, w, out->frame)) {
            to_keyframe_unit(out);
            depth_probes_read(&d->probes, &w->camera, out);
            return true;
        }
        dense_result_finish(out);
    }
    return false;
}

void densify_settle(densifier *d, world *w)
{
    depth_probes_settle(&d->probes, w);
}

void densify_spent(const densifier *d, int64_t *cpu_ns, uint64_t *jobs)
{
    dense_worker_spent(d->worker, cpu_ns, jobs);
}
