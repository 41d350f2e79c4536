/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light, computed once when a scene opens: for every node of every surface, the lamps that it sees
 * (with shadows) and how much of the room's ambient light reaches it (corners and the floor under a
 * sofa are darker). What a camera then sees is texture times light, both coded like sRGB.
 * Ambient part: Zhukov, Iones, Kronin, "An ambient light illumination model", 1998.
 */
#include "scene_world.h"

#include <math.h>
#include <stdlib.h>

#define AMBIENT_RAYS    24
#define AMBIENT_RANGE_M 1.2
#define LIFT_M          0.002 /* rays start this much above the surface */

static double lesser(double a, double b) /* no call, as fmin is */
{
    return a < b ? a : b;
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

typedef struct node {
    double position[3], normal[3]; /* world */
} node;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void local_from_world(const scene_shape *s, const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = dot(s->local_from_world + 3 * i, v);
}

static void world_from_local(const scene_shape *s, const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = s->local_from_world[i] * v[0] + s->local_from_world[3 + i] * v[1] +
                 s->local_from_world[6 + i] * v[2];
}

static double hit_box(const double o[3], const double d[3], const double half[3])
{
    double near = -INFINITY, far = INFINITY;
    for (int i = 0; i < 3; i++) {
        double inverse = 1 / (fabs(d[i]) < 1e-12 ? 1e-12 : d[i]);
        double a = (-half[i] - o[i]) * inverse, b = (half[i] - o[i]) * inverse;
        near = greater(near, lesser(a, b));
        far = lesser(far, greater(a, b));
    }
    return near <= far && near > 0 ? near : INFINITY;
}

/* Spheres, and cylinders as their round part cut by two planes. */
static double hit_round(const scene_shape *s, const double o[3], const double d[3])
{
    double up = s->kind == SCENE_SPHERE ? 1 : 0;
    double a = d[0] * d[0] + d[2] * d[2] + up * d[1] * d[1];
    double b = o[0] * d[0] + o[2] * d[2] + up * o[1] * d[1];
    double c = o[0] * o[0] + o[2] * o[2] + up * o[1] * o[1] - s->half[0] * s->half[0];
    double discriminant = b * b - a * c;
    if (a < 1e-12 || discriminant < 0)
        return INFINITY;
    double root = sqrt(discriminant), near = (-b - root) / a, far = (-b + root) / a;
    if (s->kind == SCENE_CYLINDER) {
        double inverse = 1 / (fabs(d[1]) < 1e-12 ? 1e-12 : d[1]);
        double p = (-s->half[1] - o[1]) * inverse, q = (s->half[1] - o[1]) * inverse;
        near = greater(near, lesser(p, q));
        far = lesser(far, greater(p, q));
    }
    return near <= far && near > 0 ? near : INFINITY;
}

/* Distance along the unit ray to the shape, infinite when it misses or starts inside: a node of the
 * wall behind a picture is lit as if there were none, or its darkness would leak around the frame.
 */
static double hit_shape(const scene_shape *s, const double origin[3], const double direction[3])
{
    double v[3] = {s->center[0] - origin[0], s->center[1] - origin[1], s->center[2] - origin[2]};
    double along = dot(v, direction), r2 = s->radius * s->radius, v2 = dot(v, v);
    if (v2 - along * along > r2 || (along < 0 && v2 > r2))
        return INFINITY;
    double minus[3] = {-v[0], -v[1], -v[2]}, o[3], d[3];
    local_from_world(s, minus, o);
    local_from_world(s, direction, d);
    return s->kind == SCENE_BOX ? hit_box(o, d, s->half) : hit_round(s, o, d);
}

/* Whether something stands between a node and a lamp. Neighbours mostly have the same thing in
 * their way, so it is asked first. */
static bool in_shadow(const scene_world *w, const double origin[3], const double direction[3],
                      double distance, size_t *last)
{
    if (*last < w->shape_count && hit_shape(&w->shapes[*last], origin, direction) < distance)
        return true;
    for (size_t s = 0; s < w->shape_count; s++)
        if (w->shapes[s].casts_shadow && hit_shape(&w->shapes[s], origin, direction) < distance) {
            *last = s;
            return true;
        }
    *last = SIZE_MAX;
    return false;
}

static double lamps_at(const scene_world *w, const node *n, size_t *shadows)
{
    double sum = 0;
    for (size_t i = 0; i < w->light_count; i++) {
        double d[3];
        for (int k = 0; k < 3; k++)
            d[k] = w->lights[i].position[k] - n->position[k];
        double distance = sqrt(dot(d, d)) + 1e-9;
        for (int k = 0; k < 3; k++)
            d[k] /= distance;
        double light = dot(d, n->normal) * w->lights[i].power / (0.3 + distance * distance);
        if (light > 0.004 && !in_shadow(w, n->position, d, distance - 1e-6, &shadows[i]))
            sum += light;
    }
    return sum;
}

/* Directions of the hemisphere above the normal, cosine-weighted, the same for every node. */
static void hemisphere(const double normal[3], int i, double direction[3])
{
    double u = (i + 0.5) / AMBIENT_RAYS, angle = 2.399963229728653 * i; /* golden angle */
    double r = sqrt(u), up = sqrt(1 - u);
    double a[3] = {1, 0, 0}, b[3];
    if (fabs(normal[0]) > 0.7)
        a[0] = 0, a[1] = 1;
    double along = dot(a, normal);
    for (int k = 0; k < 3; k++)
        a[k] -= along * normal[k];
    double length = sqrt(dot(a, a));
    for (int k = 0; k < 3; k++)
        a[k] /= length;
    b[0] = normal[1] * a[2] - normal[2] * a[1];
    b[1] = normal[2] * a[0] - normal[0] * a[2];
    b[2] = normal[0] * a[1] - normal[1] * a[0];
    for (int k = 0; k < 3; k++)
        direction[k] = up * normal[k] + r * (cos(angle) * a[k] + sin(angle) * b[k]);
}

/* Distance from inside a hall to its walls. */
static double hit_hall(const scene_shape *s, const double origin[3], const double direction[3])
{
    double v[3] = {origin[0] - s->center[0], origin[1] - s->center[1], origin[2] - s->center[2]};
    double o[3], d[3], far = INFINITY;
    local_from_world(s, v, o);
    local_from_world(s, direction, d);
    for (int i = 0; i < 3; i++) {
        double inverse = 1 / (fabs(d[i]) < 1e-12 ? 1e-12 : d[i]);
        far = lesser(far, greater((-s->half[i] - o[i]) * inverse, (s->half[i] - o[i]) * inverse));
    }
    return greater(far, 0);
}

static double ambient_at(const node *n, scene_shape *const *near, size_t near_count)
{
    double open = 0;
    for (int i = 0; i < AMBIENT_RAYS; i++) {
        double d[3], distance = AMBIENT_RANGE_M;
        hemisphere(n->normal, i, d);
        for (size_t s = 0; s < near_count; s++)
            distance =
                lesser(distance, near[s]->kind == SCENE_HALL ? hit_hall(near[s], n->position, d)
                                                             : hit_shape(near[s], n->position, d));
        open += distance / AMBIENT_RANGE_M / AMBIENT_RAYS;
    }
    return open;
}

/* Where a node of a face is; p and q as scene_surface says. */
static node node_at(const scene_shape *s, int face, double p, double q)
{
    double local[3], normal[3] = {0, 0, 0}, outside = s->kind == SCENE_HALL ? -1 : 1;
    int axis = face / 2;
    double side = face & 1 ? 1 : -1;
    if (s->kind == SCENE_SPHERE) {
        double longitude = p / s->half[0], latitude = q / s->half[0];
        normal[0] = cos(latitude) * cos(longitude);
        normal[1] = sin(latitude);
        normal[2] = cos(latitude) * sin(longitude);
    } else if (s->kind == SCENE_CYLINDER && axis != 1) {
        normal[0] = cos(p / s->half[0]);
        normal[2] = sin(p / s->half[0]);
    } else {
        normal[axis] = side * outside;
    }
    for (int k = 0; k < 3; k++)
        local[k] = normal[k] * (s->half[k] * outside + LIFT_M);
    if (s->kind == SCENE_CYLINDER && axis != 1)
        local[1] = q;
    if (s->kind == SCENE_BOX || s->kind == SCENE_HALL || (s->kind == SCENE_CYLINDER && axis == 1)) {
        /* a little inside the face, so that a node is not in the next wall */
        static const int axes[3][2] = {{2, 1}, {0, 2}, {0, 1}};
        double margin = 0.01;
        const int *a = axes[axis];
        local[a[0]] = lesser(greater(p, margin - s->half[a[0]]), s->half[a[0]] - margin);
        local[a[1]] = lesser(greater(q, margin - s->half[a[1]]), s->half[a[1]] - margin);
    }
    node n;
    world_from_local(s, local, n.position);
    for (int k = 0; k < 3; k++)
        n.position[k] += s->center[k];
    world_from_local(s, normal, n.normal);
    return n;
}

/* Those of the candidates that reach into the ball. */
static size_t shapes_near(scene_shape *const *from, size_t count, const double center[3],
                          double radius, scene_shape **near)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        scene_shape *o = from[i];
        double d[3] = {o->center[0] - center[0], o->center[1] - center[1],
                       o->center[2] - center[2]};
        double reach = o->radius + radius;
        if (dot(d, d) < reach * reach)
            near[n++] = o;
    }
    return n;
}

