/* SPDX-License-Identifier: Apache-2.0 */
/* The result: depth and expected error of every coarse pixel. */
#include "dense_private.h"

#include <stdlib.h>

void dense_map_finish(dense_map *m)
{
    free(m->depth);
    free(m->error);
    *m = (dense_map){0};
}

omma_error dense_map_create(const scene *s, dense_map *m)
{
    const size_t n = (size_t)s->width * (size_t)s->height;
    dense_map made = {.width = s->width,
                      .height = s->height,
                      .fx = s->view.fx / s->step,
                      .fy = s->view.fy / s->step,
                      .cx = (s->view.cx + 0.5) / s->step - 0.5,
                      .cy = (s->view.cy + 0.5) / s->step - 0.5,
                      .depth = calloc(n, sizeof(float)),
                      .error = calloc(n, sizeof(float))};
    if (!made.depth || !made.error) {
        dense_map_finish(&made);
        return omma_fail(OMMA_NO_MEMORY, "depth: no memory for a map of %zu px", n);
    }
    for (size_t i = 0; i < n; i++)
        made.error[i] = 1;
    *m = made;
    return OMMA_OK;
}

/* The scatter about the planes, as a relative error of depth. The factors were fitted: of pixels
 * with the same error half are closer to the truth of two real rooms than it. */
static float relative_error(float planes, float plane_share)
{
    const float e = 0.004f + 0.6f * plane_share * (0.3f + planes);
    return e < 1 ? e : 1;
}

void dense_map_write(const scene *s, dense_map *m)
{
    const float low = (float)s->rho[0], step = (float)s->rho_step, last = (float)(s->planes - 1);
    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const float at = s->surface[i] < 0 ? 0 : s->surface[i] > last ? last : s->surface[i];
        const float rho = low + step * at;
        m->depth[i] = 1 / rho;
        const bool at_end = at < 0.5f || at > last - 0.5f;
        m->error[i] = at_end ? 1 : relative_error(s->error[i], step / rho);
    }
}
