/* SPDX-License-Identifier: Apache-2.0 */
#include "relocate.h"

#include "adjust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Where to look: in a submap, or everywhere else. */
typedef struct scope {
    uint32_t submap;
    bool elsewhere;
} scope;

/* What is looked up: described places of a picture. */
typedef struct query {
    sight *places; /* features are not known yet */
    uint8_t *descriptors;
    float *reach; /* n x 3: x, y and the radius within which another place is the same corner */
    size_t n;
} query;

static void query_free(query *q)
{
    free(q->places);
    free(q->descriptors);
    free(q->reach);
}

/* Keyframes by the number of their features that resemble something in the picture. */
static size_t rank(const world *w, const follower *f, scope in, const query *q, candidate *out,
                   size_t max)
{
    enum { ALIKE = 50, MAX_ASKED = 40000 };
    const size_t stride =
        1 + w->feature_count / MAX_ASKED; /* a part of a large map is enough to vote */
    uint32_t *index = omma_new_array(uint32_t, w->feature_count + 1);
    uint8_t *all = omma_new_array(uint8_t, w->feature_count * DESCRIPTOR_BYTES + 1);
    descriptor_match *matches = omma_new_array(descriptor_match, q->n + 1);
    float *votes = omma_new_array(float, w->keyframe_count + 1);
    size_t m = 0, count = 0;

    for (size_t i = 0; i < w->feature_count; i += stride) {
        const feature *t = &w->features[i];
        if (t->state != FEATURE_MATURE ||
            (w->keyframes[t->anchor].submap == in.submap) == in.elsewhere)
            continue;
        index[m] = (uint32_t)i;
        memcpy(all + m++ * DESCRIPTOR_BYTES, t->descriptor, DESCRIPTOR_BYTES);
    }
    f->descriptors.match(q->descriptors, q->n, all, NULL, m, matches);
    for (size_t i = 0; i < q->n; i++) {
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

/* Mature features of a keyframe against the query, each place taken once. */
static void match(const world *w, const follower *f, const keyframe *k, const query *q,
                  sight_list *out)
{
    uint32_t *index = omma_new_array(uint32_t, k->feature_count + 1);
    uint8_t *known = omma_new_array(uint8_t, (size_t)k->feature_count * DESCRIPTOR_BYTES + 1);
    descriptor_match *matches = omma_new_array(descriptor_match, k->feature_count + 1);
    int *owner = omma_new_array(int, q->n + 1);
    size_t m = 0;

    for (uint32_t i = 0; i < k->feature_count; i++) {
        const feature *t = &w->features[k->features[i]];
        if (t->state != FEATURE_MATURE)
            continue;
        index[m] = k->features[i];
        memcpy(known + m++ * DESCRIPTOR_BYTES, t->descriptor, DESCRIPTOR_BYTES);
    }
    f->descriptors.match(known, m, q->descriptors, q->reach, q->n, matches);
    for (size_t i = 0; i < m; i++) {
        descriptor_match *d = &matches[i];
        if (d->index < 0 || d->best > MAX_DISTANCE || d->best * 100 > d->second * 85) {
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
        sight s = q->places[matches[i].index];
        s.feature = index[i];
        sight_list_push(out, &s);
    }
    free(index);
    free(known);
    free(matches);
    free(owner);
}

/* Features of some keyframes near where a pose puts them. */
static void match_guided(const world *w, const query *q, const uint32_t *near, size_t n,
                         const omma_se3 *pose, double reach, sight_list *out)
{
    enum { FAR = 56 };
    uint8_t *taken = omma_new_array(uint8_t, q->n + 1);
    uint8_t *done = omma_new_array(uint8_t, w->feature_count + 1);

    out->count = 0;
    for (size_t i = 0; i < n; i++) {
        const keyframe *key = &w->keyframes[near[i]];
        for (uint32_t j = 0; j < key->feature_count; j++) {
            uint32_t index = key->features[j];
            const feature *t = &w->features[index];
            double px[2];
            int best = FAR, place = -1;
            if (done[index] || t->state != FEATURE_MATURE ||
                !feature_project(w, t, pose, px, NULL, NULL))
                continue;
            done[index] = 1;
            for (size_t p = 0; p < q->n; p++) {
                if (taken[p] || fabs(q->places[p].ux - px[0]) > reach ||
                    fabs(q->places[p].uy - px[1]) > reach)
                    continue;
                int d = descriptor_distance(t->descriptor, q->descriptors + p * DESCRIPTOR_BYTES);
                if (d < best) {
                    best = d;
                    place = (int)p;
                }
            }
            if (place < 0)
                continue;
            taken[place] = 1;
            sight s = q->places[place];
            s.feature = index;
            sight_list_push(out, &s);
        }
    }
    free(taken);
    free(done);
}

enum { NEIGHBOURS = 6 };

/* More of a keyframe's neighbourhood, now that there is a first pose. */
static void match_around(const world *w, const query *q, uint32_t k, const omma_se3 *pose,
                         sight_list *out)
{
    uint32_t near[NEIGHBOURS + 1] = {k};
    size_t n = 1 + adjust_neighbours(w, k, 15, near + 1, NEIGHBOURS);
    match_guided(w, q, near, n, pose, 6, out);
}

/* There is little left to find: half of what the neighbourhood should show from here agrees. */
static bool is_complete(const world *w, uint32_t k, const localization *l)
{
    uint32_t near[NEIGHBOURS + 1] = {k};
    const size_t n = 1 + adjust_neighbours(w, k, 15, near + 1, NEIGHBOURS);
    uint8_t *done = omma_new_array(uint8_t, w->feature_count + 1);
    uint32_t visible = 0;

    for (size_t i = 0; i < n; i++) {
        const keyframe *key = &w->keyframes[near[i]];
        for (uint32_t j = 0; j < key->feature_count; j++) {
            const feature *f = &w->features[key->features[j]];
            double px[2];
            if (done[key->features[j]] || f->state != FEATURE_MATURE ||
                !feature_project(w, f, &l->camera_from_world, px, NULL, NULL))
                continue;
            done[key->features[j]] = 1;
            visible +=
                px[0] >= 0 && px[1] >= 0 && px[0] < w->camera.width && px[1] < w->camera.height;
        }
    }
    free(done);
    return l->mature_inliers * 2 >= visible;
}

/* Keyframe after keyframe until one explains the query. now is NULL when the picture is gone. */
static localization look_up(world *w, const follower *f, const query *q, const omma_pyramid *now,
                            uint32_t r, scope in, size_t max_candidates, uint64_t seed,
                            sight_list *list)
{
    if (q->n < MIN_MATCHES)
        return (localization){0};
    candidate *candidates = omma_new_array(candidate, w->keyframe_count + 1);
    size_t count = rank(w, f, in, q, candidates, max_candidates);
    localization found = {0};

    for (size_t i = 0; i < count && !found.good; i++) {
        const uint32_t index = candidates[i].keyframe;
        match(w, f, &w->keyframes[index], q, list);
        if (list->count < MIN_MATCHES)
            continue;
        localization first = localize(w, list->item, list->count,
                                      &(localize_options){
                                          .start = &w->keyframes[index].camera_from_world,
                                          .search = true,
                                          .min_mature = 12,
                                          .seed = seed,
                                      });
        if (!first.good)
            continue;
        if (now)
            mapping_search_local(w, f, now, &first.camera_from_world, r, (int32_t)index, 300, list);
        else
            match_around(w, q, index, &first.camera_from_world, list);
        localization second = localize(w, list->item, list->count,
                                       &(localize_options){
                                           .start = &first.camera_from_world,
                                           .min_mature = MIN_INLIERS,
                                           .seed = seed,
                                       });
        /* A true pose explains more than what it was made from, if there is more; a false one does
           not. */
        if (second.good && second.mature_inliers * (now ? 2 : 3) >= second.mature &&
            (second.mature_inliers >= first.mature_inliers + 10 || is_complete(w, index, &second)))
            found = second;
    }
    free(candidates);
    return found;
}

static query query_of_picture(const world *w, const follower *f, const omma_pyramid *now)
{
    keypoint *points = omma_new_array(keypoint, CORNERS);
    query q = {.places = omma_new_array(sight, CORNERS),
               .descriptors = omma_new_array(uint8_t, CORNERS * DESCRIPTOR_BYTES),
               .reach = omma_new_array(float, 3 * CORNERS)};

    q.n = describe_picture(f, now, 5, points, q.descriptors, CORNERS);
    for (size_t i = 0; i < q.n; i++) {
        q.places[i] = (sight){.x = points[i].x,
                              .y = points[i].y,
                              .inverse_sigma = keypoint_inverse_sigma(&points[i]),
                              .drifting = true};
        sight_unroll(w, &q.places[i]);
        q.reach[3 * i] = points[i].x;
        q.reach[3 * i + 1] = points[i].y;
        q.reach[3 * i + 2] = 5 * points[i].scale;
    }
    free(points);
    return q;
}

localization relocate(world *w, const follower *f, const omma_pyramid *now, uint32_t r,
                      uint32_t submap, size_t max_candidates, uint64_t seed, sight_list *sights)
{
    query q = query_of_picture(w, f, now);
    sight_list list = {0};
    localization found =
        look_up(w, f, &q, now, r, (scope){submap, false}, max_candidates, seed, &list);
    if (found.good) {
        sights->count = 0;
        for (size_t i = 0; i < list.count; i++)
            if (!list.item[i].outlier)
                sight_list_push(sights, &list.item[i]);
    }
    free(list.item);
    query_free(&q);
    return found;
}

/* Places of another camera's picture as the world's own camera would see them; those that it could
 * not see go. */
static void see_as(const omma_camera *own, const omma_camera *other, query *q)
{
    const float scale = (float)(other->fx / own->fx);
    size_t n = 0;

    for (size_t i = 0; i < q->n; i++) {
        sight s = q->places[i];
        const double px[2] = {s.x, s.y};
        double c[3] = {0, 0, 1}, there[2];
        if (!omma_camera_unproject(other, px, c) || !omma_camera_project(own, c, there, NULL))
            continue;
        s.x = s.ux = (float)there[0];
        s.y = s.uy = (float)there[1];
        s.inverse_sigma *= scale;
        q->places[n] = s;
        memmove(q->descriptors + n * DESCRIPTOR_BYTES, q->descriptors + i * DESCRIPTOR_BYTES,
                DESCRIPTOR_BYTES);
        memmove(q->reach + 3 * n++, q->reach + 3 * i, 3 * sizeof(*q->reach));
    }
    q->n = n;
}

localization relocate_foreign(world *w, const follower *f, const omma_pyramid *picture,
                              const omma_camera *camera, size_t max_candidates, uint64_t seed,
                              sight_list *sights)
{
    query q = query_of_picture(w, f, picture);

    see_as(&w->camera, camera, &q);
    localization found =
        look_up(w, f, &q, NULL, 0, (scope){UINT32_MAX, true}, max_candidates, seed, sights);
    query_free(&q);
    return found;
}

static query query_of_record(const world *w, const record *rec)
{
    query q = {.places = omma_new_array(sight, rec->sight_count + 1u),
               .descriptors = omma_new_array(uint8_t, rec->sight_count * DESCRIPTOR_BYTES + 1u),
               .n = rec->sight_count};

    for (uint32_t i = 0; i < rec->sight_count; i++) {
        q.places[i] = rec->sights[i];
        memcpy(q.descriptors + i * DESCRIPTOR_BYTES, w->features[rec->sights[i].feature].descriptor,
               DESCRIPTOR_BYTES);
    }
    return q;
}

localization relocate_record(world *w, const follower *f, uint32_t r, uint32_t submap,
                             size_t max_candidates, uint64_t seed, sight_list *sights)
{
    query q = query_of_record(w, &w->records[r]);
    localization found =
        look_up(w, f, &q, NULL, r, (scope){submap, false}, max_candidates, seed, sights);
    query_free(&q);
    return found;
}

localization relocate_elsewhere(world *w, const follower *f, uint32_t r, uint32_t submap,
                                size_t max_candidates, uint64_t seed, sight_list *sights)
{
    query q = query_of_record(w, &w->records[r]);
    localization found =
        look_up(w, f, &q, NULL, r, (scope){submap, true}, max_candidates, seed, sights);
    query_free(&q);
    return found;
}

/* Keyframes that look the way of a pose, the most alike first. */
static size_t looking_alike(const world *w, uint32_t submap, const omma_se3 *pose, uint32_t *out,
                            size_t max)
{
    candidate *list = omma_new_array(candidate, w->keyframe_count + 1);
    size_t n = 0;

    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        if (k->posed && !k->culled && k->submap == submap)
            list[n++] =
                (candidate){(uint32_t)i, -(float)omma_so3_angle(k->camera_from_world.R, pose->R)};
    }
    qsort(list, n, sizeof(*list), by_likeness);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++)
        out[i] = list[i].keyframe;
    free(list);
    return n;
}

localization relocate_near(world *w, uint32_t r, uint32_t submap, const omma_se3 *guess,
                           uint64_t seed, sight_list *sights)
{
    enum { ALIKE = 8 };
    uint32_t near[ALIKE];
    query q = query_of_record(w, &w->records[r]);
    size_t n = looking_alike(w, submap, guess, near, ALIKE);

    match_guided(w, &q, near, n, guess, 0.03 * w->camera.width, sights);
    localization l = localize(
        w, sights->item, sights->count,
        &(localize_options){.start = guess, .search = true, .min_mature = 12, .seed = seed});
    /* By chance one in fifty of these matches would agree with any pose: an eighth is no chance. */
    const uint32_t agreeing = l.mature_inliers;
    l.good = l.good && agreeing >= MIN_INLIERS && agreeing * 8 >= l.mature;
    if (l.good) {
        omma_se3 first = l.camera_from_world;
        match_guided(w, &q, near, n, &first, 5, sights);
        l = localize(w, sights->item, sights->count,
                     &(localize_options){.start = &first, .min_mature = MIN_INLIERS, .seed = seed});
        l.good = l.good && l.mature_inliers >= agreeing && l.mature_inliers * 3 >= l.mature;
    }
    query_free(&q);
    return l;
}
