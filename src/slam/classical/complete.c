/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "complete.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "adjust.h"
#include "localize.h"

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
        localization l = localize(w, rec->sights, rec->sight_count,
                                  &(localize_options){.start = &pose, .min_mature = 10, .seed = seed});
        if (l.good)
            world_set_record_pose(w, rec, (uint32_t)rec->keyframe, &l.camera_from_world);
    } else if (neighbour) {
        localization l = localize(w, rec->sights, rec->sight_count,
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

complete_result complete(world *w, const complete_options *o)
{
    complete_result out = {0};
    omma_se3 pose;
    bool known = false;
    uint32_t submaps = 0;

    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && w->keyframes[i].submap >= submaps)
            submaps = w->keyframes[i].submap + 1;
    for (uint32_t submap = 0; submap < submaps; submap++)
        for (int round = 0; round < 3; round++) {
            adjust_result r = adjust_submap(w, submap,
                                            &(adjust_options){.iterations = 10,
                                                              .free_camera = submap ? 0 : o->free_camera,
                                                              .focal_prior = w->camera.fx,
                                                              .focal_prior_sigma = 0.3,
                                                              .drop_outliers = true});
            if (r.done && submap == 0) {
                out = (complete_result){r.rms_px, r.focal_sigma_px};
                omma_debug(o->log, "final: %zu keyframes, %zu points, %zu sights, rms %.3f px, focal %.2f, k1 %.4f",
                           r.poses, r.points, r.sights, r.rms_px, w->camera.fx, w->camera.k[0]);
            }
        }
    if (getenv("BADBG")) { int n[8]={0}; double sum[8]={0}; int far[8]={0}; int weak[8]={0};
        for (size_t i=0;i<w->feature_count;i++){ feature*f=&w->features[i]; if(f->state!=FEATURE_MATURE)continue; for(uint32_t j=0;j<f->seen_count;j++){double px[2]; if(!feature_project(w,f,&w->keyframes[f->seen[j].keyframe].camera_from_world,px,NULL,NULL))continue; double e=(px[0]-f->seen[j].x)*(px[0]-f->seen[j].x)+(px[1]-f->seen[j].y)*(px[1]-f->seen[j].y); n[f->level]++; sum[f->level]+=e<25?e:25; far[f->level]+=e>4; weak[f->level]+=f->seen[j].inverse_sigma<0.9*sight_inverse_sigma(f->level);}}
        for(int l=0;l<4;l++)fprintf(stderr,"level %d n %d rms %.3f >2px %d weak %d\n",l,n[l],sqrt(sum[l]/(n[l]+1)),far[l],weak[l]);}
    for (uint32_t r = 0; r < w->record_count; r++) {
        pose_frame(w, r, known ? &pose : NULL, o->seed);
        known = w->records[r].posed;
        if (known) {
            omma_se3 world_from_camera = world_record_pose(w, &w->records[r]);
            pose = omma_se3_inverse(&world_from_camera);
        }
    }
    known = false;
    for (uint32_t r = (uint32_t)w->record_count; r-- > 0;) {
        if (!w->records[r].posed)
            pose_frame(w, r, known ? &pose : NULL, o->seed);
        known = w->records[r].posed;
        if (known) {
            omma_se3 world_from_camera = world_record_pose(w, &w->records[r]);
            pose = omma_se3_inverse(&world_from_camera);
        }
    }
    return out;
}
