/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store. Keyframes lie in the order of their arrival and are never moved; two lists of their
 * positions keep them findable by id and by time. A frame holds the id of its keyframe and its pose
 * in it, so a correction is one assignment, however many frames hang on the keyframe.
 */
#include "map_depth.h"
#include "map_inside.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct keyframe {
    omma_map_keyframe told;
    char *name;
} keyframe;

typedef struct frame_entry {
    uint64_t frame_index;
    int64_t time_ns;
    omma_status status;
    bool has_pose;
    uint32_t submap, keyframe;
    omma_se3 keyframe_from_camera;
    omma_sim3 world_from_keyframe; /* as its view said: until the keyframe itself is known */
} frame_entry;

typedef struct index_list {
    uint32_t *at;
    size_t count, capacity;
} index_list;

struct omma_map {
    keyframe *keyframes;
    size_t keyframe_count, keyframe_capacity;
    index_list by_id;    /* all, culled ones too: frames may still hang on them */
    index_list by_time;  /* those that live */
    frame_entry *frames; /* by frame index */
    size_t frame_count, frame_capacity;
    omma_map_point *points;
    size_t point_count;
    omma_map_observation *observations;
    size_t observation_count;
    depth_store *depth;
    omma_buffer *memory; /* of a tracker, compressed; may be NULL */
    char *unit;
    bool unfinished;
};

omma_map *omma_map_create(void)
{
    omma_map *m = omma_new(omma_map);

    m->unit = omma_text("units");
    m->depth = depth_store_create(0);
    return m;
}

void omma_map_destroy(omma_map **out)
{
    omma_map *m = *out;

    if (!m)
        return;
    for (size_t i = 0; i < m->keyframe_count; i++) {
        omma_buffer_unref(&m->keyframes[i].told.jpeg);
        free(m->keyframes[i].name);
    }
    free(m->keyframes);
    free(m->by_id.at);
    free(m->by_time.at);
    free(m->frames);
    free(m->points);
    free(m->observations);
    depth_store_destroy(&m->depth);
    omma_buffer_unref(&m->memory);
    free(m->unit);
    free(m);
    *out = NULL;
}

/* -------------------------------------------------------------------------- keyframes */

static void list_insert(index_list *list, size_t place, uint32_t value)
{
    omma_grow((void **)&list->at, &list->capacity, list->count + 1, sizeof *list->at);
    memmove(list->at + place + 1, list->at + place, (list->count - place) * sizeof *list->at);
    list->at[place] = value;
    list->count++;
}

/* The first place in by_id whose keyframe has this id or a larger one. */
static size_t place_of_id(const omma_map *m, uint32_t id)
{
    size_t low = 0, high = m->by_id.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->keyframes[m->by_id.at[middle]].told.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static keyframe *find_keyframe(const omma_map *m, uint32_t id)
{
    size_t place = place_of_id(m, id);

    if (place == m->by_id.count)
        return NULL;
    keyframe *k = &m->keyframes[m->by_id.at[place]];

    return k->told.id == id ? k : NULL;
}

static bool is_later(const omma_map_keyframe *a, const omma_map_keyframe *b)
{
    if (a->time_ns != b->time_ns)
        return a->time_ns > b->time_ns;
    return a->id > b->id;
}

/* Keyframes come in the order of time but for those made afterwards, so this looks from the end. */
static void insert_by_time(omma_map *m, uint32_t index)
{
    size_t place = m->by_time.count;

    while (place > 0 &&
           is_later(&m->keyframes[m->by_time.at[place - 1]].told, &m->keyframes[index].told))
        place--;
    list_insert(&m->by_time, place, index);
}

static void remove_by_time(omma_map *m, uint32_t index)
{
    index_list *list = &m->by_time;

    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == index) {
            memmove(list->at + i, list->at + i + 1, (list->count - i - 1) * sizeof *list->at);
            list->count--;
            return;
        }
}

static void add_keyframe(omma_map *m, const omma_view *view)
{
    keyframe *k = find_keyframe(m, view->keyframe);
    uint32_t index;

    if (k) {
        index = (uint32_t)(k - m->keyframes);
        remove_by_time(m, index);
    } else {
        index = (uint32_t)m->keyframe_count;
        omma_grow((void **)&m->keyframes, &m->keyframe_capacity, m->keyframe_count + 1,
                  sizeof *m->keyframes);
        k = &m->keyframes[m->keyframe_count++];
        *k = (keyframe){.told.id = view->keyframe};
        list_insert(&m->by_id, place_of_id(m, view->keyframe), index);
    }
    k->told.submap = view->submap;
    k->told.frame_index = view->frame_index;
    k->told.time_ns = view->time_ns;
    k->told.camera = view->camera;
    k->told.world_from_keyframe = view->world_from_keyframe;
    insert_by_time(m, index);
}

void omma_map_correct(omma_map *m, const omma_correction *correction)
{
    keyframe *k = find_keyframe(m, correction->keyframe);

    if (!k)
        return;
    k->told.submap = correction->submap;
    k->told.world_from_keyframe = correction->world_from_keyframe;
}

