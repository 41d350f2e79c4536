/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that every new picture takes, map or no map. */
#define OMMA_MODULE "slam"
#include "depth.h"
#include "rotation.h"
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void keep_sights(classical *c, uint32_t r)
{
    record *rec = &c->world.records[r];
    record_free_sights(rec);
    rec->sights = omma_new_array(sight, c->sights.count + 1);
    rec->sight_count = (uint32_t)c->sights.count;
    if (c->sights.count)
        memcpy(rec->sights, c->sights.item, c->sights.count * sizeof(sight));
}

/* Turns and, with a map, moves the last pose to where the camera should be now. */
omma_se3 predict_pose(classical *c)
{
    rotation_result turn =
        rotation_estimate(&c->before, &c->now, &c->world.camera, c->velocity.R, true);
    omma_se3 motion = {.t = {0}};
    memcpy(motion.R, turn.R, sizeof(turn.R));
    c->rotation_score = turn.score;
    if (c->has_map && c->status != OMMA_STATUS_LOST)
        memcpy(motion.t, c->velocity.t, sizeof(motion.t));
    memcpy(c->velocity.R, turn.R, sizeof(turn.R));
    return omma_se3_mul(&motion, &c->pose);
}

/* Pictures far apart are joined by descriptors, which find a part of the features only: there must
   be more of them, and every picture is a keyframe. */
bool is_wide(const classical *c)
{
    return c->wideness > 0.3f;
}

int cell_of(const classical *c)
{
    return is_wide(c) ? (c->cell * 11 + 10) / 20 : c->cell;
}

int cell_for(const omma_camera *camera, unsigned features)
{
    const double area = (double)camera->width * camera->height;
    const int cell = (int)lround(sqrt(area / (features ? features : 350)) * 0.85);
    return cell < 12 ? 12 : cell;
}

void follow(classical *c, const omma_se3 *predicted)
{
    world *w = &c->world;
    sight *found = omma_new_array(sight, 2 * c->sights.count + 1);
    follow_input in = {.before = &c->before,
                       .now = &c->now,
                       .pose_before = &c->pose,
                       .pose_now = predicted,
                       .sights = c->sights.item,
                       .count = c->sights.count,
                       .top_level = c->rotation_score > 0.9f ? 3 : 4};
    if (in.top_level >= c->now.levels)
        in.top_level = c->now.levels - 1;
    size_t n = follow_features(&c->follower, w, &in, found);
    const bool wide = n * 10 < c->sights.count * 4;
    c->wideness += 0.2f * ((float)wide - c->wideness);
    if (wide) {
        size_t before = n;
        n += follow_by_descriptors(&c->follower, w, &in, found, n, 0.15f * (float)w->camera.width,
                                   found + n);
        if (n * 10 < c->sights.count * 2) {
            n = before;
            n += follow_by_descriptors(&c->follower, w, &in, found, n, (float)w->camera.width,
                                       found + n);
        }
    }
    c->sights.count = 0;
    for (size_t i = 0; i < n; i++)
        sight_list_push(&c->sights, &found[i]);
    free(found);
}

/* The turn since the last frame tells how fast the camera turned in this one, if that was not long
 * ago. */
void unroll(classical *c, int64_t elapsed_ns)
{
    double seconds = 1e-9 * (double)elapsed_ns;

    omma_so3_log(c->velocity.R, c->world.turn);
    for (int i = 0; i < 3; i++)
        c->world.turn[i] *= seconds < 0.08 ? 1 / seconds : 0;
    for (size_t i = 0; i < c->sights.count; i++)
        sight_unroll(&c->world, &c->sights.item[i]);
}

size_t count_mature(const classical *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->sights.count; i++)
        n += c->world.features[c->sights.item[i].feature].state == FEATURE_MATURE &&
             !c->sights.item[i].outlier;
    return n;
}
