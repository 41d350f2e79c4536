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
#include <string.h>

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

/* The rays of the ambient part as one shape sees them. */
typedef struct fan {
    const scene_shape *shape;
    float d[3][AMBIENT_RAYS], inverse[3][AMBIENT_RAYS]; /* local */
} fan;

/* What may stand between a block of nodes and a lamp. */
typedef struct shadow {
    bool known;
    size_t count;
    const scene_shape **shapes;
    const scene_shape *last; /* was in the way last time: neighbours mostly have the same */
} shadow;

/* Nodes are lit block by block, as what is near them or between them and a lamp is much the same
 * for all. */
typedef struct baker {
    const scene_world *world;
    scene_shape **all; /* what takes ambient light away */
    size_t all_count;
    fan *near; /* of these, near the block */
    size_t near_count;
    shadow *shadows; /* of each lamp */
    double center[3], radius;
} baker;

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

/* ------------------------------------------------------------------------------------- lamps */

/* Shapes whose ball touches the cone from the block to the lamp. */
static void list_shadow(baker *b, shadow *s, const double lamp[3])
{
    const scene_world *w = b->world;
    double along[3] = {lamp[0] - b->center[0], lamp[1] - b->center[1], lamp[2] - b->center[2]};
    double length2 = dot(along, along) + 1e-9;
    s->known = true;
    s->count = 0;
    for (size_t i = 0; i < w->shape_count; i++) {
        const scene_shape *o = &w->shapes[i];
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = o->center[k] - b->center[k];
        double t = lesser(greater(dot(v, along) / length2, 0), 1);
        for (int k = 0; k < 3; k++)
            v[k] -= t * along[k];
        double reach = o->radius + b->radius;
        if (o->casts_shadow && dot(v, v) < reach * reach)
            s->shapes[s->count++] = o;
    }
}

static bool in_shadow(shadow *s, const double origin[3], const double direction[3], double distance)
{
    if (s->last && hit_shape(s->last, origin, direction) < distance)
        return true;
    s->last = NULL;
    for (size_t i = 0; i < s->count && !s->last; i++)
        if (hit_shape(s->shapes[i], origin, direction) < distance)
            s->last = s->shapes[i];
    return s->last;
}

static double lamps_at(baker *b, const node *n)
{
    double sum = 0;
    for (size_t i = 0; i < b->world->light_count; i++) {
        const scene_light *lamp = &b->world->lights[i];
        double d[3];
        for (int k = 0; k < 3; k++)
            d[k] = lamp->position[k] - n->position[k];
        double distance = sqrt(dot(d, d)) + 1e-9;
        for (int k = 0; k < 3; k++)
            d[k] /= distance;
        double light = dot(d, n->normal) * lamp->power / (0.3 + distance * distance);
        if (light <= 0.004)
            continue;
        if (!b->shadows[i].known)
            list_shadow(b, &b->shadows[i], lamp->position);
        if (!in_shadow(&b->shadows[i], n->position, d, distance - 1e-6))
            sum += light;
    }
    return sum;
}

/* ----------------------------------------------------------------------------------- ambient */

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

static void aim_fans(baker *b, const double normal[3])
{
    double ray[AMBIENT_RAYS][3];
    for (int i = 0; i < AMBIENT_RAYS; i++)
        hemisphere(normal, i, ray[i]);
    for (size_t s = 0; s < b->near_count; s++) {
        fan *f = &b->near[s];
        for (int i = 0; i < AMBIENT_RAYS; i++)
            for (int k = 0; k < 3; k++) {
                float d = (float)dot(f->shape->local_from_world + 3 * k, ray[i]);
                f->d[k][i] = d;
                f->inverse[k][i] = 1 / (fabsf(d) < 1e-9f ? 1e-9f : d);
            }
    }
}

static inline float min(float a, float b)
{
    return a < b ? a : b;
}

static inline float max(float a, float b)
{
    return a > b ? a : b;
}

