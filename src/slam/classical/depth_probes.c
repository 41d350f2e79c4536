/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_probes.h"

#include <stdlib.h>

enum { PROBES = 64 /* of a map */ };

void depth_probes_finish(depth_probes *p)
{
    free(p->item);
    *p = (depth_probes){0};
}

void depth_probes_choose(depth_probes *p, const record *rec, uint32_t r)
{
    const uint32_t step = rec->sight_count / PROBES + 1;
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++)
        if (p->item[i].record != r)
            p->item[kept++] = p->item[i];
    p->count = kept;
    for (uint32_t i = 0; i < rec->sight_count; i += step) {
        const sight *s = &rec->sights[i];
        if (s->outlier)
            continue;
        omma_grow((void **)&p->item, &p->capacity, p->count + 1, sizeof(depth_probe));
        p->item[p->count++] = (depth_probe){s->feature, r, s->x, s->y, 0};
    }
}

void depth_probes_read(depth_probes *p, const omma_camera *camera, const dense_result *m)
{
    const float *depth = m->depth->data;

    for (size_t i = 0; i < p->count; i++) {
        depth_probe *at = &p->item[i];
        const int x = (int)((at->x + 0.5f) * (float)m->width / (float)camera->width);
        const int y = (int)((at->y + 0.5f) * (float)m->height / (float)camera->height);
        if (at->record == m->frame && x >= 0 && y >= 0 && x < m->width && y < m->height)
            at->depth = depth[y * m->width + x];
    }
}

/* What a point's depth is in the world, as a multiple of what the map of keyframe k says; 0 when
 * one of them does not know. */
static double ratio_of(const world *w, const depth_probe *p, const keyframe *k)
{
    const feature *f = &w->features[p->feature];
    double px[2], depth;

    if (!(p->depth > 0) || f->state != FEATURE_MATURE ||
        w->keyframes[f->anchor].submap != k->submap ||
        !feature_project(w, f, &k->camera_from_world, px, NULL, &depth))
        return 0;
    return depth / p->depth;
}

void depth_probes_settle(const depth_probes *p, world *w)
{
    enum { ENOUGH = 10 };
    double ratio[PROBES + 1];

    for (size_t i = 0, end; i < p->count; i = end) {
        const uint32_t r = p->item[i].record;
        const record *rec = &w->records[r];
        keyframe *k = rec->posed ? &w->keyframes[rec->keyframe] : NULL;
        size_t n = 0;
        for (end = i; end < p->count && p->item[end].record == r; end++) {
            const bool room = k && k->frame == r && n <= PROBES;
            const double a = room ? ratio_of(w, &p->item[end], k) : 0;
            if (a > 0)
                ratio[n++] = a;
        }
        if (n >= ENOUGH)
            k->unit = omma_median(ratio, n);
    }
}
