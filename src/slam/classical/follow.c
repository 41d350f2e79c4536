/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include "patch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void follower_init(follower *f, unsigned cpu)
{
    klt_kernels_init(&f->klt, cpu);
    descriptor_kernels_init(&f->descriptors, cpu);
    descriptor_pattern_init(&f->pattern);
}

/* Where the last position goes under the predicted motion: the change is predicted, not the place,
   so that a poor depth or a poor pose costs little. */
static void predict(const world *w, const feature *f, const follow_input *in, float *x, float *y)
{
    double a[2], b[2];
    if (feature_project(w, f, in->pose_before, a, NULL, NULL) &&
        feature_project(w, f, in->pose_now, b, NULL, NULL)) {
        *x += (float)(b[0] - a[0]);
        *y += (float)(b[1] - a[1]);
    }
}

/* Coarse to fine from the last picture to this one, stopping above level `last`. */
static void align_coarse(const klt_kernels *k, const omma_pyramid *before, const omma_pyramid *now,
                         float x0, float y0, int top, int last, float *x, float *y)
{
    for (int l = top; l >= last; l--) {
        klt_template t;
        if (!klt_template_from_level(&t, &before->level[l], to_level(x0, l), to_level(y0, l)))
            continue;
        klt_result r = klt_align(k, &t, &now->level[l], to_level(*x, l), to_level(*y, l), 6, 5);
        if (r.score > 0.6f) {
            *x = from_level(r.x, l);
            *y = from_level(r.y, l);
        }
    }
}

static bool is_inside(const omma_pyramid *p, float x, float y, float margin)
{
    return x >= margin && y >= margin && x < (float)p->level[0].width - margin &&
           y < (float)p->level[0].height - margin;
}

/* The step from the last picture alone, checked by going back. */
static bool align_last(const klt_kernels *k, const follow_input *in, int level, float x0, float y0,
                       float *x, float *y)
{
    klt_template t;
    const omma_level *before = &in->before->level[level], *now = &in->now->level[level];
    const float sx = to_level(x0, level), sy = to_level(y0, level);

    if (!klt_template_from_level(&t, before, sx, sy))
        return false;
    klt_result there = klt_align(k, &t, now, to_level(*x, level), to_level(*y, level), 10, 4);
    if (there.score < 0.8f || !klt_template_from_level(&t, now, there.x, there.y))
        return false;
    klt_result back = klt_align(k, &t, before, sx, sy, 10, 3);
    if (back.score < 0.8f || hypotf(back.x - sx, back.y - sy) > 0.5f)
        return false;
    *x = from_level(there.x, level);
    *y = from_level(there.y, level);
    return true;
}

void approach_feature(const follower *f, const world *w, const feature *target,
                      const omma_pyramid *now, const omma_se3 *pose, float radius, float *x,
                      float *y)
{
    klt_template t;
    int level;

    if (!patch_template(w, target, pose, now->levels, true, &t, &level))
        return;
    klt_result r = klt_align(&f->klt, &t, &now->level[level], to_level(*x, level),
                             to_level(*y, level), 8, radius / (float)(1 << level));
    if (r.score > 0.7f) {
        *x = from_level(r.x, level);
        *y = from_level(r.y, level);
    }
}

bool find_feature(const follower *f, const world *w, const feature *target, const omma_pyramid *now,
                  const omma_se3 *pose, float x, float y, float radius, sight *out, float *score)
{
    klt_template t;
    int level;

    if (!is_inside(now, x, y, 4) ||
        !patch_template(w, target, pose, now->levels, false, &t, &level))
        return false;
    klt_result r = klt_align(&f->klt, &t, &now->level[level], to_level(x, level),
                             to_level(y, level), 10, radius / (float)(1 << level));
    *score = r.score;
    if (!(r.score > 0.75f) || !(r.gain > 0.3f && r.gain < 3))
        return false;
    out->x = from_level(r.x, level);
    out->y = from_level(r.y, level);
    out->inverse_sigma = sight_inverse_sigma(level);
    return is_inside(now, out->x, out->y, 4);
}