/* The three of them shorten each ray to where it meets the shape, if it does. A ray that starts
 * inside misses, as in hit_shape. */
static void shorten_box(float *distance, const fan *f, const float o[3])
{
    const float h0 = (float)f->shape->half[0], h1 = (float)f->shape->half[1];
    const float h2 = (float)f->shape->half[2];
    for (int i = 0; i < AMBIENT_RAYS; i++) {
        float a0 = (-h0 - o[0]) * f->inverse[0][i], b0 = (h0 - o[0]) * f->inverse[0][i];
        float a1 = (-h1 - o[1]) * f->inverse[1][i], b1 = (h1 - o[1]) * f->inverse[1][i];
        float a2 = (-h2 - o[2]) * f->inverse[2][i], b2 = (h2 - o[2]) * f->inverse[2][i];
        float near = max(min(a0, b0), max(min(a1, b1), min(a2, b2)));
        float far = min(max(a0, b0), min(max(a1, b1), max(a2, b2)));
        float old = distance[i];
        int hit = (near <= far) & (near > 0) & (near < old);
        distance[i] = hit ? near : old;
    }
}

static void shorten_hall(float *distance, const fan *f, const float o[3])
{
    for (int k = 0; k < 3; k++) {
        const float low = (float)-f->shape->half[k] - o[k], high = (float)f->shape->half[k] - o[k];
        for (int i = 0; i < AMBIENT_RAYS; i++) {
            float far = max(low * f->inverse[k][i], high * f->inverse[k][i]);
            distance[i] = min(distance[i], max(far, 0));
        }
    }
}

static void shorten_round(float *distance, const fan *f, const float o[3])
{
    const float up = f->shape->kind == SCENE_SPHERE ? 1 : 0, r = (float)f->shape->half[0];
    const float c = o[0] * o[0] + o[2] * o[2] + up * o[1] * o[1] - r * r;
    const float low = (float)-f->shape->half[1] - o[1], high = (float)f->shape->half[1] - o[1];
    for (int i = 0; i < AMBIENT_RAYS; i++) {
        float d0 = f->d[0][i], d1 = up * f->d[1][i], d2 = f->d[2][i];
        float a = d0 * d0 + d1 * d1 + d2 * d2 + 1e-12f, b = o[0] * d0 + o[1] * d1 + o[2] * d2;
        float discriminant = b * b - a * c, root = sqrtf(max(discriminant, 0));
        float near = (-b - root) / a, far = (-b + root) / a;
        float p = low * f->inverse[1][i], q = high * f->inverse[1][i];
        near = up > 0 ? near : max(near, min(p, q));
        far = up > 0 ? far : min(far, max(p, q));
        float old = distance[i];
        int hit = (discriminant >= 0) & (near <= far) & (near > 0) & (near < old);
        distance[i] = hit ? near : old;
    }
}

static double ambient_at(const baker *b, const node *n)
{
    float distance[AMBIENT_RAYS], sum = 0;
    for (int i = 0; i < AMBIENT_RAYS; i++)
        distance[i] = (float)AMBIENT_RANGE_M;
    for (size_t s = 0; s < b->near_count; s++) {
        const scene_shape *shape = b->near[s].shape;
        double v[3], local[3];
        for (int k = 0; k < 3; k++)
            v[k] = n->position[k] - shape->center[k];
        local_from_world(shape, v, local);
        const float o[3] = {(float)local[0], (float)local[1], (float)local[2]};
        if (shape->kind == SCENE_BOX)
            shorten_box(distance, &b->near[s], o);
        else if (shape->kind == SCENE_HALL)
            shorten_hall(distance, &b->near[s], o);
        else
            shorten_round(distance, &b->near[s], o);
    }
    for (int i = 0; i < AMBIENT_RAYS; i++)
        sum += distance[i];
    return (double)sum / (AMBIENT_RANGE_M * AMBIENT_RAYS);
}

/* ------------------------------------------------------------------------------------- nodes */

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

