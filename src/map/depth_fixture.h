/* SPDX-License-Identifier: Apache-2.0 */
/** For the tests: exact depth maps of a sphere and a box around the origin, from cameras all
 * around, and what a mesh measures. */
#pragma once

#include "mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum fixture_shape {
    FIXTURE_SPHERE, /* radius 1 */
    FIXTURE_BOX,    /* 2 x 1.6 x 1.2 */
} fixture_shape;

static const double fixture_half[3] = {1, 0.8, 0.6};

static const omma_camera fixture_camera = {
    .model = OMMA_CAMERA_PINHOLE,
    .width = 320,
    .height = 240,
    .fx = 260,
    .fy = 260,
    .cx = 159.5,
    .cy = 119.5,
};

/* world_from_camera at this place, looking at the origin. */
static inline omma_sim3 fixture_look(double x, double y, double z, double scale)
{
    omma_sim3 T = {.t = {x, y, z}, .s = scale};
    double length = sqrt(x * x + y * y + z * z), f[3] = {-x / length, -y / length, -z / length};
    double up[3] = {0, fabs(f[1]) < 0.9, fabs(f[1]) >= 0.9};
    double r[3] = {up[1] * f[2] - up[2] * f[1], up[2] * f[0] - up[0] * f[2],
                   up[0] * f[1] - up[1] * f[0]};
    double n = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);

    for (int k = 0; k < 3; k++)
        r[k] /= n;
    double d[3] = {f[1] * r[2] - f[2] * r[1], f[2] * r[0] - f[0] * r[2], f[0] * r[1] - f[1] * r[0]};

    for (int k = 0; k < 3; k++) {
        T.R[3 * k] = r[k];
        T.R[3 * k + 1] = d[k];
        T.R[3 * k + 2] = f[k];
    }
    return T;
}

/* The k-th of n cameras, evenly around (the golden spiral). */
static inline omma_sim3 fixture_pose(int k, int n, double distance, double scale)
{
    double h = 1 - (2 * k + 1.0) / n, r = sqrt(1 - h * h), angle = 2.399963 * k;

    return fixture_look(distance * r * cos(angle), distance * h, distance * r * sin(angle), scale);
}

/* How far along direction from a place the shape begins; 0 = never. */
static inline double fixture_cast(fixture_shape shape, const double o[3], const double d[3])
{
    double near = 0, far = 1e30;

    if (shape == FIXTURE_SPHERE) {
        double a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        double b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2];
        double c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1, root = b * b - a * c;

        return root < 0 ? 0 : fmax(0, (-b - sqrt(root)) / a);
    }
    for (int k = 0; k < 3; k++) {
        double t = (-fixture_half[k] - o[k]) / d[k], u = (fixture_half[k] - o[k]) / d[k];

        near = fmax(near, fmin(t, u));
        far = fmin(far, fmax(t, u));
    }
    return near < far ? near : 0;
}

/* Given: omma_depth_map_finish. The depth is in units of the camera (world / scale). */
static inline omma_depth_map fixture_depth(fixture_shape shape, const omma_camera *camera,
                                           const omma_sim3 *T, int width, int height, float error)
{
    size_t n = (size_t)width * height;
    omma_depth_map d = {width, height, calloc(n, sizeof(float)), calloc(n, sizeof(float)),
                        calloc(n, 3)};

    for (size_t i = 0; i < n; i++) {
        double px[2] = {((double)(i % width) + 0.5) * camera->width / width - 0.5,
                        ((double)(i / width) + 0.5) * camera->height / height - 0.5};
        double xy[2], way[3];

        memcpy(d.rgb + 3 * i, (const uint8_t[3]){200, 100, 50}, 3);
        if (!omma_camera_unproject(camera, px, xy))
            continue;
        for (int k = 0; k < 3; k++)
            way[k] = T->R[3 * k] * xy[0] + T->R[3 * k + 1] * xy[1] + T->R[3 * k + 2];
        d.depth[i] = (float)(fixture_cast(shape, T->t, way) / T->s);
        d.error[i] = d.depth[i] > 0 ? error : 0;
    }
    return d;
}

/* Distance of a place from the shape's surface. */
static inline double fixture_distance(fixture_shape shape, const float p[3])
{
    double outside = 0, inside = -1e30;

    if (shape == FIXTURE_SPHERE)
        return sqrt((double)p[0] * p[0] + (double)p[1] * p[1] + (double)p[2] * p[2]) - 1;
    for (int k = 0; k < 3; k++) {
        double d = fabs((double)p[k]) - fixture_half[k];

        inside = fmax(inside, d);
        if (d > 0)
            outside += d * d;
    }
    return inside > 0 ? sqrt(outside) : inside;
}

static inline double fixture_largest_distance(fixture_shape shape, const omma_mesh *m)
{
    double worst = 0;

    for (size_t i = 0; i < m->vertex_count; i++)
        worst = fmax(worst, fabs(fixture_distance(shape, m->positions + 3 * i)));
    return worst;
}

/* Twice the area as a vector, and six times the volume towards the origin. */
static inline double fixture_triangle(const omma_mesh *m, size_t t, double normal[3])
{
    const float *p[3];
    double e[2][3], volume = 0;

    for (int k = 0; k < 3; k++)
        p[k] = m->positions + 3 * (size_t)m->triangles[3 * t + k];
    for (int k = 0; k < 3; k++) {
        e[0][k] = (double)p[1][k] - (double)p[0][k];
        e[1][k] = (double)p[2][k] - (double)p[0][k];
    }
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;

        normal[k] = e[0][a] * e[1][b] - e[0][b] * e[1][a];
        volume += normal[k] * (double)p[0][k];
    }
    return volume;
}

static inline double fixture_area(const omma_mesh *m)
{
    double sum = 0, n[3];

    for (size_t t = 0; t < m->triangle_count; t++) {
        fixture_triangle(m, t, n);
        sum += 0.5 * sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    }
    return sum;
}

static inline double fixture_volume(const omma_mesh *m)
{
    double sum = 0, n[3];

    for (size_t t = 0; t < m->triangle_count; t++)
        sum += fixture_triangle(m, t, n) / 6;
    return sum;
}

/* Half-edges without a partner: 0 when watertight. */
static inline size_t fixture_borders(const omma_mesh *m)
{
    uint32_t *twins;
    size_t n = 0;

    if (mesh_twins(m, &twins))
        return SIZE_MAX;
    for (size_t h = 0; h < 3 * m->triangle_count; h++)
        n += twins[h] == NO_HALF_EDGE;
    free(twins);
    return n;
}

/* V - E + F of a mesh without borders. */
static inline long fixture_euler(const omma_mesh *m)
{
    return (long)m->vertex_count - (long)(3 * m->triangle_count / 2) + (long)m->triangle_count;
}
