/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "follow.h"
#include "pictures_fixture.h"

enum { W = 320, H = 240, CAPACITY = 4000 };

/* A described picture, and where its pixels are in the pattern. */
typedef struct look {
    double place[6];
    keypoint points[CAPACITY];
    uint8_t descriptors[CAPACITY * DESCRIPTOR_BYTES];
    float places[3 * CAPACITY];
    size_t n;
} look;

/* Turned by degrees, and seen 1 / size as large, about the middle. */
static look *look_at(const follower *f, double degrees, double size, double gain, uint64_t salt)
{
    look *l = omma_new(look);
    const double a = degrees * 3.14159265358979 / 180, c = cos(a) * size, s = sin(a) * size;
    const double place[6] = {
        c, -s, s, c, W / 2 - c * W / 2 + s * H / 2, H / 2 - s * W / 2 - c * H / 2};
    memcpy(l->place, place, sizeof(place));
    omma_frame *frame = fixture_picture(W, H, place, salt);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *p = frame->plane[0] + y * frame->stride[0] + x;
            *p = (uint8_t)lround(gain * *p);
        }
    omma_pyramid p = {0};
    CHECK_OK(omma_pyramid_build(&p, frame, 4));
    l->n = describe_picture(f, &p, 4, l->points, l->descriptors, CAPACITY);
    for (size_t i = 0; i < l->n; i++) {
        l->places[3 * i] = l->points[i].x;
        l->places[3 * i + 1] = l->points[i].y;
        l->places[3 * i + 2] = 5 * l->points[i].scale;
    }
    omma_pyramid_finish(&p);
    omma_frame_unref(&frame);
    return l;
}

static void in_pattern(const look *l, const keypoint *k, double out[2])
{
    out[0] = l->place[0] * k->x + l->place[1] * k->y + l->place[4];
    out[1] = l->place[2] * k->x + l->place[3] * k->y + l->place[5];
}

typedef struct score {
    size_t accepted, right;
} score;

/* Matches as relocation accepts them; right when both ends are the same place. */
static score compare(const follower *f, const look *a, const look *b)
{
    descriptor_match *m = omma_new_array(descriptor_match, a->n + 1);
    score s = {0};
    f->descriptors.match(a->descriptors, a->n, b->descriptors, b->places, b->n, m);
    for (size_t i = 0; i < a->n; i++) {
        if (m[i].index < 0 || m[i].best > 64 || m[i].best * 100 > m[i].second * 85)
            continue;
        double p[2], q[2];
        in_pattern(a, &a->points[i], p);
        in_pattern(b, &b->points[m[i].index], q);
        s.accepted++;
        s.right += hypot(p[0] - q[0], p[1] - q[1]) < 3 * a->points[i].scale;
    }
    free(m);
    return s;
}

static void a_turned_and_grown_picture_still_matches(void)
{
    const struct {
        double degrees, size, gain;
        size_t right; /* of a hundred accepted; seen 92, 77, 77, 83, 95 */
    } views[] = {{0, 1, 0.6, 85},
                 {30, 0.8333, 1, 70},
                 {30, 1.2, 1, 70},
                 {-75, 1.1, 0.8, 75},
                 {180, 1, 1, 90}};
    follower f;
    follower_init(&f, omma_cpu_flags());
    look *a = look_at(&f, 0, 1, 1, 1);
    CHECK(a->n > 200 && a->n <= CAPACITY);
    for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
        look *b = look_at(&f, views[i].degrees, views[i].size, views[i].gain, 1);
        score s = compare(&f, a, b);
        CHECK(s.accepted * 5 >= a->n);
        CHECK(s.right * 100 >= s.accepted * views[i].right);
        free(b);
    }
    free(a);
}

static void another_picture_hardly_matches(void)
{
    follower f;
    follower_init(&f, omma_cpu_flags());
    look *a = look_at(&f, 0, 1, 1, 1), *b = look_at(&f, 0, 1, 1, 100);
    CHECK(compare(&f, a, b).accepted * 100 <= a->n * 15); /* seen 10 */
    free(a);
    free(b);
}

static void the_angle_turns_with_the_picture(void)
{
    const double still[6] = {1, 0, 0, 1, -32, -32}, quarter[6] = {0, 1, -1, 0, -32, 32};
    omma_frame *f[2] = {fixture_picture(64, 64, still, 5), fixture_picture(64, 64, quarter, 5)};
    float angle[2];
    for (int i = 0; i < 2; i++) {
        omma_pyramid p = {0};
        CHECK_OK(omma_pyramid_build(&p, f[i], 1));
        angle[i] = descriptor_angle(&p.level[0], 32, 32);
        omma_pyramid_finish(&p);
        omma_frame_unref(&f[i]);
    }
    /* the pattern's (x, y) is shown at (-y, x): a quarter turn from x to y */
    CHECK_CLOSE(remainder(angle[1] - angle[0] - 1.5707963, 6.2831853), 0, .abs = 0.02);
}

static void patterns_stay_within_reach_and_turn(void)
{
    descriptor_pattern p;
    descriptor_pattern_init(&p);
    for (int turn = 0; turn < DESCRIPTOR_TURNS; turn++)
        for (int i = 0; i < 256; i++) {
            const int8_t *point = p.point[turn][i];
            const int8_t *half = p.point[(turn + DESCRIPTOR_TURNS / 2) % DESCRIPTOR_TURNS][i];
            for (int k = 0; k < 4; k++) {
                CHECK(abs(point[k]) <= DESCRIPTOR_REACH);
                CHECK(point[k] == -half[k]);
            }
        }
}

static void smoothing_keeps_grey_and_takes_detail(void)
{
    omma_frame *f = NULL;
    omma_pyramid in = {0}, out = {0};
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, 96, 64));
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 96; x++)
            f->plane[0][y * f->stride[0] + x] = x < 48 ? 200 : (x + y) % 2 ? 255 : 0;
    CHECK_OK(omma_pyramid_build(&in, f, 2));
    CHECK_OK(descriptor_smooth(&out, &in, 2));
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 96; x++) {
            int v = out.level[0].data[y * out.level[0].stride + x];
            if (x < 40)
                CHECK(v == 200);
            if (x > 55 && x < 90 && y > 5 && y < 58)
                CHECK(abs(v - 128) <= 2);
        }
    omma_pyramid_finish(&in);
    omma_pyramid_finish(&out);
    omma_frame_unref(&f);
}

int main(void)
{
    TEST(a_turned_and_grown_picture_still_matches);
    TEST(another_picture_hardly_matches);
    TEST(the_angle_turns_with_the_picture);
    TEST(patterns_stay_within_reach_and_turn);
    TEST(smoothing_keeps_grey_and_takes_detail);
    return check_done();
}
