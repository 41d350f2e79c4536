/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>
#include <omma/media.h>

#include "check.h"

enum { STEP = 8 }; /* frames of a walk from one that is looked at to the next */

static omma_source *open_scene(const char *url)
{
    omma_source *s = NULL;
    CHECK_OK(omma_source_open(&s, url, NULL, NULL));
    return s;
}

static omma_frame *read_one(omma_source *s)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_source_read(s, &f));
    return f;
}

static double luma_at(const omma_frame *f, double x, double y)
{
    int xi = (int)floor(x), yi = (int)floor(y);
    double a = x - xi, b = y - yi;
    const uint8_t *p = f->plane[0] + yi * f->stride[0] + xi, *q = p + f->stride[0];
    return (p[0] * (1 - a) + p[1] * a) * (1 - b) + (q[0] * (1 - a) + q[1] * a) * b;
}

static double depth_at(const omma_frame *f, int x, int y)
{
    return (double)((const float *)f->truth->depth->data)[y * f->width + x];
}

static omma_se3 pose_of(const omma_frame *f)
{
    return omma_se3_from_quaternion(f->truth->rotation, f->truth->translation);
}

/* Moves every pixel of a into b by a's truth, and off px to the right of that; keeps those that b's
 * depth says are visible. @return their number; median and 90 % of the differences of luma. */
static size_t reproject(const omma_frame *a, const omma_frame *b, double off, double *median,
                        double *most)
{
    omma_se3 world_from_a = pose_of(a), world_from_b = pose_of(b);
    omma_se3 b_from_world = omma_se3_inverse(&world_from_b);
    omma_se3 b_from_a = omma_se3_mul(&b_from_world, &world_from_a);
    const omma_truth *k = a->truth;
    double *differences = malloc((size_t)(a->width * a->height) * sizeof *differences);
    size_t n = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            double z = depth_at(a, x, y), p[3];
            double from[3] = {(x - k->cx) / k->fx * z, (y - k->cy) / k->fy * z, z};
            omma_se3_apply(&b_from_a, from, p);
            double u = k->fx * p[0] / p[2] + k->cx + off, v = k->fy * p[1] / p[2] + k->cy;
            if (!(p[2] > 0 && u >= 0 && v >= 0 && u < b->width - 1 && v < b->height - 1))
                continue;
            double seen = depth_at(b, (int)lround(u), (int)lround(v));
            if (fabs(seen - p[2]) < 0.01 * p[2])
                differences[n++] = fabs(luma_at(b, u, v) - a->plane[0][y * a->stride[0] + x]);
        }
    omma_sort(differences, n);
    *median = n ? differences[n / 2] : 1e9;
    *most = n ? differences[n * 9 / 10] : 1e9;
    free(differences);
    return n;
}

/* No camera stands in a wall or a chair, and pictures are neither dark, burnt nor bare. */
static void check_looks(const omma_frame *f)
{
    double nearest = 1e9, mean = 0, detail = 0, count = f->width * f->height;
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            const uint8_t *p = f->plane[0] + y * f->stride[0] + x;
            nearest = fmin(nearest, depth_at(f, x, y));
            mean += *p / count;
            detail += x ? abs(p[0] - p[-1]) / count : 0;
        }
    CHECK(nearest > 0.2);
    CHECK(mean > 50 && mean < 190);
    CHECK(detail > 1.5);
}

/* What the truth says of two frames is closer than anything half a pixel beside it. */
static void check_truth(const omma_frame *a, const omma_frame *b)
{
    double median, most, left, right;
    CHECK(reproject(a, b, -0.5, &left, &most) > 0);
    CHECK(reproject(a, b, 0.5, &right, &most) > 0);
    CHECK(reproject(a, b, 0, &median, &most) > (size_t)(a->width * a->height) / 2);
    CHECK(median < 0.75 * fmin(left, right)); /* measured 0.32 to 0.58 */
    CHECK(median < 2);                        /* grey levels; measured 0.37 to 1.6 */
    CHECK(most < 16);                         /* measured 2.6 to 12 */
}

static void check_walk(omma_source *s)
{
    omma_frame *before = read_one(s), *now = NULL;
    for (int k = 1; omma_source_read(s, &now) == OMMA_OK; k++) {
        check_looks(now);
        if (k % 5 == 1)
            check_truth(before, now);
        omma_frame_unref(&before);
        before = now;
    }
    CHECK(before->index + STEP == STEP * omma_source_get_info(s)->frames);
    omma_frame_unref(&before);
}

static void truth_explains_the_pictures_of_every_walk(void)
{
    const char *const *names = omma_source_scenes();
    for (int i = 0; names[i]; i++) {
        char url[80];
        snprintf(url, sizeof url, "synthetic:%s?size=160x120&seed=3", names[i]);
        omma_source *s = NULL;
        CHECK_OK(omma_source_open(&s, url, &(omma_source_options){.step = STEP}, NULL));
        check_walk(s);
        omma_source_close(&s);
    }
}

