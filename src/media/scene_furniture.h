/* SPDX-License-Identifier: Apache-2.0 */
/** Things that stand in synthetic rooms. Each is put on the floor at (x, z) and turned by yaw; its
 * front looks along its local -z. */
#pragma once

#include "scene_world.h"

typedef struct scene_spot {
    double x, z, yaw;
} scene_spot;

/** A box of a piece of furniture: centre (dx, dz) and bottom in the spot's frame. @return its
 * shape. */
size_t scene_put(scene_world *w, scene_spot at, double dx, double bottom, double dz, double sx,
                 double sy, double sz, const scene_material *m);

void scene_put_table(scene_world *w, scene_spot at, double sx, double sz, double height);
void scene_put_chair(scene_world *w, scene_spot at, const scene_material *seat);
void scene_put_shelf(scene_world *w, scene_spot at, double width, double height, int boards,
                     uint32_t seed);
void scene_put_sofa(scene_world *w, scene_spot at, double width, const scene_material *cover);
void scene_put_plant(scene_world *w, scene_spot at, double height, uint32_t seed);
void scene_put_floor_lamp(scene_world *w, scene_spot at);
void scene_put_cabinet(scene_world *w, scene_spot at, double sx, double sy, double sz);
void scene_put_radiator(scene_world *w, scene_spot at, double width);
/** Books lying on each other at a height. */
void scene_put_pile(scene_world *w, scene_spot at, double bottom, int books, uint32_t seed);
/** Flat things on a wall, whose back is the spot: picture in a frame, door in its frame, window. */
void scene_put_picture(scene_world *w, scene_spot at, double bottom, double sx, double sy,
                       scene_paint paint, int variant);
void scene_put_door(scene_world *w, scene_spot at, float cb, float cr, float gain);
void scene_put_window(scene_world *w, scene_spot at, double bottom, double sx, double sy,
                      bool curtains);