/* Old walls are not evenly clean: a few per cent, some decimetres wide, never the same twice. */
static double stain_at(const node *n)
{
    float x = (float)(n->position[0] + n->position[1] * 0.37), y = (float)n->position[2];
    float z = (float)n->position[1];
    return 1 + 0.05 * (scene_fractal(5, (x + 64) / 128, (y + 64) / 128, 300, 300, 2) +
                       scene_fractal(6, (x + y + 64) / 128, (z + 64) / 128, 260, 260, 2));
}

typedef struct baker {
    const scene_world *world;
    scene_shape **all, **near; /* what takes ambient light away: anywhere; near the block */
    size_t all_count, near_count;
    size_t *shadows; /* of each lamp: what was in the way last time */
} baker;

static node node_of_face(const scene_shape *s, int face, int i, int j)
{
    const scene_surface *f = &s->surface[face];
    return node_at(s, face, ((double)i - (double)f->p_offset) / (double)f->p_scale,
                   ((double)j - (double)f->q_offset) / (double)f->q_scale);
}

#define BLOCK 6 /* nodes whose neighbourhood is looked up at once */

static void bake_block(baker *b, scene_shape *s, int face, int i0, int j0)
{
    scene_surface *f = &s->surface[face];
    int i1 = i0 + BLOCK < f->light_p ? i0 + BLOCK : f->light_p;
    int j1 = j0 + BLOCK < f->light_q ? j0 + BLOCK : f->light_q;
    node n = node_of_face(s, face, (i0 + i1) / 2, (j0 + j1) / 2);
    double reach = lesser(BLOCK / (double)lesser(f->p_scale, f->q_scale), 2 * s->radius);
    b->near_count = shapes_near(b->all, b->all_count, n.position, reach + AMBIENT_RANGE_M, b->near);
    for (int j = j0; j < j1; j++)
        for (int i = i0; i < i1; i++) {
            n = node_of_face(s, face, i, j);
            double linear = b->world->ambient * ambient_at(&n, b->near, b->near_count) +
                            lamps_at(b->world, &n, b->shadows);
            f->light[j * f->light_p + i] = (float)(pow(linear, 1 / 2.2) * stain_at(&n));
        }
}

