/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void world_finish(world *w)
{
    for (size_t i = 0; i < w->feature_count; i++) {
        free(w->features[i].patch);
        free(w->features[i].seen);
    }
    for (size_t i = 0; i < w->keyframe_count; i++) {
        free(w->keyframes[i].features);
    }
    for (size_t i = 0; i < w->record_count; i++)
        record_free_sights(&w->records[i]);
    sight_archive_destroy(&w->archive);
    free(w->features);
    free(w->keyframes);
    free(w->records);
    *w = (world){0};
}

void world_set_camera(world *w, const omma_camera *camera)
{
    w->camera = *camera;
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        const double px[2] = {f->x, f->y};
        if (f->state != FEATURE_DEAD && !omma_camera_unproject(camera, px, f->ray))
            feature_kill(f);
    }
}

void sight_unroll(const world *w, sight *s)
{
    const omma_camera *k = &w->camera;
    const double *o = w->turn;
    double u = (s->x - k->cx) / k->fx, v = (s->y - k->cy) / k->fy;
    double late = (s->y + 0.5) / k->height - 0.5; /* in readouts, against the middle row */

    s->roll_x = (float)(-late * k->fx * (o[1] * (1 + u * u) - o[0] * u * v - o[2] * v));
    s->roll_y = (float)(-late * k->fy * (-o[0] * (1 + v * v) + o[1] * u * v + o[2] * u));
    s->ux = s->x + (float)w->readout * s->roll_x;
    s->uy = s->y + (float)w->readout * s->roll_y;
}

void world_set_readout(world *w, double readout)
{
    const float change = (float)(readout - w->readout);

    w->readout = readout;
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        f->x += change * f->roll_x;
        f->y += change * f->roll_y;
        for (uint32_t j = 0; j < f->seen_count; j++) {
            f->seen[j].x += change * f->seen[j].roll_x;
            f->seen[j].y += change * f->seen[j].roll_y;
        }
    }
    for (size_t i = 0; i < w->record_count; i++) {
        if (i % ARCHIVE_STRIDE == 0)
            sight_archive_rest(w->archive);
        for (uint32_t j = 0; j < w->records[i].sight_count; j++) {
            sight *s = &w->records[i].sights[j];
            s->ux = s->x + (float)readout * s->roll_x;
            s->uy = s->y + (float)readout * s->roll_y;
        }
    }
    sight_archive_rest(w->archive);
    const omma_camera camera = w->camera;
    world_set_camera(w, &camera); /* the rays */
}

void record_free_sights(record *r)
{
    if (!r->archived)
        free(r->sights);
    r->sights = NULL;
    r->sight_count = 0;
    r->archived = false;
}

void world_archive_sights(world *w, uint32_t index)
{
    record *r = &w->records[index];

    if (r->archived || !r->sight_count)
        return;
    if (!w->archive)
        w->archive = sight_archive_create();
    sight *copy = sight_archive_put(w->archive, r->sights, r->sight_count);
    if (!copy)
        return;
    free(r->sights);
    r->sights = copy;
    r->archived = true;
}

uint32_t world_add_feature(world *w, const feature *f)
{
    omma_grow((void **)&w->features, &w->feature_capacity, w->feature_count + 1, sizeof(feature));
    w->features[w->feature_count] = *f;
    return (uint32_t)w->feature_count++;
}

void feature_kill(feature *f)
{
    f->state = FEATURE_DEAD;
    free(f->patch);
    f->patch = NULL;
}

void feature_add_observation(feature *f, const observation *o)
{
    size_t capacity = f->seen_capacity;
    omma_grow((void **)&f->seen, &capacity, f->seen_count + 1, sizeof(observation));
    f->seen_capacity = (uint32_t)capacity;
    f->seen[f->seen_count++] = *o;
}

void feature_add_sight(feature *f, uint32_t k, const sight *s)
{
    feature_add_observation(
        f, &(observation){k, s->ux, s->uy, s->roll_x, s->roll_y, s->inverse_sigma});
}

bool feature_sight_in(const feature *f, uint32_t k, float *x, float *y)
{
    if (f->anchor == k) {
        *x = f->x;
        *y = f->y;
        return true;
    }
    for (uint32_t i = f->seen_count; i-- > 0;)
        if (f->seen[i].keyframe == k) {
            *x = f->seen[i].x;
            *y = f->seen[i].y;
            return true;
        }
    return false;
}

