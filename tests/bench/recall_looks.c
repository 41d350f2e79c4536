/* SPDX-License-Identifier: Apache-2.0 */
#include "recall_looks.h"

#include <omma/map.h>
#include <omma/media.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    fprintf(stderr, "recall_bench: %s: %s\n", what, omma_why());
    exit(1);
}

static void set_pose(look *l, const omma_frame *f, const omma_trajectory *t)
{
    if (f->truth) {
        l->world_from_camera = omma_se3_from_quaternion(f->truth->rotation, f->truth->translation);
        l->posed = true;
        return;
    }
    double nearest = 0.02; /* s */
    for (size_t i = 0; i < t->count; i++) {
        const double away = fabs(t->poses[i].time_s - 1e-9 * (double)f->time_ns);
        if (away < nearest) {
            nearest = away;
            l->world_from_camera = t->poses[i].world_from_camera;
            l->posed = true;
        }
    }
}

static void set_camera(looks *l, const omma_frame *f, double focal_px)
{
    const double own = f->truth ? f->truth->fx : 0.9 * f->width;
    const double focal = focal_px > 0 ? focal_px : own;
    l->world.camera = (omma_camera){.width = f->width,
                                    .height = f->height,
                                    .fx = focal,
                                    .fy = focal,
                                    .cx = 0.5 * (f->width - 1),
                                    .cy = 0.5 * (f->height - 1)};
}

static void describe(looks *l, look *k, const omma_frame *f)
{
    omma_frame *gray = NULL, *thumb = NULL;
    omma_pyramid p = {0};
    if (omma_frame_create(&gray, OMMA_FORMAT_GRAY8, f->width, f->height) ||
        omma_frame_create(&thumb, OMMA_FORMAT_GRAY8, THUMB_WIDTH, THUMB_HEIGHT) ||
        omma_frame_convert(gray, f) || omma_frame_resize(thumb, gray) ||
        omma_pyramid_build(&p, gray, 1))
        die("picture");
    for (int y = 0; y < THUMB_HEIGHT; y++)
        memcpy(k->thumb + y * THUMB_WIDTH, thumb->plane[0] + y * thumb->stride[0], THUMB_WIDTH);
    const int64_t start = omma_clock_thread_ns();
    k->corners = described_make(&l->world, &l->follower, &p);
    l->ms_each += 1e-6 * (double)(omma_clock_thread_ns() - start);
    l->corners_each += (double)k->corners.n;
    omma_pyramid_finish(&p);
    omma_frame_unref(&thumb);
    omma_frame_unref(&gray);
}

looks looks_read(const char *url, const looks_options *o)
{
    looks l = {0};
    omma_source *s = NULL;
    omma_frame *f = NULL;
    omma_trajectory truth = {0};
    size_t capacity = 0;

    if (o->truth && omma_trajectory_read(&truth, o->truth))
        die(o->truth);
    if (omma_source_open(&s, url, &(omma_source_options){.step = o->every}, NULL))
        die(url);
    follower_init(&l.follower, omma_cpu_flags());
    while (!omma_source_read(s, &f)) {
        if (!l.n)
            set_camera(&l, f, o->focal_px);
        omma_grow((void **)&l.item, &capacity, l.n + 1, sizeof(look));
        look *k = &l.item[l.n++];
        *k = (look){.frame = f->index, .time_ns = f->time_ns};
        set_pose(k, f, &truth);
        l.truth |= k->posed;
        describe(&l, k, f);
        omma_frame_unref(&f);
    }
    if (!l.n)
        die(url);
    l.corners_each /= (double)l.n;
    l.ms_each /= (double)l.n;
    omma_trajectory_finish(&truth);
    omma_source_close(&s);
    return l;
}

void looks_finish(looks *l)
{
    for (size_t i = 0; i < l->n; i++)
        described_finish(&l->item[i].corners);
    free(l->item);
}

/* Share of a's pixels that b shows. */
static double seen_share(const looks *l, const look *a, const look *b, double distance)
{
    enum { GRID = 5 };
    const omma_camera *c = &l->world.camera;
    const omma_se3 inverse = omma_se3_inverse(&b->world_from_camera);
    const omma_se3 b_from_a = omma_se3_mul(&inverse, &a->world_from_camera);
    int seen = 0, all = 0;

    for (double z = distance / 2; z < 3 * distance; z *= 2)
        for (int i = 0; i < GRID * GRID; i++, all++) {
            const double px[2] = {(i % GRID + 0.5) * c->width / GRID,
                                  ((double)(i / GRID) + 0.5) * c->height / GRID};
            const double x[3] = {z * (px[0] - c->cx) / c->fx, z * (px[1] - c->cy) / c->fy, z};
            double y[3], other[2];
            omma_se3_apply(&b_from_a, x, y);
            seen += y[2] > 0.1 * distance && omma_camera_project(c, y, other, NULL) &&
                    other[0] >= 0 && other[1] >= 0 && other[0] < c->width && other[1] < c->height;
        }
    return (double)seen / all;
}

double looks_overlap(const looks *l, size_t a, size_t b, double distance)
{
    const look *p = &l->item[a], *q = &l->item[b];
    const double *Rp = p->world_from_camera.R, *Rq = q->world_from_camera.R;
    const double alike = Rp[2] * Rq[2] + Rp[5] * Rq[5] + Rp[8] * Rq[8];

    if (!p->posed || !q->posed || alike < 0.819) /* cos 35 deg */
        return 0;
    return fmin(seen_share(l, p, q, distance), seen_share(l, q, p, distance));
}

size_t looks_agreeing(const looks *l, size_t ia, size_t ib)
{
    const described *a = &l->item[ia].corners, *b = &l->item[ib].corners;
    described_pair *pairs = omma_new_array(described_pair, a->n + 1);
    const size_t n = described_match(&l->follower, a, b, pairs);
    double *xa = omma_new_array(double, 4 * n + 1), *xb = xa + 2 * n, E[9];
    omma_ransac_result result = {0};

    for (size_t i = 0; i < n; i++) {
        memcpy(xa + 2 * i, a->ray + 2 * pairs[i].a, 2 * sizeof(double));
        memcpy(xb + 2 * i, b->ray + 2 * pairs[i].b, 2 * sizeof(double));
    }
    const omma_ransac_options o = {
        .threshold = 1.5 / l->world.camera.fx, .max_iterations = 1000, .seed = 1};
    if (n < 8 || omma_essential_ransac(xa, xb, n, &o, E, NULL, &result))
        result.inliers = 0;
    free(pairs);
    free(xa);
    return result.inliers;
}
