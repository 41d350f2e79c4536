/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping.h"

#include "adjust.h"
#include "depth.h"
#include "patch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sight_list_push(sight_list *l, const sight *s)
{
    omma_grow((void **)&l->item, &l->capacity, l->count + 1, sizeof(sight));
    l->item[l->count++] = *s;
}

uint32_t mapping_add_keyframe(world *w, uint32_t r, const omma_se3 *pose, bool posed,
                              const sight_list *sights, const omma_pyramid *p)
{
    keyframe new = {
        .frame = r, .submap = w->submap, .posed = posed, .camera_from_world = *pose, .unit = 1};
    uint32_t k = world_add_keyframe(w, &new);

    for (size_t i = 0; i < sights->count; i++) {
        const sight *s = &sights->item[i];
        feature *f = &w->features[s->feature];
        if (f->state == FEATURE_DEAD || s->outlier)
            continue;
        feature_add_sight(f, k, s);
        keyframe_add_feature(&w->keyframes[k], s->feature);
        w->keyframes[k].mature_at_birth += f->state == FEATURE_MATURE;
        /* Its old picture no longer fits: take a new one here. */
        if (s->drifting)
            patch_capture(f, p, k, s->x, s->y);
    }
    if (posed)
        world_set_record_pose(w, &w->records[r], k, pose);
    return k;
}

size_t mapping_add_features(world *w, const follower *fl, uint32_t k, const omma_pyramid *p,
                            const omma_frame *frame, double rho, int cell, sight_list *sights)
{
    enum { CAPACITY = 2048, LEVELS = 2 };
    const corner_grid grid = corner_grid_make(p->level[0].width, p->level[0].height, cell);
    const size_t cells = (size_t)grid.columns * grid.rows;
    uint8_t *room = omma_new_array(uint8_t, cells);
    float *away = omma_new_array(float, 2 * sights->count + 2);
    corner *corners = omma_new_array(corner, CAPACITY);
    omma_pyramid smooth = {0};
    size_t n = 0, added = 0;

    memset(room, 1, cells);
    for (size_t i = 0; i < sights->count; i++) {
        const sight *s = &sights->item[i];
        if (w->features[s->feature].state == FEATURE_DEAD || s->outlier)
            continue;
        room[corner_grid_at(&grid, s->x, s->y)] = 0;
        away[2 * n] = s->x;
        away[2 * n++ + 1] = s->y;
    }
    n = corners_find(p, LEVELS, &grid, room, away, n, 0.4f * (float)cell, corners, CAPACITY);
    if (n && descriptor_smooth(&smooth, p, LEVELS) != OMMA_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        const corner *c = &corners[i];
        sight s = {.x = from_level(c->x, c->level),
                   .y = from_level(c->y, c->level),
                   .inverse_sigma = sight_inverse_sigma(c->level)};
        sight_unroll(w, &s);
        feature f = {.anchor = k,
                     .x = s.ux,
                     .y = s.uy,
                     .roll_x = s.roll_x,
                     .roll_y = s.roll_y,
                     .level = c->level,
                     .state = FEATURE_IMMATURE,
                     .rho = rho,
                     .rho_sigma = rho,
                     .last_frame = w->keyframes[k].frame};
        const double px[2] = {f.x, f.y};
        if (!omma_camera_unproject(&w->camera, px, f.ray))
            continue;
        omma_frame_rgb_at(frame, (int)lroundf(s.x), (int)lroundf(s.y), f.rgb);
        float angle = descriptor_angle(&p->level[c->level], c->x, c->y);
        descriptor_extract(&fl->pattern, &smooth.level[c->level], c->x, c->y, angle, f.descriptor);
        patch_capture(&f, p, k, s.x, s.y);
        s.feature = world_add_feature(w, &f);
        keyframe_add_feature(&w->keyframes[k], s.feature);
        sight_list_push(sights, &s);
        added++;
    }
    omma_pyramid_finish(&smooth);
    free(room);
    free(away);
    free(corners);
    return added;
}

void mapping_solve_depths(world *w, uint32_t k)
{
    const keyframe *key = &w->keyframes[k];

    for (uint32_t i = 0; i < key->feature_count; i++) {
        feature *f = &w->features[key->features[i]];
        if (f->state == FEATURE_IMMATURE && f->seen_count && w->keyframes[f->anchor].posed &&
            !depth_solve(w, f))
            feature_kill(f);
    }
}

enum { LOCAL_KEYFRAMES = 10, OLD_KEYFRAMES = 5, OCCUPANCY_CELL = 20 };

/* Old keyframes that looked the same way from about the same place, spread over the past: where the
   camera has been before, though nothing connects the two visits yet. */
