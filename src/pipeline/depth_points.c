/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_points.h"

#include <stdlib.h>
#include <string.h>

/* One sample per cell of about this many columns: enough to see the room, cheap enough to ignore.
 */
#define GRID_COLUMNS 64

typedef struct sample {
    uint32_t keyframe;
    float in_keyframe[3];
    float px[2];
    uint8_t rgb[3];
} sample;

struct depth_points {
    sample *samples;
    size_t count, capacity;
};

depth_points *depth_points_create(void)
{
    return omma_new(depth_points);
}

void depth_points_destroy(depth_points **d)
{
    if (!d || !*d)
        return;
    free((*d)->samples);
    free(*d);
    *d = NULL;
}

static void add_sample(depth_points *d, const omma_view *v, const omma_frame *frame, int x, int y,
                       float z)
{
    double px[2] = {x, y}, n[2];
    if (!(z > 0) || !omma_camera_unproject(&v->camera, px, n))
        return;
    sample s = {.keyframe = v->keyframe,
                .in_keyframe = {(float)n[0] * z, (float)n[1] * z, z},
                .px = {(float)x, (float)y},
                .rgb = {128, 128, 128}};
    if (frame)
        omma_frame_rgb_at(frame, x, y, s.rgb);
    void *array = d->samples;
    omma_grow(&array, &d->capacity, d->count + 1, sizeof(sample));
    d->samples = array;
    d->samples[d->count++] = s;
}

void depth_points_add(depth_points *d, const omma_view *keyframe, const omma_frame *frame)
{
    int width = keyframe->camera.width, height = keyframe->camera.height;
    int step = width / GRID_COLUMNS > 1 ? width / GRID_COLUMNS : 1;

    if (!keyframe->depth || !keyframe->depth->data || width < 1 || height < 1 ||
        keyframe->depth->bytes < (size_t)width * (size_t)height * sizeof(float))
        return;
    const float *depth = keyframe->depth->data;
    for (int y = step / 2; y < height; y += step)
        for (int x = step / 2; x < width; x += step)
            add_sample(d, keyframe, frame, x, y, depth[(size_t)y * (size_t)width + (size_t)x]);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = ((const omma_map_keyframe *)a)->id, y = ((const omma_map_keyframe *)b)->id;
    return (x > y) - (x < y);
}

void depth_points_give(const depth_points *d, omma_map *map)
{
    size_t n = omma_map_keyframe_count(map), points = 0;
    omma_map_keyframe *keyframes = omma_new_array(omma_map_keyframe, n + 1);
    omma_map_point *point = omma_new_array(omma_map_point, d->count + 1);
    omma_map_observation *seen = omma_new_array(omma_map_observation, d->count + 1);

    for (size_t i = 0; i < n; i++)
        keyframes[i] = omma_map_get_keyframe(map, i);
    qsort(keyframes, n, sizeof(*keyframes), by_id);
    for (size_t i = 0; i < d->count; i++) {
        const sample *s = &d->samples[i];
        omma_map_keyframe key = {.id = s->keyframe};
        const omma_map_keyframe *k = bsearch(&key, keyframes, n, sizeof(key), by_id);
        if (!k) /* culled */
            continue;
        double x[3] = {s->in_keyframe[0], s->in_keyframe[1], s->in_keyframe[2]};
        omma_sim3_apply(&k->world_from_keyframe, x, point[points].world);
        memcpy(point[points].rgb, s->rgb, 3);
        point[points].submap = k->submap;
        seen[points] = (omma_map_observation){
            .keyframe = k->id, .point = (uint32_t)points, .px = {s->px[0], s->px[1]}};
        points++;
    }
    omma_map_set_points(map, point, points, seen, points);
    free(seen);
    free(point);
    free(keyframes);
}

size_t depth_points_count(const depth_points *d)
{
    return d ? d->count : 0;
}
