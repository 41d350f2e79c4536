/* SPDX-License-Identifier: Apache-2.0 */
/* An office corridor with little to hold on to: 22 m long, 2.2 m wide, then a turn to the right. */
#include "scene_furniture.h"

#include <math.h>

#define HALF   1.1
#define HEIGHT 2.6
#define END    21.1 /* far wall of the long part */
#define LENGTH 9.0  /* right end of the short part */

static const scene_material wall = {.paint = SCENE_PLASTER, .metres = 2.3f, .gain = 0.98f};
static const scene_material dado = {
    .paint = SCENE_PLASTER, .metres = 1.9f, .gain = 0.72f, .cb = 0.05f, .cr = -0.05f};
static const scene_material trim = {.paint = SCENE_WOOD, .metres = 1.2f, .gain = 0.45f};
static const scene_material floor_cover = {.paint = SCENE_CARPET, .metres = 1.6f};
static const scene_material ceiling = {
    .paint = SCENE_TILES, .metres = 3.6f, .gain = 1.35f, .cb = 0.04f};

static scene_spot left_wall(double z)
{
    return (scene_spot){-HALF, z, -M_PI / 2};
}

static scene_spot right_wall(double z)
{
    return (scene_spot){HALF, z, M_PI / 2};
}

static scene_spot end_wall(double x)
{
    return (scene_spot){x, END, 0};
}

/* A wall from spot to both sides, its face on the spot's line; dado and trim are a little proud. */
static void put_wall(scene_world *w, scene_spot at, double length)
{
    scene_put(w, at, 0, 0, 0.1, length, HEIGHT, 0.2, &wall);
    scene_put(w, at, 0, 0, 0.095, length, 0.95, 0.2, &dado);
    scene_put(w, at, 0, 0.95, 0.09, length, 0.05, 0.2, &trim);
    scene_put(w, at, 0, 0, 0.085, length, 0.1, 0.2, &trim);
}

static void build_shell(scene_world *w)
{
    scene_add_box(w, &(scene_place){4, 0.1, 10, 11, 0.2, 24, 0}, &floor_cover);
    scene_add_box(w, &(scene_place){4, -HEIGHT - 0.1, 10, 11, 0.2, 24, 0}, &ceiling);
    put_wall(w, left_wall(10), 23);
    put_wall(w, right_wall((END - 2 * HALF - 1.5) / 2 - 0.75), END - 2 * HALF + 1.5);
    put_wall(w, end_wall(4), 11);
    put_wall(w, (scene_spot){(LENGTH + HALF) / 2 + 0.2, END - 2 * HALF, M_PI}, LENGTH - HALF - 0.4);
    put_wall(w, (scene_spot){LENGTH, END - HALF, M_PI / 2}, 3);
    put_wall(w, (scene_spot){0, -1.5, M_PI}, 3);
}

static void build_doors(scene_world *w)
{
    static const double left[] = {2.2, 6.1, 9.4, 13.6, 17.3}, right[] = {4.0, 7.7, 11.8, 15.2};
    for (int i = 0; i < 5; i++) {
        scene_put_door(w, left_wall(left[i]), 0, 0, 1.1f + 0.1f * (float)(i % 2));
        scene_put_picture(w, left_wall(left[i] + 0.75), 1.45, 0.26, 0.16, SCENE_SIGN, i % 3);
    }
    for (int i = 0; i < 4; i++) {
        scene_put_door(w, right_wall(right[i]), 0, 0, 1.15f);
        scene_put_picture(w, right_wall(right[i] - 0.75), 1.45, 0.26, 0.16, SCENE_SIGN, i % 3);
    }
    scene_put_door(w, end_wall(0), 0.1f, -0.08f, 1.0f);
    scene_put_door(w, (scene_spot){LENGTH, END - HALF, M_PI / 2}, 0, 0, 1.1f);
    scene_put_door(w, end_wall(4.6), 0, 0, 1.2f);
}

static void build_things(scene_world *w, uint32_t seed)
{
    const scene_material red = {
        .paint = SCENE_METAL, .metres = 0.6f, .gain = 0.75f, .cb = -0.12f, .cr = 0.5f};
    const scene_material cover = {.paint = SCENE_FABRIC, .metres = 0.8f, .cb = 0.12f, .cr = -0.1f};
    scene_put_picture(w, left_wall(4.1), 1.1, 1.1, 0.8, SCENE_BOARD, 0);
    scene_put_picture(w, right_wall(9.8), 1.3, 0.6, 0.8, SCENE_POSTER, 2);
    scene_put_picture(w, left_wall(15.5), 1.3, 0.8, 0.6, SCENE_POSTER, 0);
    scene_put_picture(w, end_wall(1.6), 1.3, 0.7, 0.5, SCENE_SIGN, 1);
    scene_put_picture(w, end_wall(3.1), 1.2, 0.8, 1.0, SCENE_POSTER, 6);
    scene_put_picture(w, (scene_spot){3.3, END - 2 * HALF, M_PI}, 1.2, 1.0, 0.7, SCENE_BOARD, 1);
    scene_put_picture(w, right_wall(13.4), 1.9, 0.4, 0.2, SCENE_SIGN, 0);

    scene_put_radiator(w, left_wall(11.6), 1.0);
    scene_add_cylinder(w, &(scene_place){0.97, -0.85, 5.8, 0.17, 0.5, 0.17, 0}, &red);
    scene_put_picture(w, right_wall(5.8), 1.3, 0.22, 0.22, SCENE_SIGN, 2);
    scene_put_chair(w, (scene_spot){-0.78, 7.7, -M_PI / 2}, &cover);
    scene_put_chair(w, (scene_spot){-0.78, 8.25, -M_PI / 2 + 0.15}, &cover);
    scene_put_plant(w, (scene_spot){0.75, 18.1, 0}, 1.3, seed);
    scene_put_cabinet(w, (scene_spot){2.3, END - 0.22, 0}, 0.9, 1.1, 0.4);
}

static void build_lamps(scene_world *w)
{
    const scene_material tube = {.paint = SCENE_PLASTER, .metres = 2, .gain = 1.3f, .glows = true};
    for (int i = 0; i < 7; i++) {
        double z = 1.2 + 3.1 * i;
        scene_add_box(w, &(scene_place){0, -HEIGHT + 0.03, z, 0.25, 0.06, 1.2, 0}, &tube);
        scene_add_light(w, 0, -HEIGHT + 0.1, z - 0.3, 0.4);
        scene_add_light(w, 0, -HEIGHT + 0.1, z + 0.3, 0.4);
    }
    for (int i = 0; i < 2; i++) {
        double x = 3.4 + 3.1 * i;
        scene_add_box(w, &(scene_place){x, -HEIGHT + 0.03, END - HALF, 1.2, 0.06, 0.25, 0}, &tube);
        scene_add_light(w, x, -HEIGHT + 0.1, END - HALF, 0.8);
    }
}

void scene_build_corridor(scene_world *w)
{
    uint32_t seed = scene_hash((uint32_t)w->seed, (uint32_t)(w->seed >> 32), 2);
    build_shell(w);
    build_doors(w);
    build_things(w, seed);
    build_lamps(w);
}
