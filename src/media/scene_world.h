/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a synthetic scene is made of: shapes with textured surfaces, and light that was computed
 * once. World axes: x right, y down, z forward; the floor is y = 0 and up is negative; metres.
 *
 * A builder (scene_room.c ...) calls scene_add_* in any order; scene_world_finish makes the light;
 * from then on the world is read-only.
 */
#pragma once

#include "scene_noise.h"
#include "scene_texture.h"

typedef enum scene_kind {
    SCENE_BOX,
    SCENE_HALL,     /* a box seen from inside */
    SCENE_CYLINDER, /* its axis is the local y axis */
    SCENE_SPHERE,
} scene_kind;

/* How a texture lies on a surface, and what colour it is dyed. */
typedef struct scene_material {
    scene_paint paint;
    int variant;
    float metres;   /* width of one repetition; 0 = the picture is stretched over the face once */
    float gain;     /* brightness; 0 = 1 */
    float cb, cr;   /* dye: chroma per luma */
    bool glows;     /* own light: neither lit nor casting a shadow */
    bool turned;    /* u and v exchanged */
    float from, to; /* stretched: the part of u that is shown; 0, 0 = all */
} scene_material;

/*
 * One face. A point of it has two local coordinates p, q in metres (box: the two axes that are not
 * its normal, in the order x z y; cylinder side and sphere: angle times radius, and y or latitude
 * times radius).
 */
typedef struct scene_surface {
    const uint32_t *texels;
    float finest;     /* first level of the texture */
    float u[3], v[3]; /* level-0 texels: u = u[0] p + u[1] q + u[2] */
    float gain, cb, cr;
    float *light; /* light_p x light_q nodes, coded like sRGB; owned; NULL = glows */
    int light_p, light_q;
    float p_scale, p_offset; /* node = p_scale * p + p_offset */
    float q_scale, q_offset;
} scene_surface;

/* Faces of a box: 2 axis + (0: the low side, 1: the high side). Cylinder: side 0, caps 2 and 3.
 * Sphere: 0. */
#define SCENE_FACES 6

typedef struct scene_shape {
    scene_kind kind;
    double center[3];
    double local_from_world[9]; /* rotation */
    double half[3];             /* cylinder: radius, half height, radius; sphere: radius, 3 times */
    double radius;              /* of the ball around center that holds it */
    bool casts_shadow;
    scene_surface surface[SCENE_FACES];
} scene_shape;

typedef struct scene_light {
    double position[3];
    double power; /* at 1 m, facing it: 1 lights a white surface fully */
} scene_light;

typedef struct scene_world {
    uint64_t seed;
    scene_shape *shapes;
    size_t shape_count, shape_capacity;
    scene_texture *textures;
    size_t texture_count, texture_capacity;
    scene_light *lights;
    size_t light_count, light_capacity;
    double ambient; /* light that comes from everywhere */
    omma_error err; /* the first failure of an add; finish reports it */
} scene_world;

/** centre (x, y, z), full size, turned by yaw (rad, about y, from z to x). */
typedef struct scene_place {
    double x, y, z;
    double sx, sy, sz;
    double yaw;
} scene_place;

void scene_world_init(scene_world *w, uint64_t seed, double ambient);
/** @return index of the shape; its faces may be painted one by one until finish. */
size_t scene_add_box(scene_world *w, const scene_place *at, const scene_material *m);
size_t scene_add_hall(scene_world *w, const scene_place *at, const scene_material *m);
size_t scene_add_cylinder(scene_world *w, const scene_place *at, const scene_material *m);
size_t scene_add_sphere(scene_world *w, const scene_place *at, const scene_material *m);
/** Another material for one face. */
void scene_paint_face(scene_world *w, size_t shape, int face, const scene_material *m);
void scene_add_light(scene_world *w, double x, double y, double z, double power);
/** Computes the light on every surface. @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error scene_world_finish(scene_world *w);
void scene_world_destroy(scene_world *w);

/** scene_bake.c: fills surface->light of every surface. */
omma_error scene_bake(scene_world *w);

/* The builders of the scenes. */
void scene_build_room(scene_world *w);
void scene_build_corridor(scene_world *w);
void scene_build_loop(scene_world *w);