size_t follow_features(const follower *f, world *w, const follow_input *in, sight *out)
{
    size_t n = 0;

    for (size_t i = 0; i < in->count; i++) {
        const sight *last = &in->sights[i];
        feature *target = &w->features[last->feature];
        if (target->state == FEATURE_DEAD)
            continue;
        float x = last->x, y = last->y, score = 0;
        predict(w, target, in, &x, &y);
        if (!is_inside(in->now, x, y, 2))
            continue;
        align_coarse(&f->klt, in->before, in->now, last->x, last->y, in->top_level,
                     target->level + 1, &x, &y);
        sight s = {.feature = last->feature};
        if (!find_feature(f, w, target, in->now, in->pose_now, x, y,
                          4.0f * (float)(1 << target->level), &s, &score)) {
            if (!align_last(&f->klt, in, target->level, last->x, last->y, &x, &y) ||
                !is_inside(in->now, x, y, 4))
                continue;
            s.x = x;
            s.y = y;
            s.inverse_sigma = 0.5f * sight_inverse_sigma(target->level);
            s.drifting = true;
        }
        out[n++] = s;
    }
    return n;
}

static bool contains(const sight *sights, size_t n, uint32_t feature_index)
{
    for (size_t i = 0; i < n; i++)
        if (sights[i].feature == feature_index)
            return true;
    return false;
}

enum { WIDE_CAPACITY = 4096, WIDE_LEVELS = 3 };

/* Corners of one pyramid whose level 0 is `scale` times smaller than the picture. */
static size_t describe_pyramid(const follower *f, const omma_pyramid *p, float scale, int per_cell,
                               keypoint *points, uint8_t *descriptors, size_t capacity)
{
    const corner_grid grid = corner_grid_make(p->level[0].width, p->level[0].height, 32);
    uint8_t *room = omma_new_array(uint8_t, (size_t)grid.columns * grid.rows);
    corner *corners = omma_new_array(corner, capacity + 1);
    omma_pyramid smooth = {0};
    size_t n = 0;

    memset(room, per_cell, (size_t)grid.columns * grid.rows);
    if (descriptor_smooth(&smooth, p, WIDE_LEVELS) == OMMA_OK)
        n = corners_find(p, WIDE_LEVELS, &grid, room, NULL, 0, 5, corners, capacity);
    for (size_t i = 0; i < n; i++) {
        const corner *c = &corners[i];
        float angle = descriptor_angle(&p->level[c->level], c->x, c->y);
        descriptor_extract(&f->pattern, &smooth.level[c->level], c->x, c->y, angle,
                           descriptors + i * DESCRIPTOR_BYTES);
        points[i] = (keypoint){(from_level(c->x, c->level) + 0.5f) * scale - 0.5f,
                               (from_level(c->y, c->level) + 0.5f) * scale - 0.5f,
                               scale * (float)(1 << c->level)};
    }
    omma_pyramid_finish(&smooth);
    free(corners);
    free(room);
    return n;
}

/* The picture as a frame around its pyramid's level 0. */
static omma_frame *borrow_frame(const omma_level *level)
{
    omma_frame *f = omma_frame_create_empty();
    f->format = OMMA_FORMAT_GRAY8;
    f->width = level->width;
    f->height = level->height;
    f->plane[0] = level->data;
    f->stride[0] = level->stride;
    return f;
}

size_t describe_picture(const follower *f, const omma_pyramid *p, int per_cell, keypoint *points,
                        uint8_t *descriptors, size_t capacity)
{
    const float scales[] = {0.7071f, 0.5f, 0.35355f};
    omma_frame *whole = borrow_frame(&p->level[0]);
    size_t n = 0;

    /* Every half octave: the descriptor bears a change of scale of a fifth or so. */
    omma_pyramid single = *p;
    single.levels = 1;
    n = describe_pyramid(f, &single, 1, per_cell, points, descriptors, capacity);
    for (size_t i = 0; i < sizeof(scales) / sizeof(*scales); i++) {
        int width = (int)lroundf((float)whole->width * scales[i]);
        int height = (int)lroundf((float)whole->height * scales[i]);
        omma_frame *small = NULL;
        omma_pyramid level = {0};
        if (omma_frame_create(&small, OMMA_FORMAT_GRAY8, width, height) == OMMA_OK &&
            omma_frame_resize(small, whole) == OMMA_OK &&
            omma_pyramid_build(&level, small, 1) == OMMA_OK)
            n += describe_pyramid(f, &level, (float)whole->width / (float)width, per_cell,
                                  points + n, descriptors + n * DESCRIPTOR_BYTES, capacity - n);
        omma_pyramid_finish(&level);
        omma_frame_unref(&small);
    }
    omma_frame_unref(&whole);
    return n;
}

