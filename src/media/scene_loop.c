/* SPDX-License-Identifier: Apache-2.0 */
/* Four rooms in a ring around a square core, with wide openings between them: the walk ends where
 * it began. Each room has its own walls, floor and things. */
#include "scene_furniture.h"

#include <math.h>

#define OUTER  4.3 /* half width of the whole */
#define CORE   1.6 /* half width of the core */
#define HEIGHT 2.8

/* Quarter k of the ring, turned clockwise from the left one: spots on the wall outside (facing in)
 * and on the core (facing out); along runs clockwise from the middle of the side. */
static scene_spot turned(double x, double z, double yaw, int k)
{
    for (int i = 0; i < k; i++) {
        double old = x;
        x = z;
        z = -old;
    }
    return (scene_spot){x, z, yaw + k * M_PI / 2};
}

static scene_spot outside(int k, double along, double distance)
{
    return turned(-OUTER + distance, along, -M_PI / 2, k);
}

static scene_spot core(int k, double along, double distance)
{
    return turned(-CORE - distance, along, M_PI / 2, k);
}

static void build_shell(scene_world *w)
{
    static const scene_material walls[4] = {{.paint = SCENE_WALLPAPER, .metres = 1.5f},
                                            {.paint = SCENE_BRICKS, .metres = 1.5f},
                                            {.paint = SCENE_PLASTER, .metres = 2, .gain = 0.95f},
                                            {.paint = SCENE_WOOD, .metres = 1.2f, .turned = true}};
    const scene_material floor = {.paint = SCENE_PLANKS, .metres = 2};
    const scene_material ceiling = {.paint = SCENE_PLASTER, .metres = 2.1f, .gain = 1.08f};
    const scene_material tiles = {.paint = SCENE_TILES, .variant = 1, .metres = 2};
    const scene_material carpet = {
        .paint = SCENE_CARPET, .metres = 1.7f, .gain = 1.1f, .cb = -0.05f, .cr = 0.12f};
    /* faces of the hall: 0 left, 1 right, 4 near, 5 far */
    static const int face_of[4] = {0, 5, 1, 4};

    size_t hall = scene_add_hall(
        w, &(scene_place){0, -HEIGHT / 2, 0, 2 * OUTER, HEIGHT, 2 * OUTER, 0}, &floor);
    scene_paint_face(w, hall, 2, &ceiling);
    size_t middle = scene_add_box(
        w, &(scene_place){0, -HEIGHT / 2, 0, 2 * CORE, HEIGHT, 2 * CORE, 0}, &walls[2]);
    for (int k = 0; k < 4; k++) {
        scene_paint_face(w, hall, face_of[k], &walls[k]);
        scene_paint_face(w, middle, face_of[k], &walls[(k + 1) % 4]);
    }
    /* two of the rooms have another floor, a centimetre proud */
    scene_add_box(w, &(scene_place){0, -0.005, 2.95, 2 * CORE, 0.01, 2.7, 0}, &tiles);
    scene_add_box(w, &(scene_place){0, -0.005, -2.95, 2 * CORE, 0.01, 2.7, 0}, &carpet);
}

/* The wall between two rooms stands across the ring at a corner's start; the way through is 1.5 m.
 */
static void build_openings(scene_world *w)
{
    const scene_material plaster = {.paint = SCENE_PLASTER, .metres = 1.8f, .gain = 0.9f};
    const scene_material post = {.paint = SCENE_WOOD, .metres = 1.0f, .gain = 0.8f, .turned = true};
    for (int k = 0; k < 4; k++) {
        scene_spot at = turned(-(OUTER + CORE) / 2, -0.95, 0, k);
        double side = (OUTER - CORE - 1.5) / 2, x = 0.75 + side / 2;
        scene_put(w, at, -x, 0, 0, side, HEIGHT, 0.14, &plaster);
        scene_put(w, at, x, 0, 0, side, HEIGHT, 0.14, &plaster);
        scene_put(w, at, 0, 2.2, 0, 1.5, HEIGHT - 2.2, 0.14, &plaster);
        scene_put(w, at, -0.72, 0, 0, 0.06, 2.2, 0.2, &post);
        scene_put(w, at, 0.72, 0, 0, 0.06, 2.2, 0.2, &post);
        scene_put(w, at, 0, 2.14, 0, 1.4, 0.06, 0.2, &post);
    }
}

static void build_left(scene_world *w, uint32_t seed)
{
    scene_put_shelf(w, outside(0, 0.75, 0.16), 1.4, 2.0, 5, seed);
    scene_put_picture(w, outside(0, -0.35, 0), 1.3, 0.5, 0.7, SCENE_POSTER, 0);
    scene_put_picture(w, core(0, 0.2, 0), 1.25, 0.9, 0.7, SCENE_POSTER, 1);
    scene_put_picture(w, outside(0, 2.6, 0), 1.2, 0.9, 0.7, SCENE_POSTER, 2);
    scene_put_plant(w, outside(0, 3.7, 0.5), 1.6, seed);
    scene_put_cabinet(w, core(0, 0.3, 0.2), 1.1, 0.75, 0.34);
    scene_put_picture(w, outside(0, -2.4, 0), 1.3, 1.0, 0.7, SCENE_POSTER, 3);
    scene_put_picture(w, outside(0, -3.5, 0), 1.2, 0.5, 0.9, SCENE_POSTER, 9);
}