static size_t old_keyframes(const world *w, const omma_se3 *pose, double depth,
                            const uint32_t *have, size_t n, uint32_t submap,
                            uint32_t out[OLD_KEYFRAMES])
{
    uint32_t candidate[256];
    size_t count = 0, chosen = 0;

    for (size_t i = 0; i < w->keyframe_count && count < 256; i++) {
        const keyframe *k = &w->keyframes[i];
        const omma_se3 *T = &k->camera_from_world;
        bool known = !k->posed || k->culled || k->submap != submap;
        for (size_t j = 0; j < n && !known; j++)
            known = have[j] == i;
        double cosine = T->R[6] * pose->R[6] + T->R[7] * pose->R[7] + T->R[8] * pose->R[8];
        if (known || cosine < 0.85)
            continue;
        omma_se3 back = omma_se3_inverse(T), here;
        here = omma_se3_mul(pose, &back); /* its centre in this camera */
        double d = sqrt(here.t[0] * here.t[0] + here.t[1] * here.t[1] + here.t[2] * here.t[2]);
        if (d < 0.5 * depth)
            candidate[count++] = (uint32_t)i;
    }
    for (; chosen < OLD_KEYFRAMES && chosen < count; chosen++)
        out[chosen] = candidate[chosen * count / (count < OLD_KEYFRAMES ? count : OLD_KEYFRAMES)];
    return chosen;
}

/* Keyframes that saw what is seen now, most shared first; the reference always. */
static size_t local_keyframes(const world *w, const sight_list *sights, int32_t reference,
                              uint32_t out[LOCAL_KEYFRAMES])
{
    uint32_t *votes = omma_new_array(uint32_t, w->keyframe_count + 1);
    size_t n = 0;

    for (size_t i = 0; i < sights->count; i++) {
        const feature *f = &w->features[sights->item[i].feature];
        if (f->state != FEATURE_MATURE || sights->item[i].outlier)
            continue;
        votes[f->anchor]++;
        for (uint32_t j = 0; j < f->seen_count; j++)
            votes[f->seen[j].keyframe]++;
    }
    if (reference >= 0)
        votes[reference] = UINT32_MAX;
    while (n < LOCAL_KEYFRAMES) {
        size_t best = 0;
        for (size_t k = 1; k < w->keyframe_count; k++)
            if (votes[k] > votes[best])
                best = k;
        if (votes[best] < 5)
            break;
        votes[best] = 0;
        if (w->keyframes[best].posed)
            out[n++] = (uint32_t)best;
    }
    free(votes);
    return n;
}

size_t mapping_search_local(world *w, const follower *fl, const omma_pyramid *now,
                            const omma_se3 *pose, uint32_t r, int32_t reference, size_t limit,
                            sight_list *sights)
{
    uint32_t local[LOCAL_KEYFRAMES + OLD_KEYFRAMES];
    size_t n = local_keyframes(w, sights, reference, local), added = 0, tried = 0;
    n += old_keyframes(w, pose, 1 / depth_typical(w, sights->item, sights->count, pose), local, n,
                       w->keyframes[reference].submap, local + n);
    const corner_grid grid =
        corner_grid_make(now->level[0].width, now->level[0].height, OCCUPANCY_CELL);
    uint8_t *taken = omma_new_array(uint8_t, (size_t)grid.columns * grid.rows);

    for (size_t i = 0; i < sights->count; i++) {
        const sight *s = &sights->item[i];
        feature *f = &w->features[s->feature];
        f->last_frame = r;
        if (f->state == FEATURE_MATURE && !s->outlier)
            taken[corner_grid_at(&grid, s->x, s->y)] = 1;
    }
    for (size_t i = 0; i < n && added < limit; i++) {
        const keyframe *k = &w->keyframes[local[i]];
        for (uint32_t j = 0; j < k->feature_count && added < limit && tried < 3 * limit; j++) {
            feature *f = &w->features[k->features[j]];
            double px[2], depth;
            if (f->state != FEATURE_MATURE || f->last_frame == r)
                continue;
            f->last_frame = r; /* once per frame */
            if (!feature_project(w, f, pose, px, NULL, &depth))
                continue;
            float x = (float)px[0], y = (float)px[1], score;
            if (!(x > 4 && y > 4 && x < (float)now->level[0].width - 5 &&
                  y < (float)now->level[0].height - 5))
                continue;
            int cell = corner_grid_at(&grid, x, y);
            sight s = {.feature = k->features[j]};
            if (taken[cell])
                continue;
            tried++;
            approach_feature(fl, w, f, now, pose, 12, &x, &y);
            if (!find_feature(fl, w, f, now, pose, x, y, 4, &s, &score) || score < 0.8f)
                continue;
            taken[cell] = 1;
            sight_unroll(w, &s);
            sight_list_push(sights, &s);
            added++;
        }
    }
    free(taken);
    return added;
}

double mapping_empty_share(const world *w, const sight_list *sights)
{
    const corner_grid grid =
        corner_grid_make(w->camera.width, w->camera.height, (w->camera.width + 7) / 8);
    uint8_t full[256] = {0};
    int cells = grid.columns * grid.rows, empty = 0;

    for (size_t i = 0; i < sights->count; i++) {
        const sight *s = &sights->item[i];
        if (!s->outlier && w->features[s->feature].state == FEATURE_MATURE)
            full[corner_grid_at(&grid, s->x, s->y) & 255] = 1;
    }
    cells = cells > 256 ? 256 : cells;
    for (int i = 0; i < cells; i++)
        empty += !full[i];
    return (double)empty / cells;
}
