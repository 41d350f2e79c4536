/* SPDX-License-Identifier: Apache-2.0 */
/* A session that goes on in a map of an earlier one. */
#define OMMA_MODULE "pipeline"
#include "session.h"

#include <math.h>
#include <string.h>

#define USUAL_RATE 30.0

/* The keyframe's picture as it was kept. */
static omma_error decode_picture(void *user, uint32_t keyframe, omma_frame **out)
{
    const omma_map *m = user;

    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        const omma_map_keyframe k = omma_map_get_keyframe(m, i);
        if (k.id == keyframe && k.jpeg)
            return omma_image_decode(out, k.jpeg->data, k.jpeg->bytes, "a keyframe's picture");
    }
    return omma_fail(OMMA_NOT_FOUND, "keyframe %u has no picture", (unsigned)keyframe);
}

static omma_error restore(omma_session *s, omma_map *map)
{
    omma_buffer *memory = NULL;
    omma_error err = omma_map_get_memory(map, &memory);

    if (err == OMMA_NOT_FOUND)
        return omma_fail(OMMA_FORMAT, "the map cannot be gone on from: it does not hold what the "
                                      "tracker knew (an older omma wrote it, or another backend "
                                      "made it)");
    if (!err)
        err = omma_tracker_restore(s->tracker, &(omma_tracker_memory){.data = memory->data,
                                                                      .bytes = memory->bytes,
                                                                      .picture = decode_picture,
                                                                      .user = map});
    if (err == OMMA_FORMAT)
        omma_fail(err, "the map cannot be gone on from: %s", omma_why());
    omma_buffer_unref(&memory);
    return err;
}

/* What can be said before anything is taken apart. */
static omma_error check_fit(const omma_session *s, const omma_map *map)
{
    const omma_source_info *info = omma_source_get_info(s->source);

    if (!omma_map_keyframe_count(map) || !omma_map_frame_count(map))
        return omma_fail(OMMA_FORMAT, "the map cannot be gone on from: it has no keyframes");
    const omma_camera camera = omma_map_get_keyframe(map, 0).camera;
    if (info->width != camera.width || info->height != camera.height)
        return omma_fail(OMMA_INVALID,
                         "the map's pictures have %d x %d px and those of %s %d x %d: only a clip "
                         "of the same camera and size can go on in it",
                         camera.width, camera.height, s->input, info->width, info->height);
    if (strcmp(omma_map_unit(map), "m") == 0 && (s->options.scale > 0 || s->options.distance_m > 0))
        return omma_fail(OMMA_INVALID, "the map is in metres already and stays so");
    return OMMA_OK;
}

static size_t first_in_main(const omma_map *map)
{
    const uint32_t submap = omma_map_main_submap(map);

    for (size_t i = 0; i < omma_map_frame_count(map); i++) {
        const omma_map_pose p = omma_map_get_pose(map, i);
        if (p.has_pose && p.submap == submap)
            return i;
    }
    return 0;
}

/* Numbers go on behind the last, times one frame after it. */
static omma_error go_on_after(omma_session *s, const omma_map *map)
{
    const omma_map_pose last = omma_map_get_pose(map, omma_map_frame_count(map) - 1);
    const double rate = omma_source_get_info(s->source)->rate;

    if (last.frame_index > UINT64_MAX / 2 || last.time_ns > INT64_MAX / 2)
        return omma_fail(OMMA_FORMAT, "the map cannot be gone on from: its last frame is of the "
                                      "end of time");
    s->resumed = (resumed_map){
        .landmark = first_in_main(map),
        .frames = omma_map_frame_count(map),
        .keyframes = omma_map_keyframe_count(map),
        .next_index = last.frame_index + 1,
        .next_ns = last.time_ns + (int64_t)llround(1e9 / (rate > 0 ? rate : USUAL_RATE)),
    };
    return OMMA_OK;
}

omma_error omma_session_resume(omma_session *s, omma_map *map)
{
    omma_error err = check_fit(s, map);

    if (!err)
        err = go_on_after(s, map);
    if (!err)
        err = restore(s, map);
    if (err) {
        omma_map_destroy(&map);
        return err;
    }
    omma_map_destroy(&s->map);
    s->map = map;
    return OMMA_OK;
}
