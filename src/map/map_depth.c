/* SPDX-License-Identifier: Apache-2.0 */
/* How depth gets into the map and out again. */
#include "map_depth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool holds(const omma_buffer *b, size_t bytes)
{
    return b && b->data && b->bytes >= bytes;
}

void map_keep_depth(omma_map *m, const omma_view *v)
{
    size_t cells = v->depth_width > 0 && v->depth_height > 0
                       ? (size_t)v->depth_width * (size_t)v->depth_height
                       : 0;
    omma_buffer *blob = NULL;

    if (cells == 0 || !holds(v->depth, cells * sizeof(float)))
        return;
    const float *error = holds(v->depth_error, cells * sizeof(float)) ? v->depth_error->data : NULL;
    const uint8_t *rgb = holds(v->depth_rgb, 3 * cells) ? v->depth_rgb->data : NULL;

    if (depth_encode(v->depth->data, error, rgb, v->depth_width, v->depth_height, &blob) || !blob) {
        depth_store_remove(map_depth_store(m), v->keyframe);
        return;
    }
    depth_store_put(map_depth_store(m), v->keyframe, blob);
}

omma_error map_get_depth_blob(const omma_map *m, size_t i, omma_buffer **blob)
{
    return depth_store_get(map_depth_store(m), omma_map_get_keyframe(m, i).id, blob);
}

omma_error map_find_depth_blob(const omma_map *m, uint32_t keyframe, omma_buffer **blob)
{
    return depth_store_get(map_depth_store(m), keyframe, blob);
}

omma_error map_put_depth_blob(omma_map *m, uint32_t keyframe, omma_buffer *blob)
{
    depth_grid g;
    omma_error err = depth_decode(blob->data, blob->bytes, &g);

    if (err) {
        omma_buffer_unref(&blob);
        return err;
    }
    depth_grid_finish(&g);
    depth_store_put(map_depth_store(m), keyframe, blob);
    return OMMA_OK;
}

omma_error map_get_depth_grid(const omma_map *m, size_t i, depth_grid *out)
{
    omma_buffer *blob;
    omma_error err = map_get_depth_blob(m, i, &blob);

    *out = (depth_grid){0};
    if (err || !blob)
        return err;
    err = depth_decode(blob->data, blob->bytes, out);
    omma_buffer_unref(&blob);
    return err == OMMA_FORMAT ? OMMA_IO : err; /* it was whole when it was put in */
}

bool omma_map_has_depth(const omma_map *m, size_t i)
{
    return depth_store_has(map_depth_store(m), omma_map_get_keyframe(m, i).id);
}

omma_error omma_map_get_depth(const omma_map *m, size_t i, omma_depth_map *out)
{
    depth_grid g;
    omma_error err = map_get_depth_grid(m, i, &g);

    *out = (omma_depth_map){0};
    if (err || g.width == 0)
        return err;
    size_t cells = (size_t)g.width * (size_t)g.height;
    float *depth = malloc(cells * sizeof *depth), *error = malloc(cells * sizeof *error);

    if (!depth || !error) {
        free(depth);
        free(error);
        err = omma_fail(OMMA_NO_MEMORY, "no memory for depth of %d x %d", g.width, g.height);
    } else {
        for (size_t c = 0; c < cells; c++) {
            depth[c] = depth_of_code(g.nearest, g.code[c]);
            error[c] = error_of_code(g.error[c]);
        }
        *out = (omma_depth_map){
            .width = g.width, .height = g.height, .depth = depth, .error = error, .rgb = g.rgb};
        g.rgb = NULL;
    }
    depth_grid_finish(&g);
    return err;
}

void omma_depth_map_finish(omma_depth_map *d)
{
    free(d->depth);
    free(d->error);
    free(d->rgb);
    *d = (omma_depth_map){0};
}