typedef struct wide_pair {
    int candidate, distance;
} wide_pair;

size_t follow_by_descriptors(const follower *f, world *w, const follow_input *in,
                             const sight *found, size_t n_found, float radius, sight *out)
{
    keypoint *points = omma_new_array(keypoint, WIDE_CAPACITY);
    uint8_t *descriptors = omma_new_array(uint8_t, WIDE_CAPACITY * DESCRIPTOR_BYTES);
    wide_pair *pairs = omma_new_array(wide_pair, in->count + 1);
    int *distance = omma_new_array(int, WIDE_CAPACITY);
    int *owner = omma_new_array(int, WIDE_CAPACITY); /* best claim on a corner, 1 + pair */
    size_t n = describe_picture(f, in->now, 6, points, descriptors, WIDE_CAPACITY), count = 0;

    omma_pyramid smooth = {0};
    if (descriptor_smooth(&smooth, in->before, WIDE_LEVELS) != OMMA_OK)
        n = 0;
    for (size_t i = 0; n && i < in->count; i++) {
        const feature *target = &w->features[in->sights[i].feature];
        float x = in->sights[i].x, y = in->sights[i].y;
        int best = 257, second = 257, index = -1;
        uint8_t look[DESCRIPTOR_BYTES]; /* as it looked last, not as when it was found */
        pairs[i].candidate = -1;
        if (target->state == FEATURE_DEAD || contains(found, n_found, in->sights[i].feature))
            continue;
        const float lx = to_level(x, target->level), ly = to_level(y, target->level);
        float angle = descriptor_angle(&in->before->level[target->level], lx, ly);
        descriptor_extract(&f->pattern, &smooth.level[target->level], lx, ly, angle, look);
        predict(w, target, in, &x, &y);
        for (size_t j = 0; j < n; j++) {
            const keypoint *k = &points[j];
            distance[j] = 257;
            if (fabsf(k->x - x) > radius || fabsf(k->y - y) > radius)
                continue;
            distance[j] = descriptor_distance(look, descriptors + j * DESCRIPTOR_BYTES);
            if (distance[j] < best) {
                best = distance[j];
                index = (int)j;
            }
        }
        for (size_t j = 0; j < n && index >= 0; j++) {
            const keypoint *k = &points[j], *first = &points[index];
            /* the same corner on another scale is no rival */
            if (distance[j] < second && hypotf(k->x - first->x, k->y - first->y) > 5 * first->scale)
                second = distance[j];
        }
        if (index < 0 || best > 64 || best * 100 > second * 80)
            continue;
        pairs[i] = (wide_pair){index, best};
        int before = owner[index] - 1;
        if (before >= 0 && pairs[before].distance <= best) {
            pairs[i].candidate = -1;
            continue;
        }
        if (before >= 0)
            pairs[before].candidate = -1;
        owner[index] = (int)i + 1;
    }
    for (size_t i = 0; i < in->count; i++) {
        if (!n || pairs[i].candidate < 0)
            continue;
        const keypoint *k = &points[pairs[i].candidate];
        sight s = {.feature = in->sights[i].feature,
                   .x = k->x,
                   .y = k->y,
                   .inverse_sigma = keypoint_inverse_sigma(k),
                   .drifting = true};
        sight fine = s;
        float score;
        if (find_feature(f, w, &w->features[s.feature], in->now, in->pose_now, s.x, s.y,
                         3 * k->scale, &fine, &score)) {
            s = fine;
            s.drifting = false;
        }
        out[count++] = s;
    }
    omma_pyramid_finish(&smooth);
    free(points);
    free(descriptors);
    free(pairs);
    free(distance);
    free(owner);
    return count;
}
