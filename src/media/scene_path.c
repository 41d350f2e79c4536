/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_path.h"

#include <math.h>

#define DEGREE (M_PI / 180)
#define EYE_M  1.5 /* height of the camera */

typedef struct gaze {
    double x, y, z;          /* m; y is down */
    double yaw, pitch, roll; /* rad; to the right, downwards, clockwise */
} gaze;

/* world_from_camera = R_y(yaw) R_x(-pitch) R_z(roll) */
static omma_se3 pose_of(const gaze *g)
{
    double cy = cos(g->yaw), sy = sin(g->yaw), cp = cos(g->pitch), sp = sin(g->pitch);
    omma_se3 look = {.R = {cy, -sy * sp, sy * cp, 0, cp, sp, -sy, -cy * sp, cy * cp},
                     .t = {g->x, g->y, g->z}};
    double cr = cos(g->roll), sr = sin(g->roll);
    omma_se3 roll = {.R = {cr, -sr, 0, sr, cr, 0, 0, 0, 1}};
    return omma_se3_mul(&look, &roll);
}

/* Phase in [0, 1) of a walk that begins again after lap_s. */
static double phase_of(double time_s, double lap_s)
{
    double phase = fmod(time_s, lap_s) / lap_s;
    return phase < 0 ? phase + 1 : phase;
}

/* A sine that fits a whole number of times into a lap of lap_s, near the wished frequency. */
static double wave(double phase, double lap_s, double hertz, double offset)
{
    return sin(2 * M_PI * (round(hertz * lap_s) * phase + offset));
}

/* A hand's sway: a centimetre and half a degree, around the rhythm of breath and steps. */
static void sway(gaze *g, double phase, double lap_s, uint64_t seed)
{
    double r[6];
    for (int i = 0; i < 6; i++)
        r[i] = omma_random_unit(&seed);
    g->x += 0.007 * wave(phase, lap_s, 0.7, r[0]);
    g->y += 0.008 * wave(phase, lap_s, 1.5, r[1]) + 0.006 * wave(phase, lap_s, 0.4, r[2]);
    g->z += 0.006 * wave(phase, lap_s, 0.9, r[2]);
    g->yaw += DEGREE * (0.4 * wave(phase, lap_s, 0.8, r[3]) + 0.12 * wave(phase, lap_s, 2.3, r[0]));
    g->pitch +=
        DEGREE * (0.5 * wave(phase, lap_s, 0.7, r[4]) + 0.12 * wave(phase, lap_s, 1.9, r[1]));
    g->roll += DEGREE * 0.6 * wave(phase, lap_s, 0.6, r[5]);
}

/* An ellipse in the near half of the room, looking across it from side to side. */
omma_se3 scene_path_room(double time_s, uint64_t seed)
{
    double phase = phase_of(time_s, SCENE_ROOM_LAP_S), a = 2 * M_PI * phase;
    gaze g = {.x = 0.72 * sin(a),
              .y = -EYE_M + 0.10 * sin(a + 1),
              .z = -1.05 - 0.55 * cos(a),
              .yaw = 46 * DEGREE * sin(a + 0.6) - 4 * DEGREE,
              .pitch = DEGREE * (10 + 5 * sin(2 * a + 2))};
    sway(&g, phase, SCENE_ROOM_LAP_S, seed);
    return pose_of(&g);
}

/* Along the corridor, then right around the corner. */
static void corridor_point(double s, double *x, double *z)
{
    const double straight = 18, radius = 1.5, arc = radius * M_PI / 2, start = 0.5;
    if (s < straight) {
        *x = 0;
        *z = start + s;
    } else if (s < straight + arc) {
        double a = (s - straight) / radius;
        *x = radius - radius * cos(a);
        *z = start + straight + radius * sin(a);
    } else {
        *x = radius + s - straight - arc;
        *z = start + straight + radius;
    }
}

/* Clockwise around the square with rounded corners, from the middle of its left side. */
static const double ring_half = 3, ring_radius = 1.5;

static double ring_length(void)
{
    return 4 * (2 * (ring_half - ring_radius) + ring_radius * M_PI / 2);
}

static void ring_point(double s, double *x, double *z)
{
    const double straight = ring_half - ring_radius, arc = ring_radius * M_PI / 2;
    double quarter = 2 * straight + arc, turns = floor(s / quarter);
    s -= turns * quarter;
    double px = -ring_half, pz = s;
    if (s > straight + arc) {
        px = -ring_radius + s - straight - arc;
        pz = ring_half;
    } else if (s > straight) {
        double a = (s - straight) / ring_radius;
        px = -ring_radius - ring_radius * cos(a);
        pz = straight + ring_radius * sin(a);
    }
    for (int k = (int)turns & 3; k > 0; k--) {
        double old = px;
        px = pz;
        pz = -old;
    }
    *x = px;
    *z = pz;
}

/* Walkers look at where they will be in a second. */
static void walk(gaze *g, void (*point)(double, double *, double *), double s)
{
    double ahead_x, ahead_z;
    point(s, &g->x, &g->z);
    point(s + 1.3, &ahead_x, &ahead_z);
    g->yaw = atan2(ahead_x - g->x, ahead_z - g->z);
    g->y = -EYE_M;
}

omma_se3 scene_path_corridor(double time_s, uint64_t seed)
{
    /* there and back: a triangle wave */
    double both = phase_of(time_s, 2 * SCENE_CORRIDOR_LAP_S) * 2;
    double phase = both > 1 ? 2 - both : both;
    gaze g = {0};
    walk(&g, corridor_point, 23 * phase);
    g.x += 0.12 * sin(2 * M_PI * 3 * phase);
    g.yaw += 9 * DEGREE * sin(2 * M_PI * 5 * phase);
    g.pitch += 3 * DEGREE;
    sway(&g, phase, SCENE_CORRIDOR_LAP_S, seed);
    return pose_of(&g);
}

omma_se3 scene_path_loop(double time_s, uint64_t seed)
{
    double phase = phase_of(time_s, SCENE_LOOP_LAP_S);
    gaze g = {0};
    walk(&g, ring_point, ring_length() * phase);
    g.yaw += DEGREE * (-6 + 8 * sin(2 * M_PI * 4 * phase));
    g.pitch += DEGREE * (4 + 2 * sin(2 * M_PI * 3 * phase));
    sway(&g, phase, SCENE_LOOP_LAP_S, seed);
    return pose_of(&g);
}
