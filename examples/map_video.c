/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps a video and prints where the camera was at every frame.
 *
 *   cc map_video.c $(pkg-config --cflags --libs --static omma) -o map_video
 *   ./map_video clip.mp4
 */
#include <omma/pipeline.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: map_video INPUT\n");
        return 2;
    }

    /* A zeroed field is a sensible default: the camera, for one, is found from the video. */
    omma_session_options options = {.input = argv[1]};
    if (strncmp(argv[1], "synthetic:", 10) == 0)
        options.tracker.backend = OMMA_TRACKER_SYNTHETIC; /* the scene's own truth */

    omma_session *session = NULL;
    omma_error err = omma_session_create(&session, &options, NULL);
    if (!err)
        err = omma_session_run(session);
    if (err) {
        fprintf(stderr, "map_video: %s\n", omma_why());
        omma_session_destroy(&session);
        return 1;
    }

    const omma_map *map = omma_session_map(session);
    for (size_t i = 0; i < omma_map_frame_count(map); i++) {
        omma_map_pose pose = omma_map_get_pose(map, i);
        const double *at = pose.world_from_camera.t;
        if (pose.has_pose)
            printf("%8.3f s  x %8.4f  y %8.4f  z %8.4f\n", (double)pose.time_ns * 1e-9, at[0],
                   at[1], at[2]);
    }
    fprintf(stderr, "%zu keyframes, %zu points\n", omma_map_keyframe_count(map),
            omma_map_point_count(map));
    omma_session_destroy(&session);
    return 0;
}