/* Old walls are not evenly clean: a few per cent, some decimetres wide, never the same twice. */
static double stain_at(const node *n)
{
    float x = (float)(n->position[0] + n->position[1] * 0.37), y = (float)n->position[2];
    float z = (float)n->position[1];
    return 1 + 0.05 * (scene_fractal(5, (x + 64) / 128, (y + 64) / 128, 300, 300, 2) +
                       scene_fractal(6, (x + y + 64) / 128, (z + 64) / 128, 260, 260, 2));
}

static node node_of_face(const scene_shape *s, int face, int i, int j)
{
    const scene_surface *f = &s->surface[face];
    return node_at(s, face, ((double)i - (double)f->p_offset) / (double)f->p_scale,
                   ((double)j - (double)f->q_offset) / (double)f->q_scale);
}

static bool is_round(const scene_shape *s, int face)
{
    return s->kind == SCENE_SPHERE || (s->kind == SCENE_CYLINDER && face == 0);
}

/* Looks up what is near the block: shapes that ambient rays can reach; lamps when they are asked
 * for. */
static void enter_block(baker *b, const node *middle, double radius)
{
    memcpy(b->center, middle->position, sizeof b->center);
    b->radius = radius;
    b->near_count = 0;
    for (size_t i = 0; i < b->all_count; i++) {
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = b->all[i]->center[k] - b->center[k];
        double reach = b->all[i]->radius + radius + AMBIENT_RANGE_M;
        if (dot(v, v) < reach * reach)
            b->near[b->near_count++].shape = b->all[i];
    }
    for (size_t i = 0; i < b->world->light_count; i++)
        b->shadows[i].known = false;
    aim_fans(b, middle->normal);
}

#define BLOCK 6 /* nodes along a side */

static void bake_block(baker *b, scene_shape *s, int face, int i0, int j0)
{
    scene_surface *f = &s->surface[face];
    int i1 = i0 + BLOCK < f->light_p ? i0 + BLOCK : f->light_p;
    int j1 = j0 + BLOCK < f->light_q ? j0 + BLOCK : f->light_q;
    node n = node_of_face(s, face, (i0 + i1) / 2, (j0 + j1) / 2);
    double reach = BLOCK / (double)lesser((double)f->p_scale, (double)f->q_scale);
    enter_block(b, &n, lesser(reach, 2 * s->radius + 2 * LIFT_M));
    for (int j = j0; j < j1; j++)
        for (int i = i0; i < i1; i++) {
            n = node_of_face(s, face, i, j);
            if (is_round(s, face))
                aim_fans(b, n.normal);
            double linear = b->world->ambient * ambient_at(b, &n) + lamps_at(b, &n);
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

static void baker_init(baker *b, const scene_world *w)
{
    *b = (baker){.world = w,
                 .all = omma_new_array(scene_shape *, w->shape_count + 1),
                 .near = omma_new_array(fan, w->shape_count + 1),
                 .shadows = omma_new_array(shadow, w->light_count + 1)};
    for (size_t i = 0; i < w->light_count; i++)
        b->shadows[i].shapes = omma_new_array(const scene_shape *, w->shape_count + 1);
    for (size_t i = 0; i < w->shape_count; i++)
        if (w->shapes[i].casts_shadow || w->shapes[i].kind == SCENE_HALL)
            b->all[b->all_count++] = &w->shapes[i];
}

static void baker_finish(baker *b)
{
    for (size_t i = 0; i < b->world->light_count; i++)
        free(b->shadows[i].shapes);
    free(b->shadows);
    free(b->near);
    free(b->all);
}

omma_error scene_bake(scene_world *w)
{
    omma_error err = OMMA_OK;
    baker b;
    baker_init(&b, w);
    for (size_t i = 0; i < w->shape_count && !err; i++)
        for (int face = 0; face < SCENE_FACES && !err; face++)
            if (has_face(&w->shapes[i], face) && w->shapes[i].surface[face].light_p > 0)
                err = bake_face(&b, &w->shapes[i], face);
    baker_finish(&b);
    return err;
}
