/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_furniture.h"

#include <math.h>

static const scene_material oak = {.paint = SCENE_WOOD, .metres = 0.9f};
static const scene_material walnut = {
    .paint = SCENE_WOOD, .metres = 0.8f, .gain = 0.55f, .cb = 0.02f, .cr = 0.0f};
static const scene_material white_wood = {.paint = SCENE_PLASTER, .metres = 1.1f, .gain = 1.05f};
static const scene_material steel = {.paint = SCENE_METAL, .metres = 0.5f};
static const scene_material brass = {
    .paint = SCENE_METAL, .metres = 0.5f, .gain = 1.1f, .cb = -0.18f, .cr = 0.07f};

static scene_place place(scene_spot at, double dx, double bottom, double dz, double sx, double sy,
                         double sz)
{
    double c = cos(at.yaw), s = sin(at.yaw);
    return (scene_place){.x = at.x + c * dx + s * dz,
                         .y = -(bottom + sy / 2),
                         .z = at.z - s * dx + c * dz,
                         .sx = sx,
                         .sy = sy,
                         .sz = sz,
                         .yaw = at.yaw};
}

size_t scene_put(scene_world *w, scene_spot at, double dx, double bottom, double dz, double sx,
                 double sy, double sz, const scene_material *m)
{
    scene_place p = place(at, dx, bottom, dz, sx, sy, sz);
    return scene_add_box(w, &p, m);
}

static void put_cylinder(scene_world *w, scene_spot at, double dx, double bottom, double dz,
                         double diameter, double height, const scene_material *m)
{
    scene_place p = place(at, dx, bottom, dz, diameter, height, diameter);
    scene_add_cylinder(w, &p, m);
}

static void put_ball(scene_world *w, scene_spot at, double dx, double bottom, double dz,
                     double diameter, const scene_material *m)
{
    scene_place p = place(at, dx, bottom, dz, diameter, diameter, diameter);
    scene_add_sphere(w, &p, m);
}

static void put_legs(scene_world *w, scene_spot at, double x, double z, double height, double side,
                     const scene_material *m)
{
    for (int i = 0; i < 4; i++)
        scene_put(w, at, i & 1 ? x : -x, 0, i & 2 ? z : -z, side, height, side, m);
}

void scene_put_table(scene_world *w, scene_spot at, double sx, double sz, double height)
{
    const scene_material top = {.paint = SCENE_WOOD, .metres = 1.3f, .gain = 1.15f};
    put_legs(w, at, sx / 2 - 0.07, sz / 2 - 0.07, height - 0.04, 0.06, &oak);
    scene_put(w, at, 0, height - 0.12, 0, sx - 0.16, 0.08, sz - 0.16, &oak);
    scene_put(w, at, 0, height - 0.04, 0, sx, 0.04, sz, &top);
}

void scene_put_chair(scene_world *w, scene_spot at, const scene_material *seat)
{
    put_legs(w, at, 0.19, 0.19, 0.44, 0.04, &walnut);
    scene_put(w, at, 0, 0.44, 0, 0.44, 0.05, 0.44, seat);
    scene_put(w, at, -0.19, 0.49, 0.20, 0.04, 0.45, 0.04, &walnut);
    scene_put(w, at, 0.19, 0.49, 0.20, 0.04, 0.45, 0.04, &walnut);
    scene_put(w, at, 0, 0.84, 0.20, 0.36, 0.12, 0.03, &walnut);
    scene_put(w, at, 0, 0.64, 0.20, 0.36, 0.08, 0.025, &walnut);
}

static void put_books(scene_world *w, scene_spot at, double left, double right, double bottom,
                      double room, uint32_t seed)
{
    for (uint32_t i = 0; left < right - 0.06; i++) {
        uint32_t book = scene_hash(seed, i, 77);
        double thick = 0.025 + 0.035 * scene_hash_unit(book, 1, 0);
        double high = room * (0.62 + 0.32 * scene_hash_unit(book, 2, 0));
        double deep = 0.17 + 0.06 * scene_hash_unit(book, 3, 0);
        if (scene_hash_unit(book, 4, 0) < 0.08f) { /* a gap */
            left += 0.1;
            continue;
        }
        uint32_t column = book >> 9 & 15;
        scene_material back = {.paint = SCENE_SPINES,
                               .variant = (int)(book >> 4 & 1),
                               .from = (float)column / 16 + 0.002f,
                               .to = (float)(column + 1) / 16 - 0.002f};
        scene_put(w, at, left + thick / 2, bottom, -0.13 + deep / 2, thick - 0.002, high, deep,
                  &back);
        left += thick;
    }
}