bool feature_hold_by(const world *w, feature *f, uint32_t k)
{
    const observation old = {f->anchor, f->x,      f->y,
                             f->roll_x, f->roll_y, sight_inverse_sigma(f->level)};
    observation new = old;
    double ray[2];
    uint32_t i = 0;

    if (f->anchor != k) {
        while (i < f->seen_count && f->seen[i].keyframe != k)
            i++;
        if (i == f->seen_count)
            return false;
        new = f->seen[i];
    }
    const double px[2] = {new.x, new.y};
    if (!omma_camera_unproject(&w->camera, px, ray))
        return false;
    if (f->anchor != k)
        f->seen[i] = old;
    f->anchor = k;
    f->x = new.x;
    f->y = new.y;
    f->roll_x = new.roll_x;
    f->roll_y = new.roll_y;
    memcpy(f->ray, ray, sizeof(ray));
    return true;
}

uint32_t world_add_keyframe(world *w, const keyframe *k)
{
    omma_grow((void **)&w->keyframes, &w->keyframe_capacity, w->keyframe_count + 1,
              sizeof(keyframe));
    w->keyframes[w->keyframe_count] = *k;
    return (uint32_t)w->keyframe_count++;
}

void keyframe_add_feature(keyframe *k, uint32_t f)
{
    size_t capacity = k->feature_capacity;
    omma_grow((void **)&k->features, &capacity, k->feature_count + 1, sizeof(uint32_t));
    k->feature_capacity = (uint32_t)capacity;
    k->features[k->feature_count++] = f;
}

uint32_t world_add_record(world *w, const record *r)
{
    omma_grow((void **)&w->records, &w->record_capacity, w->record_count + 1, sizeof(record));
    w->records[w->record_count] = *r;
    return (uint32_t)w->record_count++;
}

omma_se3 world_keyframe_pose(const world *w, uint32_t index)
{
    const keyframe *k = &w->keyframes[index];
    const record *r = &w->records[k->frame];

    if (!k->culled || !r->posed)
        return k->camera_from_world;
    omma_se3 world_from_camera = world_record_pose(w, r);
    return omma_se3_inverse(&world_from_camera);
}

omma_se3 world_record_pose(const world *w, const record *r)
{
    omma_se3 world_from_keyframe = omma_se3_inverse(&w->keyframes[r->keyframe].camera_from_world);
    return omma_se3_mul(&world_from_keyframe, &r->keyframe_from_camera);
}

void world_set_record_pose(world *w, record *r, uint32_t k, const omma_se3 *camera_from_world)
{
    omma_se3 world_from_camera = omma_se3_inverse(camera_from_world);
    r->posed = true;
    r->keyframe = (int32_t)k;
    r->submap = w->keyframes[k].submap;
    r->keyframe_from_camera = omma_se3_mul(&w->keyframes[k].camera_from_world, &world_from_camera);
}

/* World point X = R^T (m / rho - t); times rho: R^T (m - rho t). */
void feature_homogeneous(const world *w, const feature *f, double x[3], double *rho)
{
    const omma_se3 *T = &w->keyframes[f->anchor].camera_from_world;
    double m[3] = {f->ray[0], f->ray[1], 1};

    for (int i = 0; i < 3; i++)
        m[i] -= f->rho * T->t[i];
    for (int i = 0; i < 3; i++)
        x[i] = T->R[i] * m[0] + T->R[3 + i] * m[1] + T->R[6 + i] * m[2];
    *rho = f->rho;
}

bool feature_world(const world *w, const feature *f, double x[3])
{
    double rho;
    if (!(f->rho > 1e-9))
        return false;
    feature_homogeneous(w, f, x, &rho);
    for (int i = 0; i < 3; i++)
        x[i] /= rho;
    return true;
}

bool feature_project(const world *w, const feature *f, const omma_se3 *T, double px[2],
                     double by_rho[2], double *depth)
{
    double x[3], rho, c[3], J[6];

    feature_homogeneous(w, f, x, &rho);
    for (int i = 0; i < 3; i++)
        c[i] = T->R[3 * i] * x[0] + T->R[3 * i + 1] * x[1] + T->R[3 * i + 2] * x[2] + rho * T->t[i];
    if (!(c[2] > 1e-6) || !omma_camera_project(&w->camera, c, px, by_rho ? J : NULL))
        return false;
    if (depth)
        *depth = rho > 1e-9 ? c[2] / rho : 1e9;
    if (by_rho) {
        /* d c / d rho = R_rel * (-t_anchor) + t = the anchor's centre in this camera */
        const omma_se3 *A = &w->keyframes[f->anchor].camera_from_world;
        double back[3], d[3];
        for (int i = 0; i < 3; i++)
            back[i] = -(A->R[i] * A->t[0] + A->R[3 + i] * A->t[1] + A->R[6 + i] * A->t[2]);
        omma_se3_apply(T, back, d);
        for (int i = 0; i < 2; i++)
            by_rho[i] = J[3 * i] * d[0] + J[3 * i + 1] * d[1] + J[3 * i + 2] * d[2];
    }
    return true;
}