void omma_map_remove_keyframe(omma_map *m, uint32_t id)
{
    keyframe *k = find_keyframe(m, id);

    if (!k)
        return;
    remove_by_time(m, (uint32_t)(k - m->keyframes));
    omma_buffer_unref(&k->told.jpeg);
    depth_store_remove(m->depth, id);
}

void omma_map_set_picture(omma_map *m, uint32_t id, omma_buffer *jpeg, const char *name)
{
    keyframe *k = find_keyframe(m, id);

    if (!k) {
        omma_buffer_unref(&jpeg);
        return;
    }
    omma_buffer_unref(&k->told.jpeg);
    free(k->name);
    k->name = name ? omma_text("%s", name) : NULL;
    k->told.name = k->name;
    k->told.jpeg = jpeg;
}

bool map_has_keyframe(const omma_map *m, uint32_t id)
{
    return find_keyframe(m, id) != NULL;
}

void map_set_jpeg(omma_map *m, uint32_t id, omma_buffer *jpeg)
{
    keyframe *k = find_keyframe(m, id);

    if (k) {
        omma_buffer_unref(&k->told.jpeg);
        k->told.jpeg = jpeg;
    } else {
        omma_buffer_unref(&jpeg);
    }
}

void omma_map_set_camera(omma_map *m, const omma_camera *camera)
{
    for (size_t i = 0; i < m->keyframe_count; i++)
        m->keyframes[i].told.camera = *camera;
}

size_t omma_map_keyframe_count(const omma_map *m)
{
    return m->by_time.count;
}

omma_map_keyframe omma_map_get_keyframe(const omma_map *m, size_t i)
{
    assert(i < m->by_time.count);
    return m->keyframes[m->by_time.at[i]].told;
}

/* ----------------------------------------------------------------------------- frames */

/* The first place in frames whose frame has this index or a larger one. */
static size_t place_of_frame(const omma_map *m, uint64_t frame_index)
{
    size_t low = 0, high = m->frame_count;

    if (high > 0 && m->frames[high - 1].frame_index < frame_index)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->frames[middle].frame_index < frame_index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The entry of a frame; a new one is put where its index belongs, nearly always at the end. */
static frame_entry *frame_of(omma_map *m, uint64_t frame_index)
{
    const size_t place = place_of_frame(m, frame_index);

    if (place < m->frame_count && m->frames[place].frame_index == frame_index)
        return &m->frames[place];
    omma_grow((void **)&m->frames, &m->frame_capacity, m->frame_count + 1, sizeof *m->frames);
    memmove(m->frames + place + 1, m->frames + place, (m->frame_count - place) * sizeof *m->frames);
    m->frame_count++;
    return &m->frames[place];
}

bool map_may_add(const omma_map *m, const omma_view *v)
{
    const size_t place = place_of_frame(m, v->frame_index);

    if (place < m->frame_count)
        return m->frames[place].frame_index == v->frame_index &&
               m->frames[place].time_ns == v->time_ns;
    return place == 0 || m->frames[place - 1].time_ns <= v->time_ns;
}

static frame_entry entry_of(const omma_view *view)
{
    return (frame_entry){
        .frame_index = view->frame_index,
        .time_ns = view->time_ns,
        .status = view->status,
        .has_pose = view->has_pose,
        .submap = view->submap,
        .keyframe = view->keyframe,
        .keyframe_from_camera = view->keyframe_from_camera,
        .world_from_keyframe = view->world_from_keyframe,
    };
}

void omma_map_add_view(omma_map *m, const omma_view *view)
{
    if (view->is_keyframe && view->has_pose) {
        add_keyframe(m, view);
        map_keep_depth(m, view);
    }
    *frame_of(m, view->frame_index) = entry_of(view);
}

void map_add_keyframe(omma_map *m, const omma_view *view)
{
    const size_t before = m->frame_count;

    add_keyframe(m, view);
    frame_entry *f = frame_of(m, view->frame_index);
    if (m->frame_count > before)
        *f = entry_of(view);
}

size_t omma_map_frame_count(const omma_map *m)
{
    return m->frame_count;
}

/* world_from_camera = world_from_keyframe * keyframe_from_camera, where the camera keeps the unit
 * of length of the world: the scale goes into the position only. */
static omma_se3 pose_on_keyframe(const omma_sim3 *world_from_keyframe,
                                 const omma_se3 *keyframe_from_camera)
{
    omma_sim3 rigid = omma_sim3_from_se3(keyframe_from_camera, 1);
    omma_sim3 S = omma_sim3_mul(world_from_keyframe, &rigid);
    omma_se3 world_from_camera;

    memcpy(world_from_camera.R, S.R, sizeof S.R);
    memcpy(world_from_camera.t, S.t, sizeof S.t);
    return world_from_camera;
}

omma_map_pose omma_map_get_pose(const omma_map *m, size_t i)
{
    assert(i < m->frame_count);
    const frame_entry *f = &m->frames[i];
    omma_map_pose pose = {.frame_index = f->frame_index,
                          .time_ns = f->time_ns,
                          .status = f->status,
                          .has_pose = f->has_pose,
                          .submap = f->submap,
                          .world_from_camera = omma_se3_identity()};

    if (f->has_pose) {
        const keyframe *k = find_keyframe(m, f->keyframe);

        if (k)
            pose.submap = k->told.submap;
        pose.world_from_camera = pose_on_keyframe(
            k ? &k->told.world_from_keyframe : &f->world_from_keyframe, &f->keyframe_from_camera);
    }
    return pose;
}

omma_view map_frame_view(const omma_map *m, size_t i)
{
    assert(i < m->frame_count);
    const frame_entry *f = &m->frames[i];
    const keyframe *k = f->has_pose ? find_keyframe(m, f->keyframe) : NULL;

    return (omma_view){.frame_index = f->frame_index,
                       .time_ns = f->time_ns,
                       .status = f->status,
                       .has_pose = f->has_pose,
                       .submap = k ? k->told.submap : f->submap,
                       .keyframe = f->keyframe,
                       .keyframe_from_camera = f->keyframe_from_camera,
                       .world_from_keyframe =
                           k ? k->told.world_from_keyframe : f->world_from_keyframe};
}

static uint32_t submap_of(const omma_map *m, const frame_entry *f)
{
    const keyframe *k = find_keyframe(m, f->keyframe);

    return k ? k->told.submap : f->submap;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The longest run of the sorted submaps of all posed frames; of equal ones the first. */
uint32_t omma_map_main_submap(const omma_map *m)
{
    uint32_t *submaps = omma_new_array(uint32_t, m->frame_count + 1);
    size_t n = 0, longest = 0;
    uint32_t best = 0;

    for (size_t i = 0; i < m->frame_count; i++)
        if (m->frames[i].has_pose)
            submaps[n++] = submap_of(m, &m->frames[i]);
    qsort(submaps, n, sizeof *submaps, compare_ids);
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin; end < n && submaps[end] == submaps[begin];)
            end++;
        if (end - begin > longest) {
            longest = end - begin;
            best = submaps[begin];
        }
    }
    free(submaps);
    return best;
}