void scene_put_shelf(scene_world *w, scene_spot at, double width, double height, int boards,
                     uint32_t seed)
{
    const double deep = 0.3, thick = 0.025, gap = (height - thick) / boards;
    scene_put(w, at, -width / 2, 0, 0, thick, height, deep, &white_wood);
    scene_put(w, at, width / 2, 0, 0, thick, height, deep, &white_wood);
    scene_put(w, at, 0, 0, deep / 2 - 0.01, width, height, 0.01, &oak);
    for (int i = 0; i <= boards; i++)
        scene_put(w, at, 0, i * gap, 0, width - thick, thick, deep, &white_wood);
    for (int i = 0; i < boards; i++) {
        uint32_t board = scene_hash(seed, (uint32_t)i, 5);
        double left = -width / 2 + 0.02, right = width / 2 - 0.02, bottom = i * gap + thick;
        double end = left + (right - left) * (0.55 + 0.45 * scene_hash_unit(board, 1, 1));
        put_books(w, at, left, end, bottom, gap - thick, board);
        if (right - end > 0.3) {
            scene_material pot = {.paint = SCENE_TILES,
                                  .metres = 0.7f,
                                  .cb = 0.3f * scene_hash_unit(board, 2, 1) - 0.15f,
                                  .cr = 0.3f * scene_hash_unit(board, 3, 1) - 0.15f};
            put_cylinder(w, at, (end + right) / 2, bottom, 0, 0.14, 0.18, &pot);
        }
    }
}

void scene_put_sofa(scene_world *w, scene_spot at, double width, const scene_material *cover)
{
    scene_material dotted = {
        .paint = SCENE_FABRIC, .variant = 2, .metres = 0.7f, .cb = -0.15f, .cr = 0.2f};
    scene_material chequered = {.paint = SCENE_FABRIC, .variant = 1, .metres = 0.6f, .gain = 1.3f};
    scene_put(w, at, 0, 0.08, 0, width, 0.34, 0.85, cover);
    scene_put(w, at, 0, 0.42, 0.32, width - 0.3, 0.42, 0.22, cover);
    for (int side = -1; side <= 1; side += 2) {
        scene_put(w, at, side * (width / 2 - 0.08), 0.42, 0, 0.17, 0.18, 0.85, cover);
        scene_put(w, at, side * (width - 0.36) / 4, 0.42, -0.08, (width - 0.4) / 2, 0.09, 0.62,
                  cover);
    }
    scene_spot tilted = at;
    tilted.yaw += 0.3;
    scene_put(w, tilted, -width / 4, 0.51, 0.05, 0.38, 0.36, 0.12, &dotted);
    tilted.yaw -= 0.7;
    scene_put(w, tilted, width / 4, 0.51, 0.0, 0.36, 0.34, 0.12, &chequered);
}

void scene_put_plant(scene_world *w, scene_spot at, double height, uint32_t seed)
{
    const scene_material pot = {
        .paint = SCENE_BRICKS, .metres = 1.7f, .gain = 0.9f, .cb = -0.05f, .cr = 0.1f};
    const scene_material leaves = {.paint = SCENE_LEAVES, .metres = 0.6f};
    put_cylinder(w, at, 0, 0, 0, 0.36, 0.34, &pot);
    put_cylinder(w, at, 0, 0.34, 0, 0.05, height - 0.6, &walnut);
    for (uint32_t i = 0; i < 7; i++) {
        double size = 0.22 + 0.22 * scene_hash_unit(seed, i, 1);
        double angle = 6.28 * scene_hash_unit(seed, i, 2), away = 0.2 * scene_hash_unit(seed, i, 3);
        double bottom = 0.45 + (height - 0.45 - size) * (double)i / 6;
        put_ball(w, at, away * cos(angle), bottom, away * sin(angle), size, &leaves);
    }
}

void scene_put_floor_lamp(scene_world *w, scene_spot at)
{
    const scene_material shade = {.paint = SCENE_FABRIC,
                                  .metres = 0.8f,
                                  .gain = 1.5f,
                                  .cb = -0.12f,
                                  .cr = 0.03f,
                                  .glows = true};
    put_cylinder(w, at, 0, 0, 0, 0.3, 0.03, &brass);
    put_cylinder(w, at, 0, 0.03, 0, 0.03, 1.4, &brass);
    put_cylinder(w, at, 0, 1.35, 0, 0.36, 0.3, &shade);
}

