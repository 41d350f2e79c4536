/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "complete.h"

#include "adjust.h"
#include "localize.h"
#include "merge.h"
#include "reclaim.h"

#include <stdlib.h>

/* The keyframe of the same submap nearest in time. */
static int32_t nearest_keyframe(const world *w, uint32_t r, uint32_t submap)
{
    int32_t best = NO_INDEX;
    uint32_t distance = UINT32_MAX;

    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        uint32_t d = k->frame > r ? k->frame - r : r - k->frame;
        if (k->posed && !k->culled && k->submap == submap && d < distance) {
            distance = d;
            best = (int32_t)i;
        }
    }
    return best;
}

/* Frames keep their pose unless the finished map gives a better one. */
static void pose_frame(world *w, uint32_t r, const omma_se3 *neighbour, uint64_t seed)
{
    record *rec = &w->records[r];

    if (rec->posed && w->keyframes[rec->keyframe].frame == r)
        return;
    if (rec->posed) {
        omma_se3 pose = world_record_pose(w, rec);
        pose = omma_se3_inverse(&pose);
        localization l =
            localize(w, rec->sights, rec->sight_count,
                     &(localize_options){.start = &pose, .min_mature = 10, .seed = seed});
        if (l.good)
            world_set_record_pose(w, rec, (uint32_t)rec->keyframe, &l.camera_from_world);
    } else if (neighbour) {
        localization l =
            localize(w, rec->sights, rec->sight_count,
                     &(localize_options){.start = neighbour, .min_mature = 20, .seed = seed});
        uint32_t submap = UINT32_MAX;
        for (uint32_t i = 0; l.good && i < rec->sight_count; i++)
            if (!rec->sights[i].outlier)
                submap = w->keyframes[w->features[rec->sights[i].feature].anchor].submap;
        int32_t k = l.good ? nearest_keyframe(w, r, submap) : NO_INDEX;
        if (k != NO_INDEX && l.mature_inliers * 2 >= l.mature) {
            world_set_record_pose(w, rec, (uint32_t)k, &l.camera_from_world);
            rec->status = OMMA_STATUS_TRACKING;
        }
    }
}

/* The submap that most frames hang on. */
static uint32_t main_submap(const world *w)
{
    uint32_t *count = omma_new_array(uint32_t, w->keyframe_count + 1), best = 0;

    for (size_t i = 0; i < w->record_count; i++)
        if (w->records[i].posed && ++count[w->records[i].submap] > count[best])
            best = w->records[i].submap;
    free(count);
    return best;
}

/* The main submap with the camera and the shutter free, as far as they are to be found. */
static complete_result settle(world *w, uint32_t submap, const complete_options *o)
{
    world_set_readout(w, adjust_readout(w, adjust_newest(w, submap), true));
    adjust_result r = adjust_submap(w, submap,
                                    &(adjust_options){.iterations = 10,
                                                      .free_camera = o->free_camera,
                                                      .focal_prior = w->focal_guess,
                                                      .focal_prior_sigma = 0.3,
                                                      .drop_outliers = true});
    omma_debug(
        o->log,
        "submap %u: %zu keyframes, %zu points, %zu sights, rms %.3f px, focal %.2f px, k1 %.4f, "
        "readout %.1f ms",
        submap, r.poses, r.points, r.sights, r.rms_px, w->camera.fx, w->camera.k[0],
        1e3 * w->readout);
    return (complete_result){r.rms_px, r.focal_sigma_px};
}

/* Every frame in one direction; unposed ones are tried from their neighbour. */
static void pose_frames(world *w, int direction, uint64_t seed)
{
    const int64_t n = (int64_t)w->record_count - w->first;
    omma_se3 pose;
    bool known = false;

    for (int64_t i = 0; i < n; i++) {
        uint32_t r = w->first + (uint32_t)(direction > 0 ? i : n - 1 - i);
        if (r % ARCHIVE_STRIDE == 0)
            sight_archive_rest(w->archive);
        if (direction > 0 || !w->records[r].posed)
            pose_frame(w, r, known ? &pose : NULL, seed);
        known = w->records[r].posed;
        if (known) {
            omma_se3 world_from_camera = world_record_pose(w, &w->records[r]);
            pose = omma_se3_inverse(&world_from_camera);
        }
    }
}

complete_result complete(world *w, const complete_options *o)
{
    enum { ROUNDS = 3 };
    uint32_t best = main_submap(w), submaps = 0;
    complete_result out = {0};

    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && w->keyframes[i].submap >= submaps)
            submaps = w->keyframes[i].submap + 1;
    if (!submaps)
        return out;
    for (int round = 0; round < ROUNDS; round++)
        out = settle(w, best, o);
    for (uint32_t s = 0; s < submaps; s++)
        if (s != best)
            adjust_submap(w, s, &(adjust_options){.iterations = 10, .drop_outliers = true});

    uint32_t merged = submaps < 2 ? 0 : merge_submaps(w, o->follower, o->seed, o->log);
    if (merged) {
        omma_info(o->log, "%u submaps joined others", merged);
        best = main_submap(w);
        for (int round = 0; round < ROUNDS; round++)
            out = settle(w, best, o);
    }
    uint32_t reclaimed = reclaim(w, o->follower, best, o->seed);
    if (reclaimed)
        omma_info(o->log, "%u earlier frames recognised in the finished map", reclaimed);
    pose_frames(w, 1, o->seed);
    pose_frames(w, -1, o->seed);
    return out;
}