/* ----------------------------------------------------------------------------- points */

static void *copy_of(const void *data, size_t n, size_t size)
{
    if (n == 0)
        return NULL;
    void *copy = omma_new_bytes(n, size);

    memcpy(copy, data, n * size);
    return copy;
}

void omma_map_set_points(omma_map *m, const omma_map_point *points, size_t point_count,
                         const omma_map_observation *observations, size_t observation_count)
{
    free(m->points);
    free(m->observations);
    m->points = copy_of(points, point_count, sizeof *points);
    m->point_count = point_count;
    m->observations = copy_of(observations, observation_count, sizeof *observations);
    m->observation_count = observation_count;
    for (size_t i = 0; i < observation_count; i++) {
        assert(observations[i].point < point_count);
        assert(i == 0 || observations[i - 1].point <= observations[i].point);
    }
}

size_t omma_map_point_count(const omma_map *m)
{
    return m->point_count;
}

const omma_map_point *omma_map_get_points(const omma_map *m)
{
    return m->points;
}

size_t omma_map_observation_count(const omma_map *m)
{
    return m->observation_count;
}

const omma_map_observation *omma_map_get_observations(const omma_map *m)
{
    return m->observations;
}

void omma_map_set_unit(omma_map *m, const char *unit)
{
    free(m->unit);
    m->unit = omma_text("%s", unit);
}

const char *omma_map_unit(const omma_map *m)
{
    return m->unit;
}

/* ------------------------------------------------------------------------------ depth */

depth_store *map_depth_store(const omma_map *m)
{
    return m->depth;
}

void map_set_unfinished(omma_map *m)
{
    m->unfinished = true;
}

bool omma_map_is_unfinished(const omma_map *m)
{
    return m->unfinished;
}

void map_set_memory_blob(omma_map *m, omma_buffer *blob)
{
    omma_buffer_unref(&m->memory);
    m->memory = blob;
}

omma_buffer *map_memory_blob(const omma_map *m)
{
    return m->memory;
}

/* Depth is in the unit of its keyframe, so that it grows along with the keyframe's scale. */
static void rescale_sim3(omma_sim3 *world_from_any, double scale)
{
    world_from_any->s *= scale;
    for (int i = 0; i < 3; i++)
        world_from_any->t[i] *= scale;
}

void omma_map_rescale(omma_map *m, double scale)
{
    assert(isfinite(scale) && scale > 0);
    for (size_t i = 0; i < m->keyframe_count; i++)
        rescale_sim3(&m->keyframes[i].told.world_from_keyframe, scale);
    for (size_t i = 0; i < m->frame_count; i++)
        rescale_sim3(&m->frames[i].world_from_keyframe, scale);
    for (size_t i = 0; i < m->point_count; i++)
        for (int k = 0; k < 3; k++)
            m->points[i].world[k] *= scale;
}