void scene_put_cabinet(scene_world *w, scene_spot at, double sx, double sy, double sz)
{
    const scene_material front = {
        .paint = SCENE_WOOD, .metres = 0.7f, .turned = true, .gain = 0.9f};
    scene_put(w, at, 0, 0.06, 0, sx, sy - 0.06, sz, &oak);
    scene_put(w, at, 0, 0, 0.02, sx - 0.1, 0.06, sz - 0.1, &walnut);
    int doors = (int)fmax(1, floor(sx / 0.45));
    double each = sx / doors;
    for (int i = 0; i < doors; i++) {
        double x = -sx / 2 + (i + 0.5) * each;
        scene_put(w, at, x, 0.1, -sz / 2 - 0.008, each - 0.03, sy - 0.16, 0.016, &front);
        scene_put(w, at, x + (i & 1 ? -1 : 1) * (each / 2 - 0.06), sy * 0.5, -sz / 2 - 0.03, 0.015,
                  0.12, 0.025, &brass);
    }
}

void scene_put_radiator(scene_world *w, scene_spot at, double width)
{
    const scene_material paint = {.paint = SCENE_METAL, .metres = 1.5f, .gain = 1.5f};
    int ribs = (int)(width / 0.08);
    for (int i = 0; i < ribs; i++)
        scene_put(w, at, -width / 2 + 0.08 * (i + 0.5), 0.15, -0.06, 0.055, 0.6, 0.1, &paint);
    scene_put(w, at, 0, 0.2, -0.06, width, 0.04, 0.04, &paint);
    scene_put(w, at, 0, 0.66, -0.06, width, 0.04, 0.04, &paint);
}

void scene_put_pile(scene_world *w, scene_spot at, double bottom, int books, uint32_t seed)
{
    for (int i = 0; i < books; i++) {
        uint32_t book = scene_hash(seed, (uint32_t)i, 31);
        double thick = 0.02 + 0.025 * scene_hash_unit(book, 1, 1);
        scene_material cover = {.paint = SCENE_POSTER, .variant = (int)(4 + book % 6)};
        scene_spot turned = at;
        turned.yaw += 0.8 * scene_hash_unit(book, 2, 1) - 0.4;
        scene_put(w, turned, 0, bottom, 0, 0.2 + 0.05 * scene_hash_unit(book, 3, 1), thick - 0.001,
                  0.26, &cover);
        bottom += thick;
    }
}

void scene_put_picture(scene_world *w, scene_spot at, double bottom, double sx, double sy,
                       scene_paint paint, int variant)
{
    const scene_material canvas = {.paint = paint, .variant = variant};
    const scene_material *frame = variant & 1 ? &walnut : paint == SCENE_SIGN ? &steel : &brass;
    scene_put(w, at, 0, bottom, -0.012, sx, sy, 0.024, frame);
    scene_put(w, at, 0, bottom + 0.03, -0.02, sx - 0.06, sy - 0.06, 0.016, &canvas);
}

void scene_put_door(scene_world *w, scene_spot at, float cb, float cr, float gain)
{
    const scene_material leaf = {.paint = SCENE_DOOR, .gain = gain, .cb = cb, .cr = cr};
    const scene_material *frame = &white_wood;
    scene_put(w, at, 0, 0, -0.02, 0.9, 2.05, 0.04, &leaf);
    scene_put(w, at, -0.5, 0, -0.04, 0.1, 2.15, 0.08, frame);
    scene_put(w, at, 0.5, 0, -0.04, 0.1, 2.15, 0.08, frame);
    scene_put(w, at, 0, 2.05, -0.04, 0.9, 0.1, 0.08, frame);
}

void scene_put_window(scene_world *w, scene_spot at, double bottom, double sx, double sy,
                      bool curtains)
{
    const scene_material view = {.paint = SCENE_WINDOW, .glows = true};
    const scene_material cloth = {
        .paint = SCENE_FABRIC, .metres = 0.9f, .gain = 1.25f, .cb = -0.04f, .cr = 0.08f};
    scene_put(w, at, 0, bottom, -0.01, sx, sy, 0.02, &view);
    for (int side = -1; side <= 1; side += 2)
        scene_put(w, at, side * (sx / 2 + 0.04), bottom, -0.03, 0.08, sy, 0.06, &white_wood);
    scene_put(w, at, 0, bottom - 0.05, -0.09, sx + 0.3, 0.05, 0.18, &white_wood);
    scene_put(w, at, 0, bottom + sy, -0.03, sx + 0.16, 0.08, 0.06, &white_wood);
    if (!curtains)
        return;
    scene_put(w, at, 0, bottom + sy + 0.12, -0.12, sx + 0.9, 0.03, 0.03, &brass);
    for (int side = -1; side <= 1; side += 2)
        for (int fold = 0; fold < 4; fold++)
            scene_put(w, at, side * (sx / 2 + 0.08 + 0.085 * fold), 0.1, fold & 1 ? -0.14 : -0.11,
                      0.082, bottom + sy, 0.05, &cloth);
}
