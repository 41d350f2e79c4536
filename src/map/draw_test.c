/* SPDX-License-Identifier: Apache-2.0 */
/* With a folder as argument the pictures are left there as PPM, to be looked at. */
#include "check.h"
#include "draw.h"
#include "map_fixture.h"

static const char *folder;

static void keep(const omma_frame *f, const char *name)
{
    if (!folder)
        return;
    char *path = omma_text("%s/%s.ppm", folder, name);
    FILE *to = fopen(path, "wb");

    if (to) {
        fprintf(to, "P6\n%d %d\n255\n", f->width, f->height);
        for (int y = 0; y < f->height; y++)
            fwrite(f->plane[0] + (size_t)y * f->stride[0], 3, (size_t)f->width, to);
        fclose(to);
    }
    free(path);
}

/* Pixels whose color is near the given one. */
static size_t count_near(const omma_frame *f, const int want[3], int tolerance)
{
    size_t n = 0;

    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            const uint8_t *p = f->plane[0] + (size_t)y * f->stride[0] + 3 * x;
            bool near = true;

            for (int k = 0; k < 3; k++)
                near = near && abs(p[k] - want[k]) <= tolerance;
            n += near;
        }
    return n;
}

static size_t count_color(const omma_frame *f, rgb color, int tolerance)
{
    int want[3] = {(int)(255 * color.r), (int)(255 * color.g), (int)(255 * color.b)};

    return count_near(f, want, tolerance);
}

static void map_from_above_shows_path_points_and_scale(void)
{
    omma_map *m = test_map(TEST_POINTS);
    omma_frame *f = NULL;

    CHECK_OK(omma_map_draw_top(m, 960, 720, &f));
    CHECK(f->format == OMMA_FORMAT_RGB24 && f->width == 960 && f->height == 720);
    CHECK(count_color(f, time_color(0, false), 12) > 50);
    CHECK(count_color(f, time_color(1, false), 12) > 50);
    CHECK(count_near(f, (int[]){190, 45, 40}, 40) > 100);            /* the box's red side */
    CHECK(count_near(f, (int[]){249, 249, 246}, 3) > 960 * 720 / 4); /* paper is left */
    keep(f, "top");
    omma_frame_unref(&f);
    omma_map_destroy(&m);
}

static void cloud_shows_colors_and_path(void)
{
    omma_map *m = test_map(20 * TEST_POINTS);
    omma_frame *f = NULL;

    CHECK_OK(omma_map_draw_cloud(m, 960, 720, &f));
    CHECK(f->format == OMMA_FORMAT_RGB24 && f->width == 960 && f->height == 720);
    CHECK(count_color(f, time_color(0, true), 25) > 50);
    CHECK(count_color(f, time_color(1, true), 25) > 50);
    CHECK(count_near(f, (int[]){76, 103, 214}, 25) > 1000); /* the box's blue top */
    keep(f, "cloud");
    omma_frame_unref(&f);
    omma_map_destroy(&m);
}

/* A walk that turns to the right must turn to the right in the picture, however that is turned. */
static void view_from_above_is_not_mirrored(void)
{
    omma_map *m = omma_map_create();
    omma_frame *f = NULL;
    double sum[2][3] = {{0}};

    /* straight ahead along z for 60, then to the right along x for 30 */
    for (int i = 0; i < 90; i++) {
        omma_se3 T = omma_se3_identity();

        T.t[2] = i < 60 ? i : 60;
        T.t[0] = i < 60 ? 0 : i - 60;
        omma_view v = {.frame_index = (uint64_t)i,
                       .time_ns = i,
                       .status = OMMA_STATUS_TRACKING,
                       .has_pose = true,
                       .is_keyframe = true,
                       .keyframe = (uint32_t)i,
                       .keyframe_from_camera = omma_se3_identity(),
                       .world_from_keyframe = omma_sim3_from_se3(&T, 1),
                       .camera = test_camera};

        omma_map_add_view(m, &v);
    }
    CHECK_OK(omma_map_draw_top(m, 480, 480, &f));
    keep(f, "turn");
    /* where are start, corner and end? The markers of the ends are the largest blue and red spots
     */
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < f->width; x++) {
            const uint8_t *p = f->plane[0] + (size_t)y * f->stride[0] + 3 * x;
            int end = p[2] > 190 && p[0] < 60 ? 0 : p[0] > 200 && p[2] < 60 ? 1 : -1;

            if (end >= 0) {
                sum[end][0] += x;
                sum[end][1] += y;
                sum[end][2] += 1;
            }
        }
    CHECK(sum[0][2] > 0 && sum[1][2] > 0);
    double start[2] = {sum[0][0] / sum[0][2], sum[0][1] / sum[0][2]};
    double end[2] = {sum[1][0] / sum[1][2], sum[1][1] / sum[1][2]};

    /* The first leg is the longer one and lies along a side of the picture. */
    double dx = end[0] - start[0], dy = end[1] - start[1];
    double leg[2] = {fabs(dx) > fabs(dy) ? dx : 0, fabs(dx) > fabs(dy) ? 0 : dy};

    CHECK(leg[0] * dy - leg[1] * dx > 0); /* y is down in pictures: positive is to the right */
    omma_frame_unref(&f);
    omma_map_destroy(&m);
}

static void little_is_drawn_too(void)
{
    omma_map *m = omma_map_create();
    omma_map_point far_away[3] = {{.world = {1e30, 0, 0}}, {.world = {0, -1e300, 0}}, {{0}}};
    omma_view v = test_view(0);
    omma_frame *f = NULL;

    CHECK(omma_map_draw_top(m, 64, 48, &f) == OMMA_DEGENERATE);
    CHECK(omma_map_draw_cloud(m, 64, 48, &f) == OMMA_DEGENERATE);
    CHECK(omma_map_draw_top(m, 4, 48, &f) == OMMA_INVALID);
    CHECK(f == NULL);
    omma_map_add_view(m, &v);
    CHECK_OK(omma_map_draw_top(m, 64, 48, &f));
    omma_frame_unref(&f);
    CHECK_OK(omma_map_draw_cloud(m, 64, 48, &f));
    omma_frame_unref(&f);
    for (int i = 0; i < 3; i++)
        far_away[i].submap = TEST_SUBMAP;
    omma_map_set_points(m, far_away, 3, NULL, 0);
    CHECK_OK(omma_map_draw_top(m, 48, 64, &f));
    omma_frame_unref(&f);
    CHECK_OK(omma_map_draw_cloud(m, 48, 64, &f));
    omma_frame_unref(&f);
    omma_map_destroy(&m);
}

static void same_map_gives_the_same_bytes(void)
{
    omma_map *m = test_map(500);
    omma_frame *a, *b;

    CHECK_OK(omma_map_draw_cloud(m, 200, 150, &a));
    CHECK_OK(omma_map_draw_cloud(m, 200, 150, &b));
    for (int y = 0; y < a->height; y++)
        CHECK(memcmp(a->plane[0] + (size_t)y * a->stride[0], b->plane[0] + (size_t)y * b->stride[0],
                     600) == 0);
    omma_frame_unref(&a);
    omma_frame_unref(&b);
    omma_map_destroy(&m);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : NULL;
    TEST(map_from_above_shows_path_points_and_scale);
    TEST(cloud_shows_colors_and_path);
    TEST(view_from_above_is_not_mirrored);
    TEST(little_is_drawn_too);
    TEST(same_map_gives_the_same_bytes);
    return check_done();
}
