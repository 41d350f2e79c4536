/* SPDX-License-Identifier: Apache-2.0 */
#include "relocate.h"

#include <math.h>
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

/* Normalised correlation of two small pictures, shifted a little in x. */
static float likeness(const keyframe *k, const omma_level *level)
{
    double best = -1;
    const int w = level->width, h = level->height;

    if (!k->thumbnail || k->thumbnail_width != w || k->thumbnail_height != h)
        return -1;
    for (int shift = -w / 4; shift <= w / 4; shift += 2) {
        int x0 = shift < 0 ? -shift : 0, x1 = shift > 0 ? w - shift : w;
        double a = 0, b = 0, aa = 0, bb = 0, ab = 0, n = (double)(x1 - x0) * h;
        for (int y = 0; y < h; y++) {
            const uint8_t *p = k->thumbnail + (size_t)y * w;
            const uint8_t *q = level->data + (ptrdiff_t)y * level->stride + shift;
            int ra = 0, rb = 0, raa = 0, rbb = 0, rab = 0;
            for (int x = x0; x < x1; x++) {
                ra += p[x], rb += q[x];
                raa += p[x] * p[x], rbb += q[x] * q[x], rab += p[x] * q[x];
            }
            a += ra, b += rb, aa += raa, bb += rbb, ab += rab;
        }
        double score = (ab * n - a * b) / sqrt((aa * n - a * a) * (bb * n - b * b) + 1);
        best = fmax(best, score);
    }
    return (float)best;
}

static size_t rank(const world *w, const omma_pyramid *now, candidate *out, size_t max)
{
    int l = 0;
    size_t n = 0;

    while (l + 1 < now->levels && now->level[l].width > 48)
        l++;
    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        if (k->posed && !k->culled && k->submap == w->submap)
            out[n++] = (candidate){(uint32_t)i, likeness(k, &now->level[l])};
    }
    /* The newest are where the camera was last: they go first. */
    for (size_t i = n > 3 ? n - 3 : 0; i < n; i++)
        out[i].likeness += 2;
    qsort(out, n, sizeof(*out), by_likeness);
    return n < max ? n : max;
}

/* Mature features of a keyframe against the picture's corners. */
static void match(const world *w, const follower *f, const keyframe *k, const corner *corners,
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
        const corner *c = &corners[matches[i].index];
        sight_list_push(out, &(sight){index[i], from_level(c->x, c->level),
                                      from_level(c->y, c->level),
                                      0.5f * sight_inverse_sigma(c->level), false});
    }
    free(index);
    free(query);
    free(matches);
    free(owner);
}

localization relocate(world *w, const follower *f, const omma_pyramid *now, uint32_t r,
                      size_t max_candidates, uint64_t seed, sight_list *sights)
{
    corner *corners = omma_new_array(corner, CORNERS);
    uint8_t *descriptors = omma_new_array(uint8_t, CORNERS * DESCRIPTOR_BYTES);
    candidate *candidates = omma_new_array(candidate, w->keyframe_count + 1);
    size_t count = rank(w, now, candidates, max_candidates);
    size_t n = count ? describe_picture(f, now, 4, corners, descriptors, CORNERS) : 0;
    localization found = {0};
    sight_list list = {0};

    for (size_t i = 0; i < count && !found.good; i++) {
        const keyframe *k = &w->keyframes[candidates[i].keyframe];
        match(w, f, k, corners, descriptors, n, &list);
        if (list.count < MIN_MATCHES)
            continue;
        localization first =
            localize(w, list.item, list.count,
                     &(localize_options){
                         .start = &k->camera_from_world, .search = true, .min_mature = 12, .seed = seed});
        if (!first.good)
            continue;
        mapping_search_local(w, f, now, &first.camera_from_world, r,
                             (int32_t)candidates[i].keyframe, 300, &list);
        localization second =
            localize(w, list.item, list.count,
                     &(localize_options){.start = &first.camera_from_world,
                                         .min_mature = MIN_INLIERS, .seed = seed});
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
    free(corners);
    free(descriptors);
    free(candidates);
    return found;
}
