/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void scene_world_init(scene_world *w, uint64_t seed, double ambient)
{
    *w = (scene_world){.seed = seed, .ambient = ambient};
}

void scene_world_destroy(scene_world *w)
{
    for (size_t i = 0; i < w->shape_count; i++)
        for (int f = 0; f < SCENE_FACES; f++)
            free(w->shapes[i].surface[f].light);
    for (size_t i = 0; i < w->texture_count; i++)
        free(w->textures[i].texels);
    free(w->shapes);
    free(w->textures);
    free(w->lights);
    memset(w, 0, sizeof *w);
}

/* Textures are painted when first asked for, and shared. */
static const scene_texture *texture_of(scene_world *w, scene_paint paint, int variant)
{
    for (size_t i = 0; i < w->texture_count; i++)
        if (w->textures[i].paint == paint && w->textures[i].variant == variant)
            return &w->textures[i];

    scene_texture texture = {0};
    omma_error err = scene_texture_create(&texture, paint, variant, w->seed);
    if (err) {
        w->err = w->err ? w->err : err;
        return NULL;
    }
    omma_grow((void **)&w->textures, &w->texture_capacity, w->texture_count + 1,
              sizeof *w->textures);
    w->textures[w->texture_count++] = texture;
    return &w->textures[w->texture_count - 1];
}

/* Full extents of a face's local coordinates p and q. */
static void face_extent(const scene_shape *s, int face, double extent[2])
{
    static const int axes[3][2] = {{2, 1}, {0, 2}, {0, 1}};
    int axis = face / 2;
    extent[0] = 2 * s->half[axes[axis][0]];
    extent[1] = 2 * s->half[axes[axis][1]];
    if (axis != 1 && s->kind == SCENE_CYLINDER)
        extent[0] = 2 * M_PI * s->half[0];
    if (s->kind == SCENE_SPHERE) {
        extent[0] = 2 * M_PI * s->half[0];
        extent[1] = M_PI * s->half[0];
    }
}

/* Whether p runs to the left for somebody who looks at the face: pictures would be mirrored. */
static bool face_is_mirrored(const scene_shape *s, int face)
{
    static const bool from_outside[SCENE_FACES] = {true, false, false, true, false, true};
    return s->kind == SCENE_HALL ? !from_outside[face] : from_outside[face];
}

static void map_stretched(scene_surface *f, const scene_material *m, const double extent[2],
                          bool mirrored)
{
    const double size = SCENE_TEXTURE_SIZE;
    double from = m->from, to = m->to > m->from ? m->to : 1;
    int a = m->turned ? 1 : 0;
    double du = (to - from) * size / extent[a], dv = size / extent[1 - a];
    double direction = mirrored ? -1 : 1;
    f->u[a] = (float)(direction * du);
    f->u[2] = (float)((from + to) / 2 * size);
    f->v[1 - a] = (float)dv;
    f->v[2] = (float)(size / 2);
}

/* Each face starts somewhere else in the texture, so that neighbours do not look alike. */
static void map_repeated(scene_surface *f, const scene_material *m, uint32_t number)
{
    const float size = SCENE_TEXTURE_SIZE;
    int a = m->turned ? 1 : 0;
    f->u[a] = size / m->metres;
    f->v[1 - a] = size / m->metres;
    f->u[2] = size * scene_hash_unit(number, 1, 91);
    f->v[2] = size * scene_hash_unit(number, 2, 91);
}

void scene_paint_face(scene_world *w, size_t shape, int face, const scene_material *m)
{
    scene_shape *s = &w->shapes[shape];
    scene_surface *f = &s->surface[face];
    double extent[2];
    face_extent(s, face, extent);

    const scene_texture *t = texture_of(w, m->paint, m->variant);
    *f = (scene_surface){.texels = t ? t->texels : NULL,
                         .finest = t ? (float)t->finest : 0,
                         .gain = m->gain > 0 ? m->gain : 1,
                         .cb = m->cb,
                         .cr = m->cr};
    if (m->metres > 0)
        map_repeated(f, m, (uint32_t)shape * SCENE_FACES + (uint32_t)face);
    else
        map_stretched(f, m, extent, face_is_mirrored(s, face));
    if (m->glows)
        return;

    const double spacing = 0.15; /* m between nodes of light */
    f->light_p = (int)fmin(fmax(ceil(extent[0] / spacing) + 1, 2), 200);
    f->light_q = (int)fmin(fmax(ceil(extent[1] / spacing) + 1, 2), 200);
    f->p_scale = (float)((f->light_p - 1) / extent[0]);
    f->q_scale = (float)((f->light_q - 1) / extent[1]);
    f->p_offset = (float)(f->light_p - 1) / 2;
    f->q_offset = (float)(f->light_q - 1) / 2;
}

static size_t add_shape(scene_world *w, scene_kind kind, const scene_place *at,
                        const scene_material *m)
{
    omma_grow((void **)&w->shapes, &w->shape_capacity, w->shape_count + 1, sizeof *w->shapes);
    size_t i = w->shape_count++;
    double c = cos(at->yaw), s = sin(at->yaw);
    w->shapes[i] = (scene_shape){
        .kind = kind,
        .center = {at->x, at->y, at->z},
        .local_from_world = {c, 0, -s, 0, 1, 0, s, 0, c},
        .half = {at->sx / 2, at->sy / 2, at->sz / 2},
        .radius = sqrt(at->sx * at->sx + at->sy * at->sy + at->sz * at->sz) / 2,
    };
    /* what is smaller than a book would only cost time */
    w->shapes[i].casts_shadow = kind != SCENE_HALL && !m->glows && w->shapes[i].radius > 0.19;
    for (int face = 0; face < SCENE_FACES; face++)
        scene_paint_face(w, i, face, m);
    return i;
}

size_t scene_add_box(scene_world *w, const scene_place *at, const scene_material *m)
{
    return add_shape(w, SCENE_BOX, at, m);
}

size_t scene_add_hall(scene_world *w, const scene_place *at, const scene_material *m)
{
    return add_shape(w, SCENE_HALL, at, m);
}

size_t scene_add_cylinder(scene_world *w, const scene_place *at, const scene_material *m)
{
    return add_shape(w, SCENE_CYLINDER, at, m);
}

size_t scene_add_sphere(scene_world *w, const scene_place *at, const scene_material *m)
{
    return add_shape(w, SCENE_SPHERE, at, m);
}

void scene_add_light(scene_world *w, double x, double y, double z, double power)
{
    omma_grow((void **)&w->lights, &w->light_capacity, w->light_count + 1, sizeof *w->lights);
    w->lights[w->light_count++] = (scene_light){{x, y, z}, power};
}

omma_error scene_world_finish(scene_world *w)
{
    return w->err ? w->err : scene_bake(w);
}
