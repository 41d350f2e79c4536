/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways of looking at a scene. Up is the guess of draw_scene.c; the middle and the distance are such
 * that nine tenths of what there is to see are in the picture.
 */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SAMPLES 4000
#define FIELD       (45 * M_PI / 180) /* the field of view that distances are made for */
#define ELEVATION   (32 * M_PI / 180) /* of the orbit */

/* The scene in axes of its own: axis[0] and axis[1] level, axis[2] up. */
typedef struct outline {
    double axis[3][3];
    double middle[3]; /* world */
    double radius;    /* of nine tenths, level */
    double height;    /* of nine tenths, above or below the middle */
    drawing poses;
    bool has_poses;
} outline;

typedef struct samples {
    double *value[3]; /* along the axes */
    size_t count;
} samples;

static void add_sample(samples *s, const outline *o, const double world[3])
{
    if (!isfinite(world[0] + world[1] + world[2]))
        return;
    for (int k = 0; k < 3; k++)
        s->value[k][s->count] = dot3(o->axis[k], world);
    s->count++;
}

static void add_floats(samples *s, const outline *o, const float *first, size_t bytes, size_t n)
{
    for (size_t i = 0, step = n / MAX_SAMPLES + 1; i < n; i += step) {
        const float *x = (const float *)(const void *)((const char *)first + i * bytes);

        add_sample(s, o, (double[3]){(double)x[0], (double)x[1], (double)x[2]});
    }
}

/* Of the densest thing that the scene has; the poses when it has nothing else. */
static samples collect(const omma_scene *scene, const outline *o)
{
    samples s = {.count = 0};
    const drawing *d = &o->poses;

    for (int k = 0; k < 3; k++)
        s.value[k] = omma_new_array(double, MAX_SAMPLES + 1);
    if (scene->cloud && scene->cloud->count > 0)
        add_floats(&s, o, scene->cloud->points->world, sizeof *scene->cloud->points,
                   scene->cloud->count);
    else if (scene->mesh && scene->mesh->vertex_count > 0)
        add_floats(&s, o, scene->mesh->positions, 3 * sizeof(float), scene->mesh->vertex_count);
    else if (o->has_poses && d->point_count > 0)
        for (size_t i = 0, step = d->point_count / MAX_SAMPLES + 1; i < d->point_count; i += step)
            add_sample(&s, o, d->points[i]->world);
    else if (o->has_poses)
        for (size_t i = 0, step = d->pose_count / MAX_SAMPLES + 1; i < d->pose_count; i += step)
            add_sample(&s, o, d->poses[i].world_from_camera.t);
    return s;
}

/* Sorts. */
static double ninth_tenth(double *values, size_t n)
{
    omma_sort(values, n);
    return n ? values[(n - 1) * 9 / 10] : 0;
}

/* Halfway between the 5th and the 95th of a hundred: sorts. */
static double middle_of(double *values, size_t n)
{
    omma_sort(values, n);
    return n ? values[(n - 1) / 20] / 2 + values[(n - 1) - (n - 1) / 20] / 2 : 0;
}

static void measure(outline *o, samples *s)
{
    double middle[3], *copy = omma_new_array(double, s->count + 1);

    for (int k = 0; k < 3; k++) {
        memcpy(copy, s->value[k], s->count * sizeof *copy);
        middle[k] = middle_of(copy, s->count);
    }
    for (size_t i = 0; i < s->count; i++)
        copy[i] = hypot(s->value[0][i] - middle[0], s->value[1][i] - middle[1]);
    o->radius = ninth_tenth(copy, s->count);
    for (size_t i = 0; i < s->count; i++)
        copy[i] = fabs(s->value[2][i] - middle[2]);
    o->height = ninth_tenth(copy, s->count);
    if (!(o->radius > 1e-9))
        o->radius = o->height > 1e-9 ? o->height : 1;
    for (int k = 0; k < 3; k++)
        o->middle[k] =
            middle[0] * o->axis[0][k] + middle[1] * o->axis[1][k] + middle[2] * o->axis[2][k];
    free(copy);
}

/* axis[0]: the way the cameras looked on the whole, or any level direction. */
static void choose_axes(outline *o)
{
    double *up = o->axis[2], *ahead = o->axis[0];

    memcpy(up, (double[3]){0, -1, 0}, sizeof o->axis[2]);
    memcpy(ahead, (double[3]){0, 0, 1}, sizeof o->axis[0]);
    if (o->has_poses && o->poses.pose_count > 0) {
        memcpy(up, o->poses.up, sizeof o->axis[2]);
        memcpy(ahead, o->poses.forward, sizeof o->axis[0]);
    }
    for (int tries = 0; tries < 3; tries++) { /* of two axes one is not along up */
        double along = dot3(ahead, up);

        for (int k = 0; k < 3; k++)
            ahead[k] -= along * up[k];
        if (sqrt(dot3(ahead, ahead)) > 1e-3 && normalize3(ahead))
            break;
        memcpy(ahead, tries ? (double[3]){1, 0, 0} : (double[3]){0, 0, 1}, sizeof o->axis[0]);
    }
    cross3(up, ahead, o->axis[1]);
}

