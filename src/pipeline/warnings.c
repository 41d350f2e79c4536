/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weak result looks like a good one in every file but the report, so the report says it in
 * sentences. A right map of ordinary length is far from each of these bounds: a found focal length
 * is known to 1 % or better, thousands of points lie in tens of keyframes.
 */
#include "warnings.h"

#include <inttypes.h>
#include <stdlib.h>

static const double uncertain_focal = 0.08; /* sigma, share of the focal length */

enum { FEW_KEYFRAMES = 4, FEW_POINTS = 100 };

/* text is taken. */
static void add(cJSON *warnings, char *text)
{
    cJSON_AddItemToArray(warnings, cJSON_CreateString(text));
    free(text);
}

static size_t count_posed(const omma_map *map)
{
    size_t posed = 0;
    for (size_t i = 0; i < omma_map_frame_count(map); i++)
        posed += omma_map_get_pose(map, i).has_pose;
    return posed;
}

static void warn_of_focal(cJSON *warnings, const omma_session *s, const omma_tracker_stats *stats)
{
    const double focal = stats->camera.fx, sigma = stats->focal_sigma_px;

    if (stats->camera_found && sigma > uncertain_focal * focal)
        add(warnings, omma_text("the focal length is uncertain: %.0f +- %.0f px; give --camera%s",
                                focal, sigma, s->options.fov_degrees > 0 ? "" : " or --fov"));
}

/* None of the clip's frames is in the submap that held most of the map. */
static void warn_of_strange_place(cJSON *warnings, const omma_session *s)
{
    for (size_t i = s->resumed.frames; i < omma_map_frame_count(s->map); i++) {
        const omma_map_pose p = omma_map_get_pose(s->map, i);
        const omma_map_pose old = omma_map_get_pose(s->map, s->resumed.landmark);
        if (p.has_pose && p.submap == old.submap)
            return;
    }
    add(warnings, omma_text("%s was not recognised in the map: it is a part of its own", s->input));
}

cJSON *warnings_of(const omma_session *s, const omma_tracker_stats *stats)
{
    cJSON *warnings = cJSON_CreateArray();
    const size_t posed = count_posed(s->map), keyframes = omma_map_keyframe_count(s->map),
                 points = omma_map_point_count(s->map);
    const uint64_t frames = s->resumed.frames + s->now.frames;

    for (size_t i = 0; i < s->note_count; i++)
        cJSON_AddItemToArray(warnings, cJSON_CreateString(s->notes[i]));
    if (s->options.tracker.backend == OMMA_TRACKER_SYNTHETIC || !posed)
        return warnings;
    warn_of_focal(warnings, s, stats);
    if (s->resumed.frames)
        warn_of_strange_place(warnings, s);
    if (posed * 2 < frames)
        add(warnings, omma_text("only %zu of %" PRIu64 " frames have a pose: report.json tells "
                                "under without_pose where the camera was lost",
                                posed, frames));
    if (stats->submaps > 1)
        add(warnings, omma_text("the map is in %u parts that share no origin and no scale: "
                                "trajectory.txt holds the largest only",
                                (unsigned)stats->submaps));
    if (keyframes < FEW_KEYFRAMES || points < FEW_POINTS)
        add(warnings, omma_text("the map rests on little, %zu keyframe%s and %zu points: check it "
                                "before you use it, or give a video in which the camera moves "
                                "further sideways",
                                keyframes, keyframes == 1 ? "" : "s", points));
    return warnings;
}
