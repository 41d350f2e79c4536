/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_view.h"

#include "patch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void point_of(const world *w, uint32_t index, float out[3])
{
    const feature *f = &w->features[index];
    double x[3];
    const bool known =
        f->state == FEATURE_MATURE && w->keyframes[f->anchor].posed && feature_world(w, f, x);
    for (int j = 0; j < 3; j++)
        out[j] = known ? (float)x[j] : NAN;
}

loop_points loop_points_make(const world *w)
{
    loop_points p = {.at = omma_new_bytes(w->feature_count + 1, sizeof(*p.at)), w->feature_count};

    for (size_t i = 0; i < p.n; i++)
        point_of(w, (uint32_t)i, p.at[i]);
    return p;
}

void loop_points_finish(loop_points *p)
{
    free(p->at);
    *p = (loop_points){0};
}

/* Keyframe k's own sight of a feature; false when it has none. */
static bool sight_of(const feature *f, uint32_t k, observation *out)
{
    if (f->anchor == k) {
        *out = (observation){k, f->x, f->y, f->roll_x, f->roll_y, 0};
        return true;
    }
    for (uint32_t i = f->seen_count; i-- > 0;)
        if (f->seen[i].keyframe == k) {
            *out = f->seen[i];
            return true;
        }
    return false;
}

static bool place_of(const world *w, uint32_t k, uint32_t index, loop_place *out)
{
    const feature *f = &w->features[index];
    const float readout = (float)w->readout;
    observation o;

    if (f->state != FEATURE_MATURE || !w->keyframes[f->anchor].posed ||
        w->keyframes[f->anchor].submap != w->keyframes[k].submap || !sight_of(f, k, &o))
        return false;
    *out = (loop_place){.feature = index,
                        .x = o.x - readout * o.roll_x,
                        .y = o.y - readout * o.roll_y,
                        .ux = o.x,
                        .uy = o.y,
                        .level = f->level};
    return true;
}

loop_view loop_view_make(const world *w, uint32_t k)
{
    const keyframe *key = &w->keyframes[k];
    loop_view v = {.keyframe = k,
                   .place = omma_new_array(loop_place, key->feature_count + 1u),
                   .descriptors =
                       omma_new_array(uint8_t, key->feature_count * DESCRIPTOR_BYTES + 1u)};

    for (uint32_t i = 0; i < key->feature_count; i++)
        if (place_of(w, k, key->features[i], &v.place[v.n]))
            memcpy(v.descriptors + (size_t)v.n++ * DESCRIPTOR_BYTES,
                   w->features[key->features[i]].descriptor, DESCRIPTOR_BYTES);
    return v;
}

float (*loop_view_points(const world *w, const loop_view *v))[3]
{
    float(*at)[3] = omma_new_bytes(v->n + 1u, sizeof(*at));
    for (uint32_t i = 0; i < v->n; i++)
        point_of(w, v->place[i].feature, at[i]);
    return at;
}

void loop_view_finish(loop_view *v)
{
    free(v->place);
    free(v->descriptors);
    *v = (loop_view){0};
}

/* Places at the rim keep the look that their feature had first: a descriptor does not fit there. */
static void describe_place(loop_view *v, uint32_t i, const follower *f, const omma_pyramid *picture,
                           const omma_pyramid *smooth)
{
    const loop_place *p = &v->place[i];
    const int l = p->level < picture->levels ? p->level : picture->levels - 1;
    const omma_level *level = &picture->level[l];
    const float x = to_level(p->x, l), y = to_level(p->y, l), rim = DESCRIPTOR_REACH + 1;

    if (!(x > rim && y > rim && x < (float)level->width - rim && y < (float)level->height - rim))
        return;
    descriptor_extract(&f->pattern, &smooth->level[l], x, y, descriptor_angle(level, x, y),
                       v->descriptors + (size_t)i * DESCRIPTOR_BYTES);
}

void loop_view_describe(loop_view *v, const follower *f, const omma_pyramid *picture)
{
    enum { LEVELS = 3 }; /* on which features begin */
    omma_pyramid smooth = {0};

    if (descriptor_smooth(&smooth, picture, LEVELS) == OMMA_OK)
        for (uint32_t i = 0; i < v->n; i++)
            describe_place(v, i, f, picture, &smooth);
    omma_pyramid_finish(&smooth);
}

size_t loop_view_match(const follower *f, const loop_view *a, const loop_view *b,
                       loop_likeness *out)
{
    enum { FAR = 64, DISTINCT = 85 }; /* bits; percent of the second best */
    descriptor_match *there = omma_new_array(descriptor_match, a->n + 1u);
    descriptor_match *back = omma_new_array(descriptor_match, b->n + 1u);
    size_t count = 0;

    f->descriptors.match(a->descriptors, a->n, b->descriptors, NULL, b->n, there);
    f->descriptors.match(b->descriptors, b->n, a->descriptors, NULL, a->n, back);
    for (uint32_t i = 0; i < a->n; i++) {
        const descriptor_match *m = &there[i];
        if (m->index >= 0 && m->best <= FAR && m->best * 100 <= m->second * DISTINCT &&
            back[m->index].index == (int)i)
            out[count++] = (loop_likeness){i, (uint32_t)m->index};
    }
    free(there);
    free(back);
    return count;
}