static bool same_picture(const omma_frame *a, const omma_frame *b)
{
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < omma_format_plane_height(a->format, p, a->height); y++)
            if (memcmp(a->plane[p] + y * a->stride[p], b->plane[p] + y * b->stride[p],
                       (size_t)omma_format_plane_width(a->format, p, a->width)))
                return false;
    return true;
}

static void the_same_spec_gives_the_same_bytes(void)
{
    const char *url =
        "synthetic:corridor?size=97x63&seed=7&blur=0.5&exposure=1&noise=2&frames=3&rate=24";
    omma_source *a = open_scene(url), *b = open_scene(url);
    CHECK(omma_source_get_info(a)->frames == 3);
    CHECK(omma_source_get_info(a)->width == 97 && omma_source_get_info(a)->height == 63);
    CHECK_CLOSE(omma_source_get_info(a)->rate, 24, .abs = 0);
    for (int i = 0; i < 3; i++) {
        omma_frame *x = read_one(a), *y = read_one(b);
        CHECK(x->index == (uint64_t)i);
        CHECK(x->time_ns == (i == 0 ? 0 : i == 1 ? 41666667 : 83333333));
        CHECK_CLOSE(x->truth->fx, 97 / 2.0 / tan(32.5 * 0.017453292519943295), .rel = 1e-12);
        CHECK_CLOSE(x->truth->cx, 48, .abs = 0);
        CHECK_CLOSE(x->truth->cy, 31, .abs = 0);
        CHECK(same_picture(x, y));
        CHECK(memcmp(x->truth->depth->data, y->truth->depth->data, 97 * 63 * sizeof(float)) == 0);
        omma_frame_unref(&x);
        omma_frame_unref(&y);
    }
    omma_frame *f = NULL;
    CHECK(omma_source_read(a, &f) == OMMA_END);
    CHECK(omma_source_read(a, &f) == OMMA_END);
    omma_source_close(&a);
    omma_source_close(&b);
}

static double luma_deviation(const omma_frame *a, const omma_frame *b, double *mean)
{
    double sum = 0, square = 0, n = a->width * a->height;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            double d = a->plane[0][y * a->stride[0] + x] - b->plane[0][y * b->stride[0] + x];
            sum += d;
            square += d * d;
        }
    *mean = sum / n;
    return sqrt(square / n - *mean * *mean);
}

static void noise_and_seed_do_what_they_say(void)
{
    omma_source *plain = open_scene("synthetic:corridor?size=160x120&frames=0");
    omma_source *noisy = open_scene("synthetic:corridor?size=160x120&frames=0&noise=3");
    omma_source *other = open_scene("synthetic:corridor?size=160x120&frames=0&seed=1");
    CHECK(omma_source_get_info(plain)->frames == 0);
    omma_frame *a = read_one(plain), *b = read_one(noisy), *c = read_one(other);
    double mean;
    CHECK_CLOSE(luma_deviation(b, a, &mean), 3, .abs = 0.3); /* clipped where a lamp is white */
    CHECK_CLOSE(mean, 0, .abs = 0.2);
    CHECK(!same_picture(a, c));
    omma_frame_unref(&a);
    omma_frame_unref(&b);
    omma_frame_unref(&c);
    omma_source_close(&plain);
    omma_source_close(&noisy);
    omma_source_close(&other);
}

static void nonsense_is_refused_with_a_list(void)
{
    const char *const bad[] = {
        "synthetic:",
        "synthetic:kitchen",
        "synthetic:roomy",
        "synthetic:room?colour=red",
        "synthetic:room?seed",
        "synthetic:room?seed=",
        "synthetic:room?seed=-1",
        "synthetic:room?seed=18446744073709551616",
        "synthetic:room?frames=1e3",
        "synthetic:room?size=640",
        "synthetic:room?size=640x",
        "synthetic:room?size=x480",
        "synthetic:room?size=8x8",
        "synthetic:room?size=99999x480",
        "synthetic:room?rate=0",
        "synthetic:room?rate=nan",
        "synthetic:room?fov=180",
        "synthetic:room?blur=2",
        "synthetic:room?noise=-1",
        "synthetic:room?exposure=inf",
        "synthetic:room?seed=1&&frames=2",
        "synthetic:room?seed= 1",
        "synthetic:room?seed=1111111111111111111111111111111111111111111111111111111111111111111",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        omma_source *s = NULL;
        if (!CHECK(omma_source_open(&s, bad[i], NULL, NULL) == OMMA_UNSUPPORTED))
            fprintf(stderr, "    %s\n", bad[i]);
        CHECK(s == NULL);
        CHECK(strstr(omma_why(), strchr(bad[i], '?') ? "fov=20..120" : "corridor") != NULL);
    }
}

int main(void)
{
    TEST(nonsense_is_refused_with_a_list);
    TEST(truth_explains_the_pictures_of_every_walk);
    TEST(the_same_spec_gives_the_same_bytes);
    TEST(noise_and_seed_do_what_they_say);
    return check_done();
}
