/* SPDX-License-Identifier: Apache-2.0 */
/* A furnished living room, 6 x 5 x 2.8 m. */
#include "scene_furniture.h"

#include <math.h>

#define WIDTH  6.0
#define DEPTH  5.0
#define HEIGHT 2.8

/* Spots at the walls, looking into the room. */
static scene_spot far_wall(double x)
{
    return (scene_spot){x, DEPTH / 2, 0};
}

static scene_spot near_wall(double x)
{
    return (scene_spot){x, -DEPTH / 2, M_PI};
}

static scene_spot left_wall(double z)
{
    return (scene_spot){-WIDTH / 2, z, -M_PI / 2};
}

static scene_spot right_wall(double z)
{
    return (scene_spot){WIDTH / 2, z, M_PI / 2};
}

static scene_spot away(scene_spot wall, double distance)
{
    wall.x -= sin(wall.yaw) * distance;
    wall.z -= cos(wall.yaw) * distance;
    return wall;
}

static void build_shell(scene_world *w)
{
    const scene_material paper = {.paint = SCENE_WALLPAPER, .metres = 1.5f};
    const scene_material floor = {.paint = SCENE_PLANKS, .metres = 1.9f};
    const scene_material ceiling = {.paint = SCENE_PLASTER, .metres = 2.2f, .gain = 1.08f};
    const scene_material bricks = {.paint = SCENE_BRICKS, .metres = 1.45f};
    const scene_material skirting = {.paint = SCENE_PLASTER, .metres = 1.1f, .gain = 1.05f};
    size_t shell =
        scene_add_hall(w, &(scene_place){0, -HEIGHT / 2, 0, WIDTH, HEIGHT, DEPTH, 0}, &paper);
    scene_paint_face(w, shell, 2, &ceiling);
    scene_paint_face(w, shell, 3, &floor);
    scene_paint_face(w, shell, 1, &bricks);
    scene_put(w, away(far_wall(0), 0.01), 0, 0, 0, WIDTH, 0.09, 0.02, &skirting);
    scene_put(w, away(left_wall(0), 0.01), 0, 0, 0, DEPTH, 0.09, 0.02, &skirting);
    scene_put(w, away(right_wall(0), 0.01), 0, 0, 0, DEPTH, 0.09, 0.02, &skirting);
    scene_put(w, away(near_wall(0), 0.01), 0, 0, 0, WIDTH, 0.09, 0.02, &skirting);
}

static void build_table(scene_world *w, uint32_t seed)
{
    const scene_material seat = {.paint = SCENE_FABRIC, .metres = 0.8f, .cb = 0.12f, .cr = -0.1f};
    const scene_material rug = {.paint = SCENE_RUG};
    const scene_material clay = {
        .paint = SCENE_TILES, .metres = 0.6f, .gain = 1.2f, .cb = 0.1f, .cr = -0.08f};
    const scene_material peel = {
        .paint = SCENE_LEAVES, .metres = 0.5f, .gain = 1.6f, .cb = -0.2f, .cr = 0.25f};
    const scene_material shell = {.paint = SCENE_METAL, .metres = 0.5f, .gain = 0.6f};
    const scene_material screen = {.paint = SCENE_SCREEN, .glows = true};
    scene_spot table = {0.25, 0.95, 0.2};

    scene_put(w, (scene_spot){0.2, 0.85, 0.2}, 0, 0, 0, 2.6, 0.012, 1.9, &rug);
    scene_put_table(w, table, 1.4, 0.8, 0.74);
    scene_put_chair(w, (scene_spot){-0.25, 0.35, 2.9}, &seat);
    scene_put_chair(w, (scene_spot){0.75, 1.65, 0.35}, &seat);
    scene_put_chair(w, (scene_spot){1.35, 0.70, 1.9}, &seat);
    scene_put_pile(w, (scene_spot){-0.15, 1.1, 0.4}, 0.74, 5, seed);

    scene_spot laptop = {0.35, 0.95, 0.45};
    scene_put(w, laptop, 0, 0.74, -0.05, 0.34, 0.018, 0.24, &shell);
    size_t lid = scene_put(w, laptop, 0, 0.75, 0.08, 0.34, 0.23, 0.012, &shell);
    scene_paint_face(w, lid, 4, &screen);
    scene_add_cylinder(w, &(scene_place){0.72, -0.79, 0.7, 0.085, 0.1, 0.085, 0}, &clay);
    scene_add_cylinder(w, &(scene_place){0.62, -0.775, 1.1, 0.3, 0.07, 0.3, 0}, &clay);
    for (uint32_t i = 0; i < 4; i++) {
        double a = 1.57 * i + 0.4;
        scene_add_sphere(w,
                         &(scene_place){0.62 + 0.065 * cos(a), -0.85, 1.1 + 0.065 * sin(a), 0.085,
                                        0.085, 0.085, 0},
                         &peel);
    }
}