static omma_error bake_face(baker *b, scene_shape *s, int face)
{
    scene_surface *f = &s->surface[face];
    f->light = calloc((size_t)f->light_p * (size_t)f->light_q, sizeof(float));
    if (!f->light)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a scene's light");
    for (int j = 0; j < f->light_q; j += BLOCK)
        for (int i = 0; i < f->light_p; i += BLOCK)
            bake_block(b, s, face, i, j);
    return OMMA_OK;
}

static bool has_face(const scene_shape *s, int face)
{
    switch (s->kind) {
    case SCENE_SPHERE:
        return face == 0;
    case SCENE_CYLINDER:
        return face == 0 || face == 2 || face == 3;
    default:
        return true;
    }
}

omma_error scene_bake(scene_world *w)
{
    omma_error err = OMMA_OK;
    baker b = {.world = w,
               .all = omma_new_array(scene_shape *, w->shape_count + 1),
               .near = omma_new_array(scene_shape *, w->shape_count + 1),
               .shadows = omma_new_array(size_t, w->light_count + 1)};
    for (size_t i = 0; i < w->shape_count; i++)
        if (w->shapes[i].casts_shadow || w->shapes[i].kind == SCENE_HALL)
            b.all[b.all_count++] = &w->shapes[i];
    for (size_t i = 0; i < w->light_count; i++)
        b.shadows[i] = SIZE_MAX;
    for (size_t i = 0; i < w->shape_count && !err; i++)
        for (int face = 0; face < SCENE_FACES && !err; face++)
            if (has_face(&w->shapes[i], face) && w->shapes[i].surface[face].light_p > 0)
                err = bake_face(&b, &w->shapes[i], face);
    free(b.all);
    free(b.near);
    free(b.shadows);
    return err;
}
