/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nerfstudio's transforms.json. Camera axes there are OpenGL's (x right, y up, z back), so the
 * second and third column of world_from_camera change sign; the world stays as it is. The pixel
 * origin is COLMAP's. Source: https://docs.nerf.studio/quickstart/data_conventions.html.
 */
#include "export.h"

#include <string.h>

typedef struct output {
    omma_file *f;
    bool shared_camera; /* one camera at the top instead of one in every frame */
} output;

static void put_camera(omma_file *f, const omma_camera *c, const char *indent)
{
    const double *k = c->k;

    omma_file_printf(f,
                     "%s\"w\": %d,\n%s\"h\": %d,\n"
                     "%s\"fl_x\": %.17g,\n%s\"fl_y\": %.17g,\n"
                     "%s\"cx\": %.17g,\n%s\"cy\": %.17g,\n"
                     "%s\"k1\": %.17g,\n%s\"k2\": %.17g,\n",
                     indent, c->width, indent, c->height, indent, c->fx, indent, c->fy, indent,
                     c->cx + 0.5, indent, c->cy + 0.5, indent, k[0], indent, k[1]);
    if (c->model == OMMA_CAMERA_FISHEYE)
        omma_file_printf(f, "%s\"k3\": %.17g,\n%s\"k4\": %.17g,\n", indent, k[2], indent, k[3]);
    else
        omma_file_printf(f, "%s\"k3\": %.17g,\n%s\"p1\": %.17g,\n%s\"p2\": %.17g,\n", indent, k[4],
                         indent, k[2], indent, k[3]);
}

static void put_matrix(omma_file *f, const omma_sim3 *world_from_keyframe)
{
    const double *R = world_from_keyframe->R, *t = world_from_keyframe->t;

    omma_file_printf(f, "      \"transform_matrix\": [\n");
    for (int i = 0; i < 3; i++)
        omma_file_printf(f, "        [%.17g, %.17g, %.17g, %.17g],\n", R[3 * i] + 0.0,
                         0.0 - R[3 * i + 1], 0.0 - R[3 * i + 2], t[i] + 0.0); /* no "-0" */
    omma_file_printf(f, "        [0, 0, 0, 1]\n      ]\n");
}

static void put_frame(const output *o, const omma_map_keyframe *k, const char *name, bool first)
{
    char time[TIME_TEXT_BYTES];

    omma_file_printf(o->f, "%s    {\n      \"file_path\": \"images/%s\",\n", first ? "" : ",\n",
                     name);
    omma_file_printf(o->f, "      \"time_s\": %s,\n", time_text(k->time_ns, time));
    if (!o->shared_camera)
        put_camera(o->f, &k->camera, "      ");
    put_matrix(o->f, &k->world_from_keyframe);
    omma_file_printf(o->f, "    }");
}

static bool is_same_camera(const omma_camera *a, const omma_camera *b)
{
    return a->width == b->width && a->height == b->height && a->fx == b->fx && a->fy == b->fy &&
           a->cx == b->cx && a->cy == b->cy && memcmp(a->k, b->k, sizeof a->k) == 0;
}

/* The first keyframe of the submap, and whether all others share its camera. */
static bool find_first(const omma_map *m, uint32_t submap, omma_map_keyframe *first, bool *shared)
{
    bool found = false;

    *shared = true;
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        if (k.submap != submap)
            continue;
        if (!found)
            *first = k;
        else if (!is_same_camera(&first->camera, &k.camera))
            *shared = false;
        found = true;
    }
    return found;
}

static void put_head(const output *o, const omma_map *m, const omma_map_keyframe *first)
{
    omma_file_printf(o->f,
                     "{\n"
                     "  \"omma\": {\n"
                     "    \"version\": \"%s\",\n"
                     "    \"transform_matrix\": \"world_from_camera (camera to world)\",\n"
                     "    \"camera_axes\": \"OpenGL: x right, y up, z back\",\n"
                     "    \"world_axes\": \"as in trajectory and point cloud: nothing applied\",\n"
                     "    \"pixel_origin\": \"(0.5, 0.5) is the centre of the top-left pixel\",\n"
                     "    \"unit\": \"%s\"\n"
                     "  },\n",
                     omma_version(), omma_map_unit(m));
    omma_file_printf(o->f, "  \"camera_model\": \"%s\",\n",
                     first && first->camera.model == OMMA_CAMERA_FISHEYE ? "OPENCV_FISHEYE"
                                                                         : "OPENCV");
    if (first && o->shared_camera)
        put_camera(o->f, &first->camera, "  ");
}

omma_error omma_map_write_transforms(const omma_map *m, const char *path,
                                     const omma_export_options *options)
{
    export_choice choice = export_choose(m, options);
    omma_map_keyframe first;
    output o;
    bool found = find_first(m, choice.submap, &first, &o.shared_camera), wrote = false;
    omma_error err = omma_file_create(&o.f, path, choice.replace);
    plain_numbers plain;

    if (err)
        return err;
    plain_numbers_begin(&plain);
    char **names = picture_names(m);

    put_head(&o, m, found ? &first : NULL);
    omma_file_printf(o.f, "  \"frames\": [\n");
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        if (k.submap != choice.submap)
            continue;
        put_frame(&o, &k, names[i], !wrote);
        wrote = true;
    }
    omma_file_printf(o.f, "\n  ]\n}\n");
    picture_names_free(names, m);
    plain_numbers_end(&plain);
    return omma_file_commit(&o.f);
}
