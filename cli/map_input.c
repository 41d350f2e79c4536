/* SPDX-License-Identifier: Apache-2.0 */
#include "map_input.h"

#include <omma/pipeline.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A folder's map; without one what a mapping left there that was cut off. */
char *map_input_path(const char *name)
{
    size_t n = strlen(name);

    while (n > 1 && name[n - 1] == '/')
        n--;
    if (!is_folder(name))
        return omma_text("%s", name);
    char *map = omma_text("%.*s/map.omma", (int)n, name);
    char *journal = omma_text("%.*s/" OMMA_JOURNAL_NAME, (int)n, name);
    const bool unfinished = !is_file(map) && is_file(journal);
    free(unfinished ? map : journal);
    return unfinished ? journal : map;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return omma_text(".");
    return slash == path ? omma_text("/") : omma_text("%.*s", (int)(slash - path), path);
}

omma_error map_input_open(map_input *in, const char *name, bool salvage)
{
    *in = (map_input){.path = map_input_path(name), .salvaged = salvage};
    in->folder = folder_of(in->path);
    omma_error err = omma_map_open(&in->map, in->path, 0, salvage ? &in->damage : NULL);
    if (err)
        map_input_finish(in);
    return err;
}

omma_error map_input_open_remembered(map_input *in, const char *name)
{
    *in = (map_input){.path = map_input_path(name)};
    in->folder = folder_of(in->path);
    omma_error err = omma_map_open_remembered(&in->map, in->path, 0);
    if (err)
        map_input_finish(in);
    return err;
}

void map_input_tell_damage(const map_input *in, const omma_log *log)
{
    if (omma_map_is_unfinished(in->map))
        omma_warn(log, "%s is of a mapping that was cut off: what it knew until then", in->path);
    if (in->damage.damaged)
        omma_warn(log, "%s: %zu of its %zu parts are damaged and left out", in->path,
                  in->damage.damaged, in->damage.parts);
    if (in->damage.orphans)
        omma_warn(log,
                  "%s: %zu intact pictures and depths are left out as well: the keyframes they "
                  "belong to are lost",
                  in->path, in->damage.orphans);
}

void map_input_finish(map_input *in)
{
    omma_map_destroy(&in->map);
    free(in->path);
    free(in->folder);
    *in = (map_input){0};
}

/* The points that cloud.ply of a map without depth has. */
static void take_sparse(const omma_map *m, size_t most, omma_cloud *out)
{
    const omma_map_point *p = omma_map_get_points(m);
    size_t n = omma_map_point_count(m);
    uint32_t submap = omma_map_main_submap(m);

    *out = (omma_cloud){.points = omma_new_array(omma_cloud_point, n + 1)};
    for (size_t i = 0; i < n && out->count < most; i++) {
        omma_cloud_point *q = &out->points[out->count];

        if (p[i].submap != submap || !(p[i].error_px <= 4))
            continue;
        for (int k = 0; k < 3; k++)
            q->world[k] = (float)p[i].world[k];
        memcpy(q->rgb, p[i].rgb, 3);
        out->count++;
    }
}

exit_code map_input_code(omma_error err)
{
    return err == OMMA_NO_MEMORY ? CODE_FAILED : CODE_INPUT;
}

bool map_input_has_depth(const map_input *in)
{
    const uint32_t submap = omma_map_main_submap(in->map);

    for (size_t i = 0; i < omma_map_keyframe_count(in->map); i++)
        if (omma_map_has_depth(in->map, i) && omma_map_get_keyframe(in->map, i).submap == submap)
            return true;
    return false;
}

omma_error map_input_cloud(const map_input *in, const omma_fuse_options *o, omma_cloud *out,
                           const char **sparse)
{
    omma_error err = omma_map_fuse(in->map, o, out);

    *sparse = NULL;
    if (err || out->count > 0)
        return err;
    omma_cloud_finish(out);
    if (!map_input_has_depth(in))
        *sparse = "the map has no depth";
    else if (o->voxel > 0)
        return omma_fail(OMMA_INVALID,
                         "--voxel %g leaves no point of the depth: without it cubes are as fine as "
                         "the depth is",
                         o->voxel);
    else
        *sparse = "no two keyframes agree on any depth";
    take_sparse(in->map, o->max_points ? o->max_points : SIZE_MAX, out);
    return OMMA_OK;
}
