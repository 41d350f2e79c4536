/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The points as LAS 1.2, point format 2. Source: ASPRS, "LAS specification version 1.2", 2008.
 *
 * Surveyors' files have z up: x right, y ahead, z up of the first camera, which is ours turned
 * about x. Places are whole numbers of a step.
 */
#include "scene_files.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES   227
#define POINT_FORMAT   2
#define RECORD_BYTES   26
#define COARSEST       1e-4
#define ONE_RETURN     (1 | 1 << 3) /* number 1 of 1 */
#define MOST_STEPS     2e9          /* below 2^31 */
#define POINTS_AT_ONCE 1024

typedef struct las_box {
    double low[3], high[3], step, offset[3];
} las_box;

static void turn(const float world[3], double out[3])
{
    out[0] = world[0];
    out[1] = world[2];
    out[2] = -world[1];
}

static las_box box_of(const omma_cloud *c)
{
    las_box b = {.low = {INFINITY, INFINITY, INFINITY}, .high = {-INFINITY, -INFINITY, -INFINITY}};

    for (size_t i = 0; i < c->count; i++) {
        double x[3];

        if (!scene_point_is_finite(&c->points[i]))
            continue;
        turn(c->points[i].world, x);
        for (int k = 0; k < 3; k++) {
            b.low[k] = fmin(b.low[k], x[k]);
            b.high[k] = fmax(b.high[k], x[k]);
        }
    }
    return b;
}

/* The finest power of ten in which the whole box has places, counted from its lowest corner. */
static omma_error choose_step(las_box *b, const char *path)
{
    double size = 0;

    for (int k = 0; k < 3; k++)
        size = fmax(size, b->high[k] - b->low[k]);
    for (int exponent = 9; exponent >= 4; exponent--) {
        b->step = pow(10, -exponent);
        if ((size + 1) / b->step < MOST_STEPS) /* 1: what the offset is rounded by */
            break;
    }
    for (int k = 0; k < 3; k++)
        b->offset[k] = floor(b->low[k]);
    if (size + 1 < MOST_STEPS * COARSEST)
        return OMMA_OK;
    return omma_fail(OMMA_INVALID,
                     "%s: the points spread over %.6g, and LAS in steps of %g holds %.6g", path,
                     size, COARSEST, MOST_STEPS * COARSEST);
}

static int32_t steps(const las_box *b, int k, double value)
{
    return (int32_t)lround((value - b->offset[k]) / b->step);
}

static void put_header(omma_byte_list *h, const las_box *b, uint32_t count)
{
    char text[32];

    omma_bytes_put(h, "LASF", 4);
    omma_bytes_u16(h, 0); /* file source id */
    omma_bytes_u16(h, 0); /* global encoding */
    memset(text, 0, sizeof text);
    omma_bytes_put(h, text, 16); /* GUID */
    omma_bytes_u8(h, 1);
    omma_bytes_u8(h, 2); /* version */
    omma_bytes_put(h, memcpy(text, "OTHER", 5), 32);
    memset(text, 0, sizeof text);
    snprintf(text, sizeof text, "omma %s", omma_version());
    omma_bytes_put(h, text, 32);
    omma_bytes_u16(h, 0); /* day and year: the same map gives the same bytes */
    omma_bytes_u16(h, 0);
    omma_bytes_u16(h, HEADER_BYTES);
    omma_bytes_u32(h, HEADER_BYTES); /* offset of the points */
    omma_bytes_u32(h, 0);            /* variable records */
    omma_bytes_u8(h, POINT_FORMAT);
    omma_bytes_u16(h, RECORD_BYTES);
    omma_bytes_u32(h, count);
    omma_bytes_u32(h, count); /* by return */
    for (int i = 1; i < 5; i++)
        omma_bytes_u32(h, 0);
    for (int k = 0; k < 3; k++)
        omma_bytes_f64(h, b->step);
    for (int k = 0; k < 3; k++)
        omma_bytes_f64(h, b->offset[k]);
    for (int k = 0; k < 3; k++) { /* what the whole numbers say */
        omma_bytes_f64(h, steps(b, k, b->high[k]) * b->step + b->offset[k]);
        omma_bytes_f64(h, steps(b, k, b->low[k]) * b->step + b->offset[k]);
    }
}

static void put_point(omma_byte_list *r, const las_box *b, const omma_cloud_point *p)
{
    double x[3];

    turn(p->world, x);
    for (int k = 0; k < 3; k++)
        omma_bytes_u32(r, (uint32_t)steps(b, k, x[k]));
    omma_bytes_u16(r, 0); /* intensity */
    omma_bytes_u8(r, ONE_RETURN);
    omma_bytes_u8(r, 0);        /* class: never classified */
    omma_bytes_u8(r, 0);        /* scan angle */
    omma_bytes_u8(r, p->views); /* user data */
    omma_bytes_u16(r, 0);       /* point source id */
    for (int k = 0; k < 3; k++)
        omma_bytes_u16(r, p->rgb[k] * 257u);
}

omma_error las_write(const omma_scene *s, const char *path, bool replace)
{
    size_t n = scene_count_points(s);
    las_box box = box_of(s->cloud);
    omma_error err = choose_step(&box, path);
    omma_file *f = NULL;
    omma_byte_list b = {0};

    if (!err && n > UINT32_MAX)
        err = omma_fail(OMMA_INVALID, "%s: %zu points, and LAS 1.2 holds %u", path, n, UINT32_MAX);
    if (!err)
        err = omma_file_create(&f, path, replace);
    if (err)
        return err;
    put_header(&b, &box, (uint32_t)n);
    for (size_t i = 0; i < s->cloud->count; i++) {
        if (scene_point_is_finite(&s->cloud->points[i]))
            put_point(&b, &box, &s->cloud->points[i]);
        if (b.count >= RECORD_BYTES * POINTS_AT_ONCE || i + 1 == s->cloud->count) {
            omma_file_write(f, b.at, b.count);
            b.count = 0;
        }
    }
    omma_bytes_finish(&b);
    return omma_file_commit(&f);
}