static void build_far(scene_world *w, uint32_t seed)
{
    scene_put_picture(w, outside(1, -2.6, 0), 1.1, 0.8, 1.1, SCENE_POSTER, 10);
    scene_put_window(w, outside(1, 0.5, 0), 0.9, 1.5, 1.2, true);
    scene_put_radiator(w, outside(1, 0.5, 0), 1.2);
    scene_put_picture(w, core(1, -0.5, 0), 1.2, 0.8, 0.9, SCENE_BOARD, 0);
    scene_put_picture(w, core(1, 0.8, 0), 1.4, 0.5, 0.5, SCENE_POSTER, 5);
    scene_put_table(w, outside(1, 2.9, 0.45), 1.2, 0.6, 0.74);
    scene_put_pile(w, outside(1, 2.6, 0.4), 0.74, 5, seed);
    scene_put_pile(w, outside(1, 3.2, 0.45), 0.74, 3, seed + 1);
    scene_put_picture(w, outside(1, 2.9, 0), 1.3, 0.7, 0.5, SCENE_POSTER, 4);
}

static void build_right(scene_world *w, uint32_t seed)
{
    const scene_material cover = {
        .paint = SCENE_FABRIC, .metres = 1.1f, .gain = 0.9f, .cb = -0.1f, .cr = 0.12f};
    scene_put_picture(w, outside(2, -3.2, 0), 1.3, 0.7, 0.5, SCENE_POSTER, 11);
    scene_put_picture(w, outside(2, -2.2, 0), 1.1, 0.7, 1.0, SCENE_POSTER, 12);
    scene_put_shelf(w, outside(2, -3.2, 0.16), 0.9, 0.9, 2, seed + 4);
    scene_put_sofa(w, outside(2, 0.4, 0.5), 1.7, &cover);
    scene_put_picture(w, outside(2, 0.4, 0), 1.3, 1.1, 0.75, SCENE_POSTER, 6);
    scene_put_picture(w, core(2, 0.1, 0), 1.3, 0.7, 0.9, SCENE_POSTER, 7);
    scene_put_floor_lamp(w, outside(2, 1.7, 0.4));
    scene_put_picture(w, outside(2, 2.8, 0), 1.2, 0.8, 1.0, SCENE_POSTER, 8);
    scene_put_plant(w, outside(2, 3.8, 0.45), 1.4, seed + 2);
}

static void build_near(scene_world *w, uint32_t seed)
{
    const scene_material seat = {.paint = SCENE_FABRIC, .metres = 0.8f, .cb = 0.12f, .cr = -0.1f};
    scene_put_picture(w, outside(3, -3.3, 0), 1.2, 0.9, 0.9, SCENE_POSTER, 13);
    scene_put_picture(w, outside(3, -2.1, 0), 1.4, 0.7, 0.5, SCENE_POSTER, 4);
    scene_put_door(w, outside(3, 0.3, 0), 0, 0, 1.1f);
    scene_put_picture(w, outside(3, -0.5, 0), 1.4, 0.4, 0.25, SCENE_SIGN, 0);
    scene_put_shelf(w, core(3, 0.3, 0.16), 1.3, 1.9, 5, seed + 9);
    scene_put_chair(w, outside(3, 1.4, 0.4), &seat);
    scene_put_picture(w, outside(3, 2.7, 0), 1.2, 1.1, 0.8, SCENE_BOARD, 1);
    scene_put_cabinet(w, outside(3, 3.3, 0.25), 1.2, 0.9, 0.4);
}

static void build_lamps(scene_world *w)
{
    const scene_material globe = {.paint = SCENE_PLASTER, .metres = 1, .gain = 1.2f, .glows = true};
    const double middle = (OUTER + CORE) / 2;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 2; i++) { /* in the middle of a side and at the corner */
            scene_spot at = turned(-middle, i * middle, 0, k);
            scene_add_sphere(w, &(scene_place){at.x, -2.5, at.z, 0.3, 0.3, 0.3, 0}, &globe);
            scene_add_light(w, at.x + 0.1, -2.4, at.z, 0.45);
            scene_add_light(w, at.x - 0.1, -2.4, at.z + 0.1, 0.45);
        }
}

void scene_build_loop(scene_world *w)
{
    uint32_t seed = scene_hash((uint32_t)w->seed, (uint32_t)(w->seed >> 32), 3);
    build_shell(w);
    build_openings(w);
    build_left(w, seed);
    build_far(w, seed);
    build_right(w, seed);
    build_near(w, seed);
    build_lamps(w);
}
