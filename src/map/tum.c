/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trajectories as the TUM RGB-D benchmark writes them (Sturm et al., IROS 2012). Readers skip lines
 * that begin with '#', so such lines tell what happened to the frames that have no pose.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* PATH with "-submapN" before the ending. Given. */
static char *submap_path(const char *path, uint32_t submap)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - path) : strlen(path);

    return omma_text("%.*s-submap%" PRIu32 "%s", (int)stem, path, submap, path + stem);
}

static void write_header(omma_file *f, const omma_map *m, const export_choice *choice,
                         uint32_t submap)
{
    omma_file_printf(f,
                     "# camera trajectory written by omma %s\n"
                     "# timestamp tx ty tz qx qy qz qw\n"
                     "# pose: world_from_camera (camera to world); timestamp in s\n"
                     "# camera axes: x right, y down, z forward\n"
                     "# unit of tx ty tz: %s\n",
                     omma_version(), omma_map_unit(m));
    if (submap != choice->submap)
        omma_file_printf(f,
                         "# submap %" PRIu32 ": its origin, axes and scale are not those of the "
                         "main trajectory\n",
                         submap);
}

static void write_pose(omma_file *f, const omma_map_pose *pose)
{
    const double *t = pose->world_from_camera.t;
    double q[4];
    char time[TIME_TEXT_BYTES];

    omma_se3_to_quaternion(&pose->world_from_camera, q);
    omma_file_printf(f, "%s %.9g %.9g %.9g %.9g %.9g %.9g %.9g\n", time_text(pose->time_ns, time),
                     t[0], t[1], t[2], q[0], q[1], q[2], q[3]);
}

static void write_status(omma_file *f, const omma_map_pose *pose, bool elsewhere)
{
    char time[TIME_TEXT_BYTES];

    omma_file_printf(f, "# status frame %" PRIu64 " time %s: %s", pose->frame_index,
                     time_text(pose->time_ns, time), omma_status_name(pose->status));
    if (elsewhere)
        omma_file_printf(f, " in submap %" PRIu32, pose->submap);
    omma_file_printf(f, "\n");
}

/* The main trajectory tells the status of every frame, those of other submaps only their poses. */
static omma_error write_submap(const omma_map *m, const char *path, const export_choice *choice,
                               uint32_t submap)
{
    bool is_main = submap == choice->submap;
    omma_map_pose last = {0};
    omma_file *f;
    omma_error err = omma_file_create(&f, path, choice->replace);

    if (err)
        return err;
    write_header(f, m, choice, submap);
    for (size_t i = 0; i < omma_map_frame_count(m); i++) {
        omma_map_pose pose = omma_map_get_pose(m, i);
        bool here = pose.has_pose && pose.submap == submap;
        bool changed = i == 0 || pose.status != last.status || pose.has_pose != last.has_pose ||
                       (pose.has_pose && pose.submap != last.submap);

        if (changed && (is_main || here))
            write_status(f, &pose, pose.has_pose && !here);
        if (here)
            write_pose(f, &pose);
        last = pose;
    }
    return omma_file_commit(&f);
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The submaps that have posed frames, each once. Given. */
static uint32_t *list_submaps(const omma_map *m, size_t *count)
{
    size_t n = 0, kept = 0;
    uint32_t *submaps = omma_new_array(uint32_t, omma_map_frame_count(m) + 1);

    for (size_t i = 0; i < omma_map_frame_count(m); i++) {
        omma_map_pose pose = omma_map_get_pose(m, i);

        if (pose.has_pose)
            submaps[n++] = pose.submap;
    }
    qsort(submaps, n, sizeof *submaps, compare_ids);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || submaps[i] != submaps[i - 1])
            submaps[kept++] = submaps[i];
    *count = kept;
    return submaps;
}

/* Side trajectories first: whoever sees the main file sees all of them. */
static omma_error write_all(const omma_map *m, const char *path, const export_choice *choice,
                            const uint32_t *submaps, size_t n)
{
    omma_error err = export_check_free(path, choice->replace);

    for (int writing = 0; writing < 2; writing++)
        for (size_t i = 0; !err && i < n; i++) {
            if (submaps[i] == choice->submap)
                continue;
            char *beside = submap_path(path, submaps[i]);

            err = writing ? write_submap(m, beside, choice, submaps[i])
                          : export_check_free(beside, choice->replace);
            free(beside);
        }
    return err ? err : write_submap(m, path, choice, choice->submap);
}

omma_error omma_map_write_tum(const omma_map *m, const char *path, const omma_export_options *o)
{
    export_choice choice = export_choose(m, o);
    plain_numbers plain;
    size_t n;
    uint32_t *submaps = list_submaps(m, &n);

    plain_numbers_begin(&plain);
    omma_error err = write_all(m, path, &choice, submaps, n);

    plain_numbers_end(&plain);
    free(submaps);
    return err;
}
