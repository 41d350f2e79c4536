/* SPDX-License-Identifier: Apache-2.0 */
/* With a map: the pose of each picture, and what to do without one. */
#define OMMA_MODULE "slam"
#include "depth.h"
#include "localize.h"
#include "relocate.h"
#include "state.h"
#include "two_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEAK = 60 /* agreeing known features below which the next wide step would be a leap */ };

static void accept_pose(classical *c, const localization *l, const omma_se3 *before)
{
    omma_se3 back = omma_se3_inverse(before);
    c->pose = l->camera_from_world;
    c->velocity = omma_se3_mul(&c->pose, &back);
}

void after_pose(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    size_t mature = count_mature(c);

    for (size_t i = 0; i < c->sights.count; i++) {
        const sight *s = &c->sights.item[i];
        feature *f = &w->features[s->feature];
        if (s->outlier) {
            if (++f->failures > 3 && f->state == FEATURE_IMMATURE)
                feature_kill(f);
            continue;
        }
        f->failures = 0;
        if (f->state == FEATURE_IMMATURE)
            depth_update(w, f, &c->pose, s);
    }
    world_set_record_pose(w, &w->records[r], c->last_keyframe, &c->pose);
    /* Outliers are not followed further: they are found again if the map believes in them. */
    size_t kept = 0;
    for (size_t i = 0; i < c->sights.count; i++)
        if (!c->sights.item[i].outlier)
            c->sights.item[kept++] = c->sights.item[i];
    c->sights.count = kept;
    keep_sights(c, r);
    if (keyframe_is_due(c, r, mature)) {
        make_keyframe(c, r, frame);
        keep_sights(c, r);
    }
}

/* The pose by what was followed, then by what else of the map is in view. start is when the stage
 * under way began. */
static localization locate(classical *c, uint32_t r, const omma_se3 *predicted, bool was_lost,
                           int64_t *start)
{
    world *w = &c->world;
    localization l = localize(w, c->sights.item, c->sights.count,
                              &(localize_options){.start = predicted,
                                                  .search = was_lost,
                                                  .min_mature = was_lost ? 25 : 12,
                                                  .seed = c->options.seed});
    if (l.good || l.rotation) {
        size_t limit = (size_t)(40 + (l.mature_inliers < 200 ? 200 - l.mature_inliers : 0));
        stages_end(&c->stages, STAGE_LOCALIZE, *start);
        *start = stages_begin();
        size_t added = mapping_search_local(w, &c->follower, &c->now, &l.camera_from_world, r,
                                            (int32_t)c->last_keyframe, limit, &c->sights);
        stages_end(&c->stages, STAGE_LOCAL_MAP, *start);
        *start = stages_begin();
        if (added || l.rotation) {
            omma_se3 first = l.camera_from_world;
            l = localize(w, c->sights.item, c->sights.count,
                         &(localize_options){.start = &first,
                                             .min_mature = was_lost ? 25 : 12,
                                             .seed = c->options.seed});
        }
    }
    return l;
}

static void stay_lost(classical *c, uint32_t r, const omma_se3 *predicted, const localization *l)
{
    c->status = OMMA_STATUS_LOST;
    c->pose = *predicted;
    memset(c->velocity.t, 0, sizeof(c->velocity.t));
    for (size_t i = 0; i < c->sights.count; i++)
        c->sights.item[i].outlier = false;
    keep_sights(c, r);
    c->lost_for++;
    omma_debug(c->log, "frame %u lost: %u of %u known features agree, %zu sights", r,
               l->mature_inliers, l->mature, c->sights.count);
}

void track(classical *c, uint32_t r, const omma_frame *frame, const omma_se3 *before,
           const omma_se3 *predicted)
{
    world *w = &c->world;
    const bool was_lost = c->status == OMMA_STATUS_LOST;
    int64_t start = stages_begin();
    localization l = locate(c, r, predicted, was_lost, &start);
    const bool weak = is_wide(c) && l.mature_inliers < WEAK;
    if (((!l.good && !l.rotation) || weak) &&
        place_far(c, r, w->submap, l.good ? l.mature_inliers : 0, frame)) {
        stages_end(&c->stages, STAGE_LOCALIZE, start);
        c->status = OMMA_STATUS_TRACKING;
        c->lost_for = 0;
        after_pose(c, r, frame);
        return;
    }
    if (!l.good && !l.rotation && !was_lost && w->records[r - 1].posed) {
        l = two_view_localize(w, &w->records[r - 1], c->sights.item, c->sights.count,
                              c->options.seed);
        if (l.good)
            omma_debug(c->log, "frame %u: placed by frame %u, %u features, %u of known depth", r,
                       r - 1, l.inliers, l.mature_inliers);
    }
    stages_end(&c->stages, STAGE_LOCALIZE, start);
    if (l.good || (l.rotation && !was_lost)) {
        c->status = !l.good    ? OMMA_STATUS_ROTATING
                    : was_lost ? OMMA_STATUS_RELOCALISED
                               : OMMA_STATUS_TRACKING;
        c->relocalisations += was_lost;
        accept_pose(c, &l, before);
        if (was_lost)
            c->velocity = omma_se3_identity();
    } else if (relocalise(c, r, w->submap, was_lost ? 8 : 3)) {
        c->status = OMMA_STATUS_RELOCALISED;
    } else {
        stay_lost(c, r, predicted, &l);
        return;
    }
    c->lost_for = 0;
    after_pose(c, r, frame);
}

/* The old submap stays as it is; a new one is tried beside it. */
void begin_submap(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    omma_debug(c->log, "frame %u: lost for %u frames, a new submap is tried", r, c->lost_for);
    c->home = w->submap;
    w->submap = c->submaps;
    c->has_map = false;
    c->lost_for = 0;
    c->sights.count = 0;
    start_attempt(c, r, frame);
    keep_sights(c, r);
}
