/* SPDX-License-Identifier: Apache-2.0 */
#include "relocate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patch.h"

enum { CORNERS = 3000, MIN_MATCHES = 15, MIN_INLIERS = 25, MAX_DISTANCE = 64 };

typedef struct candidate {
    uint32_t keyframe;
    float likeness;
} candidate;

static int by_likeness(const void *a, const void *b)
{
    const candidate *p = a, *q = b;
    if (p->likeness != q->likeness)
        return p->likeness < q->likeness ? 1 : -1;
    return p->keyframe < q->keyframe ? 1 : -1;
}

/* Keyframes by the number of their features that resemble something in the picture. */
static size_t rank(const world *w, const follower *f, uint32_t submap, const uint8_t *descriptors, size_t n,
                   candidate *out, size_t max)
{
    enum { ALIKE = 50 };
    uint32_t *index = omma_new_array(uint32_t, w->feature_count + 1);
    uint8_t *all = omma_new_array(uint8_t, w->feature_count * DESCRIPTOR_BYTES + 1);
    descriptor_match *matches = omma_new_array(descriptor_match, n + 1);
    float *votes = omma_new_array(float, w->keyframe_count + 1);
    size_t m = 0, count = 0;

    for (size_t i = 0; i < w->feature_count; i++) {
        const feature *t = &w->features[i];
        if (t->state != FEATURE_MATURE || w->keyframes[t->anchor].submap != submap)
            continue;
        index[m] = (uint32_t)i;
        memcpy(all + m++ * DESCRIPTOR_BYTES, t->descriptor, DESCRIPTOR_BYTES);
    }
    f->descriptors.match(descriptors, n, all, m, matches);
    for (size_t i = 0; i < n; i++) {
        if (matches[i].index < 0 || matches[i].best > ALIKE)
            continue;
        const feature *t = &w->features[index[matches[i].index]];
        votes[t->anchor]++;
        for (uint32_t j = 0; j < t->seen_count; j++)
            votes[t->seen[j].keyframe]++;
    }
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (votes[i] >= 5 && w->keyframes[i].posed && !w->keyframes[i].culled)
            out[count++] = (candidate){(uint32_t)i, votes[i]};
    qsort(out, count, sizeof(*out), by_likeness);
    free(index);
    free(all);
    free(matches);
    free(votes);
    return count < max ? count : max;
}

/* Mature features of a keyframe against the picture's corners. */
static void match(const world *w, const follower *f, const keyframe *k, const keypoint *points,
                  const uint8_t *descriptors, size_t n, sight_list *out)
{
    uint32_t *index = omma_new_array(uint32_t, k->feature_count + 1);
    uint8_t *query = omma_new_array(uint8_t, (size_t)k->feature_count * DESCRIPTOR_BYTES + 1);
    descriptor_match *matches = omma_new_array(descriptor_match, k->feature_count + 1);
    int *owner = omma_new_array(int, n + 1);
    size_t m = 0;

    for (uint32_t i = 0; i < k->feature_count; i++) {
        const feature *t = &w->features[k->features[i]];
        if (t->state != FEATURE_MATURE)
            continue;
        index[m] = k->features[i];
        memcpy(query + m++ * DESCRIPTOR_BYTES, t->descriptor, DESCRIPTOR_BYTES);
    }
    f->descriptors.match(query, m, descriptors, n, matches);
    for (size_t i = 0; i < m; i++) {
        descriptor_match *d = &matches[i];
        if (d->index < 0 || d->best > MAX_DISTANCE || d->best * 10 > d->second * 8.5) {
            d->index = -1;
            continue;
        }
        int other = owner[d->index] - 1;
        if (other >= 0 && matches[other].best <= d->best) {
            d->index = -1;
            continue;
        }
        if (other >= 0)
            matches[other].index = -1;
        owner[d->index] = (int)i + 1;
    }
    out->count = 0;
    for (size_t i = 0; i < m; i++) {
        if (matches[i].index < 0)
            continue;
        const keypoint *p = &points[matches[i].index];
        sight_list_push(out, &(sight){index[i], p->x, p->y, keypoint_inverse_sigma(p), false,
                                      true});
    }
    free(index);
    free(query);
    free(matches);
    free(owner);
}

localization relocate(world *w, const follower *f, const omma_pyramid *now, uint32_t r,
                      uint32_t submap, size_t max_candidates, uint64_t seed, sight_list *sights)
{
    keypoint *points = omma_new_array(keypoint, CORNERS);
    uint8_t *descriptors = omma_new_array(uint8_t, CORNERS * DESCRIPTOR_BYTES);
    candidate *candidates = omma_new_array(candidate, w->keyframe_count + 1);
    size_t n = describe_picture(f, now, 5, points, descriptors, CORNERS);
    size_t count = rank(w, f, submap, descriptors, n, candidates, max_candidates);
    localization found = {0};
    sight_list list = {0};

    for (size_t i = 0; i < count && !found.good; i++) {
        const keyframe *k = &w->keyframes[candidates[i].keyframe];
        match(w, f, k, points, descriptors, n, &list);
        if(getenv("BADBG"))fprintf(stderr,"reloc frame %u cand kf %u (frame %u) votes %.0f of n %zu: matches %zu\n", r, candidates[i].keyframe,k->frame,candidates[i].likeness,n,list.count);
        if (list.count < MIN_MATCHES)
            continue;
        localization first =
            localize(w, list.item, list.count,
                     &(localize_options){
                         .start = &k->camera_from_world, .search = true, .min_mature = 12, .seed = seed});
        if(getenv("BADBG"))fprintf(stderr,"   first good %d mature %u/%u\n",first.good,first.mature_inliers,first.mature);
        if (!first.good)
            continue;
        mapping_search_local(w, f, now, &first.camera_from_world, r,
                             (int32_t)candidates[i].keyframe, 300, &list);
        localization second =
            localize(w, list.item, list.count,
                     &(localize_options){.start = &first.camera_from_world,
                                         .min_mature = MIN_INLIERS, .seed = seed});
        if(getenv("BADBG"))fprintf(stderr,"   second good %d mature %u/%u\n",second.good,second.mature_inliers,second.mature);
        if (second.good && second.mature_inliers * 2 >= second.mature)
            found = second;
    }
    if (found.good) {
        sights->count = 0;
        for (size_t i = 0; i < list.count; i++)
            if (!list.item[i].outlier)
                sight_list_push(sights, &list.item[i]);
    }
    free(list.item);
    free(points);
    free(descriptors);
    free(candidates);
    return found;
}