static void build_walls(scene_world *w, uint32_t seed)
{
    const scene_material cover = {.paint = SCENE_FABRIC, .metres = 1.1f, .cb = 0.06f, .cr = -0.07f};
    scene_put_shelf(w, away(far_wall(-1.75), 0.16), 1.5, 2.1, 6, seed);
    scene_put_picture(w, far_wall(-0.35), 1.35, 0.75, 0.55, SCENE_POSTER, 0);
    scene_put_picture(w, far_wall(0.65), 1.2, 0.6, 0.85, SCENE_POSTER, 1);
    scene_put_picture(w, far_wall(1.45), 1.45, 0.5, 0.5, SCENE_POSTER, 3);
    scene_put_cabinet(w, away(far_wall(0.55), 0.23), 1.6, 0.78, 0.42);
    scene_put_pile(w, away(far_wall(0.1), 0.22), 0.78, 4, seed + 3);
    scene_put_plant(w, away(far_wall(2.1), 0.4), 1.5, seed + 1);

    scene_put_sofa(w, away(right_wall(0.75), 0.5), 1.9, &cover);
    scene_put_picture(w, right_wall(0.75), 1.3, 1.1, 0.75, SCENE_POSTER, 2);
    scene_put_picture(w, right_wall(-0.5), 1.4, 0.5, 0.65, SCENE_POSTER, 7);
    scene_put_floor_lamp(w, away(right_wall(-0.6), 0.45));

    scene_put_window(w, left_wall(0.2), 0.85, 1.6, 1.3, true);
    scene_put_radiator(w, left_wall(0.2), 1.3);
    scene_put_picture(w, left_wall(1.85), 1.3, 0.6, 0.8, SCENE_POSTER, 4);
    scene_put_picture(w, left_wall(-1.7), 1.3, 0.8, 0.6, SCENE_POSTER, 5);
    scene_put_cabinet(w, away(left_wall(-1.65), 0.22), 1.2, 0.9, 0.4);

    scene_put_door(w, near_wall(1.6), 0, 0, 1.1f);
    scene_put_picture(w, near_wall(-0.4), 1.2, 1.2, 0.8, SCENE_BOARD, 0);
}

static void build_lights(scene_world *w)
{
    const scene_material globe = {.paint = SCENE_PLASTER, .metres = 1, .gain = 1.2f, .glows = true};
    const scene_material cord = {.paint = SCENE_METAL, .metres = 1, .gain = 0.3f};
    scene_add_sphere(w, &(scene_place){0.3, -2.25, 0.7, 0.34, 0.34, 0.34, 0}, &globe);
    scene_add_cylinder(w, &(scene_place){0.3, -2.6, 0.7, 0.02, 0.4, 0.02, 0}, &cord);
    for (int i = 0; i < 3; i++) {
        double a = 2.1 * i;
        scene_add_light(w, 0.3 + 0.16 * cos(a), -2.2, 0.7 + 0.16 * sin(a), 0.55);
    }
    for (int i = 0; i < 6; i++) /* the window, a large lamp */
        scene_add_light(w, -WIDTH / 2 + 0.1, -1.15 - 0.4 * (i % 3), -0.25 + 0.9 * (i / 3), 0.3);
    for (int i = 0; i < 2; i++)
        scene_add_light(w, 2.55, -1.45, -0.65 + 0.1 * i, 0.2);
}

void scene_build_room(scene_world *w)
{
    uint32_t seed = scene_hash((uint32_t)w->seed, (uint32_t)(w->seed >> 32), 1);
    build_shell(w);
    build_walls(w, seed);
    build_table(w, seed);
    build_lights(w);
}