/* Steps back a little where that brings the cameras into the picture too. */
static void make_room_for_poses(outline *o)
{
    const drawing *d = &o->poses;
    double *distance = omma_new_array(double, d->pose_count + 1);

    for (size_t i = 0; i < d->pose_count; i++) {
        const double *at = d->poses[i].world_from_camera.t;
        double x[3] = {at[0] - o->middle[0], at[1] - o->middle[1], at[2] - o->middle[2]};

        distance[i] = hypot(dot3(o->axis[0], x), dot3(o->axis[1], x));
    }
    double farthest = 1.05 * ninth_tenth(distance, d->pose_count);

    free(distance);
    o->radius = fmax(o->radius, fmin(farthest, 1.35 * o->radius));
}

static void outline_init(outline *o, const omma_scene *scene)
{
    *o = (outline){.has_poses = false};
    o->has_poses = scene->map && drawing_init(&o->poses, scene->map) == OMMA_OK;
    choose_axes(o);
    samples s = collect(scene, o);

    measure(o, &s);
    if (o->has_poses)
        make_room_for_poses(o);
    for (int k = 0; k < 3; k++)
        free(s.value[k]);
}

static void outline_finish(outline *o)
{
    if (o->has_poses)
        drawing_finish(&o->poses);
}

/* -------------------------------------------------------------------------------- the ways */

/* At eye, looking along ahead, with up as far upwards as can be. */
static omma_se3 look(const double eye[3], const double ahead[3], const double up[3])
{
    omma_se3 T;
    double z[3] = {ahead[0], ahead[1], ahead[2]}, x[3], y[3];

    normalize3(z);
    cross3(z, up, x);
    normalize3(x);
    cross3(z, x, y);
    for (int k = 0; k < 3; k++) {
        T.R[3 * k] = x[k];
        T.R[3 * k + 1] = y[k];
        T.R[3 * k + 2] = z[k];
        T.t[k] = eye[k];
    }
    return T;
}

/* Begins behind the cameras. The disc's near rim lies distance - radius cos(elevation) away and
 * radius sin(elevation) below the axis; the distance that has all of it and of the height in the
 * picture leaves much empty, so a little less is taken. */
static omma_se3 orbit(const outline *o, double t)
{
    double angle = 2 * M_PI * t, slope = tan(FIELD / 2);
    double distance = o->radius * (0.7 + 0.85 * sin(ELEVATION) / slope) +
                      0.8 * o->height * cos(ELEVATION) / slope;
    double ahead[3], eye[3];

    for (int k = 0; k < 3; k++)
        ahead[k] = cos(ELEVATION) * (cos(angle) * o->axis[0][k] - sin(angle) * o->axis[1][k]) -
                   sin(ELEVATION) * o->axis[2][k];
    for (int k = 0; k < 3; k++)
        eye[k] = o->middle[k] - distance * ahead[k];
    return look(eye, ahead, o->axis[2]);
}

/* Turns once, so that the end is the beginning. */
static omma_se3 top(const outline *o, double t)
{
    double angle = 2 * M_PI * t, distance = 1.05 * o->radius / tan(FIELD / 2) + o->height;
    double down[3], upwards[3], eye[3];

    for (int k = 0; k < 3; k++) {
        down[k] = -o->axis[2][k];
        upwards[k] = cos(angle) * o->axis[0][k] - sin(angle) * o->axis[1][k];
        eye[k] = o->middle[k] + distance * o->axis[2][k];
    }
    return look(eye, down, upwards);
}

/* Position and direction of the cameras around part t, weighted by a Gaussian over the poses. */
static void smooth_pose(const drawing *d, double t, double at[3], double ahead[3])
{
    double middle = t * (double)(d->pose_count - 1);
    double sigma = fmax(1, 0.02 * (double)d->pose_count), sum = 0;

    memset(at, 0, 3 * sizeof *at);
    memset(ahead, 0, 3 * sizeof *ahead);
    for (size_t i = 0; i < d->pose_count; i++) {
        double x = ((double)i - middle) / sigma, w = fabs(x) < 4 ? exp(-0.5 * x * x) : 0;
        const omma_se3 *T = &d->poses[i].world_from_camera;

        sum += w;
        for (int k = 0; k < 3; k++) {
            at[k] += w * T->t[k];
            ahead[k] += w * T->R[3 * k + 2];
        }
    }
    for (int k = 0; k < 3; k++)
        at[k] /= sum;
}

/* Behind and above by a share of how far away things are, looking at what lies before the camera.
 */
static omma_se3 follow(const outline *o, double t)
{
    double at[3], ahead[3], eye[3], view[3], reach = 0.35 * o->radius;

    smooth_pose(&o->poses, fmin(1, fmax(0, t)), at, ahead);
    if (!normalize3(ahead))
        memcpy(ahead, o->axis[0], sizeof ahead);
    for (int k = 0; k < 3; k++) {
        eye[k] = at[k] - reach * ahead[k] + 0.5 * reach * o->axis[2][k];
        view[k] = at[k] + 1.5 * reach * ahead[k] - eye[k];
    }
    return look(eye, view, o->axis[2]);
}

omma_se3 omma_scene_camera(const omma_scene *s, omma_camera_path path, double t)
{
    outline o;
    omma_se3 T;

    outline_init(&o, s);
    if (path == OMMA_PATH_TOP)
        T = top(&o, t);
    else if (path == OMMA_PATH_FOLLOW && o.has_poses && o.poses.pose_count > 0)
        T = follow(&o, t);
    else
        T = orbit(&o, t);
    outline_finish(&o);
    return T;
}
