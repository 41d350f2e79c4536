/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depth as COLMAP's dense workspace holds it: stereo/depth_maps/NAME.geometric.bin, "W&H&1&" and
 * then floats, row by row. Source: https://colmap.github.io/format.html, section "Dense
 * reconstruction".
 *
 * COLMAP's dense steps know ideal pinhole cameras only. Depth is therefore that of the undistorted
 * picture: each pixel of a pinhole with the same focal length, centre and size looks up where its
 * ray comes through the real lens. Without distortion this is the picture as it is.
 */
#include "depth_files.h"
#include "export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static omma_error write_map(const omma_depth_map *d, const omma_camera *camera, double scale,
                            const char *path, bool replace)
{
    omma_byte_list b = {0};
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    omma_file_printf(f, "%d&%d&1&", camera->width, camera->height);
    for (int y = 0; y < camera->height; y++) {
        b.count = 0;
        for (int x = 0; x < camera->width; x++) {
            const double ray[3] = {(x - camera->cx) / camera->fx, (y - camera->cy) / camera->fy, 1};
            double px[2];
            bool seen = omma_camera_project(camera, ray, px, NULL) && px[0] > -0.5 &&
                        px[1] > -0.5 && px[0] < camera->width - 0.5 && px[1] < camera->height - 0.5;

            omma_bytes_f32(&b, seen ? (float)(scale * depth_at(d, camera, px[0], px[1])) : 0);
        }
        omma_file_write(f, b.at, b.count);
    }
    omma_bytes_finish(&b);
    return omma_file_commit(&f);
}

static omma_error write_keyframe(const omma_map *m, size_t i, const char *folder, const char *name,
                                 const export_choice *choice)
{
    omma_map_keyframe k = omma_map_get_keyframe(m, i);
    omma_depth_map d = {0};

    if (k.submap != choice->submap)
        return OMMA_OK;
    omma_error err = omma_map_get_depth(m, i, &d);
    omma_depth_map_keep_sure(&d);
    if (!err && d.width > 0) {
        char *path = omma_text("%s/%s.geometric.bin", folder, name);

        err = write_map(&d, &k.camera, k.world_from_keyframe.s, path, choice->replace);
        free(path);
    }
    omma_depth_map_finish(&d);
    return err;
}

omma_error omma_map_write_colmap_depth(const omma_map *m, const char *folder,
                                       const omma_export_options *o)
{
    export_choice choice = export_choose(m, o);
    char *maps = omma_text("%s/stereo/depth_maps", folder);
    omma_error err = omma_make_folder(maps);
    char **names = picture_names(m);

    for (size_t i = 0; !err && i < omma_map_keyframe_count(m); i++)
        err = write_keyframe(m, i, maps, names[i], &choice);
    picture_names_free(names, m);
    free(maps);
    return err;
}
