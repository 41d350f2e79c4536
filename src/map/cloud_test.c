/* SPDX-License-Identifier: Apache-2.0 */
/* Cameras in a box-shaped room with a thin plate in its middle: the walls' places are known. */
#include <omma/map.h>

#include "check.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { W = 64, H = 48, CELLS = W * H, VIEWS = 12 };

static const double half[3] = {2, 1.2, 2.5}; /* of the room, around the origin */
static const double plate[3] = {0.4, 0.5, 0.02};

static const omma_camera straight = {
    .width = 320, .height = 240, .fx = 200, .fy = 200, .cx = 159.5, .cy = 119.5};
static const omma_camera bent = {.width = 320,
                                 .height = 240,
                                 .fx = 200,
                                 .fy = 200,
                                 .cx = 155,
                                 .cy = 121,
                                 .k = {-0.2, 0.05, 0.001, -0.001, 0}};

typedef struct scene {
    const omma_camera *camera;
    double noise, stated; /* relative */
    bool ghost;           /* view 3 sees a blob in the air */
    int views;
    bool together; /* all look the same way from one side */
} scene;

/* Where a ray leaves the room or meets the plate: factor of its length. */
static double cast(const double from[3], const double way[3])
{
    double exit = INFINITY, enter = 0, leave = INFINITY;

    for (int k = 0; k < 3; k++) {
        double wall = (way[k] > 0 ? half[k] : -half[k]) - from[k];
        double a = (-plate[k] - from[k]) / way[k], b = (plate[k] - from[k]) / way[k];

        exit = fmin(exit, wall / way[k]);
        enter = fmax(enter, fmin(a, b));
        leave = fmin(leave, fmax(a, b));
    }
    return enter > 0 && enter < leave ? enter : exit;
}

static omma_se3 camera_pose(const scene *s, int i)
{
    double angle = s->together ? 0.1 * i : 2 * M_PI * i / VIEWS;
    double turn = angle + (s->together ? 0 : 0.4 * (i % 3 - 1));

    return (omma_se3){.R = {cos(turn), 0, -sin(turn), 0, 1, 0, sin(turn), 0, cos(turn)},
                      .t = {1.5 * sin(angle), 0.2 * (i % 3 - 1), -1.5 * cos(angle)}};
}

static void add_view(omma_map *m, const scene *s, int i)
{
    double scale = 0.5 + 0.1 * i; /* of the keyframe's own unit */
    omma_se3 pose = camera_pose(s, i);
    omma_view v = {.frame_index = (uint64_t)i,
                   .time_ns = i,
                   .status = OMMA_STATUS_TRACKING,
                   .has_pose = true,
                   .is_keyframe = true,
                   .keyframe = (uint32_t)(70 + i),
                   .keyframe_from_camera = omma_se3_identity(),
                   .world_from_keyframe = omma_sim3_from_se3(&pose, scale),
                   .camera = *s->camera,
                   .depth_width = W,
                   .depth_height = H};
    uint64_t seed = (uint64_t)i + 1;

    CHECK_OK(omma_buffer_create(&v.depth, CELLS * sizeof(float)));
    CHECK_OK(omma_buffer_create(&v.depth_error, CELLS * sizeof(float)));
    CHECK_OK(omma_buffer_create(&v.depth_rgb, 3 * CELLS));
    for (int c = 0; c < CELLS; c++) {
        double px[2] = {(c % W + 0.5) * 320 / W - 0.5, (c / W + 0.5) * 240 / H - 0.5}, n[2];
        double way[3], noise = s->noise * omma_random_normal(&seed);
        float *depth = (float *)v.depth->data + c, *error = (float *)v.depth_error->data + c;

        *depth = *error = 0;
        if (!omma_camera_unproject(s->camera, px, n))
            continue;
        for (int k = 0; k < 3; k++)
            way[k] = pose.R[3 * k] * n[0] + pose.R[3 * k + 1] * n[1] + pose.R[3 * k + 2];
        *depth = (float)(cast(pose.t, way) * (1 + noise) / scale);
        if (s->ghost && i == 3 && abs(c % W - 20) < 8 && abs(c / W - 30) < 8)
            *depth = (float)(0.6 / scale);
        *error = (float)s->stated;
        memset((uint8_t *)v.depth_rgb->data + 3 * c, 100 + 5 * (i % 3), 3);
    }
    omma_map_add_view(m, &v);
    omma_buffer_unref(&v.depth);
    omma_buffer_unref(&v.depth_error);
    omma_buffer_unref(&v.depth_rgb);
}

static omma_map *make_map(const scene *s)
{
    omma_map *m = omma_map_create();

    for (int i = 0; i < s->views; i++)
        add_view(m, s, i);
    return m;
}

/* Distance from the nearest wall or the plate, with the normal there, into the room. */
static double off_surface(const float world[3], double normal[3])
{
    double nearest = INFINITY, outside = 0, inside = -INFINITY;

    for (int k = 0; k < 3; k++) {
        double d = half[k] - fabs(world[k]), beyond = fabs(world[k]) - plate[k];

        if (fabs(d) < nearest) {
            nearest = fabs(d);
            memset(normal, 0, 3 * sizeof *normal);
            normal[k] = world[k] > 0 ? -1 : 1;
        }
        outside += beyond > 0 ? beyond * beyond : 0;
        inside = fmax(inside, beyond);
    }
    double to_plate = inside > 0 ? sqrt(outside) : -inside;

    if (to_plate < nearest) {
        nearest = to_plate;
        memset(normal, 0, 3 * sizeof *normal);
        normal[2] = world[2] > 0 ? 1 : -1;
    }
    return nearest;
}

typedef struct measure {
    double rms, worst, facing; /* facing: share of the points whose normals are within 30 degrees */
    double on_wall;            /* points per square metre on a piece of the left wall */
} measure;

static measure measure_cloud(const omma_cloud *c)
{
    measure m = {0};

    for (size_t i = 0; i < c->count; i++) {
        const omma_cloud_point *p = &c->points[i];
        double normal[3], d = off_surface(p->world, normal);

        m.rms += d * d;
        m.worst = fmax(m.worst, d);
        m.facing +=
            p->normal[0] * normal[0] + p->normal[1] * normal[1] + p->normal[2] * normal[2] > 0.866;
        m.on_wall += p->world[0] < -1.8 && fabs(p->world[1]) < 0.5 && fabs(p->world[2]) < 1;
    }
    m.rms = sqrt(m.rms / (double)c->count);
    m.facing /= (double)c->count;
    m.on_wall /= 2;
    return m;
}

/* Share of places on the walls with a point of the cloud near. */
static double completeness(const omma_cloud *c, double near)
{
    uint64_t seed = 3;
    int found = 0, n = 200;

    for (int i = 0; i < n; i++) {
        double p[3];
        bool is_near = false;
        uint32_t face = omma_random_below(&seed, 4); /* the upright ones, at the cameras' height */

        for (int k = 0; k < 3; k++)
            p[k] = half[k] * (2 * omma_random_unit(&seed) - 1) * (k == 1 ? 0.4 : 0.95);
        p[face < 2 ? 0 : 2] = (face % 2 ? 1 : -1) * half[face < 2 ? 0 : 2];
        for (size_t q = 0; q < c->count && !is_near; q++) {
            const float *w = c->points[q].world;

            is_near = hypot(hypot(w[0] - p[0], w[1] - p[1]), w[2] - p[2]) < near;
        }
        found += is_near;
    }
    return (double)found / n;
}

static const scene exact = {.camera = &straight, .stated = 0.001, .views = VIEWS};

static void exact_depth_gives_the_room(void)
{
    omma_map *m = make_map(&exact);
    omma_cloud c;

    CHECK_OK(omma_map_fuse(m, NULL, &c));
    measure got = measure_cloud(&c);

    CHECK(c.voxel > 0.05 && c.voxel < 0.08);                     /* 3 m away a cell is 0.075 m */
    CHECK(got.rms < 0.1 * c.voxel && got.worst < 1.2 * c.voxel); /* at edges */
    CHECK(completeness(&c, c.voxel) > 0.97);
    CHECK(got.facing > 0.9);
    for (size_t i = 0; i < c.count; i++) {
        const omma_cloud_point *p = &c.points[i];

        CHECK(p->views >= 2 && p->views <= VIEWS);
        CHECK(p->keyframe >= 70 && p->keyframe < 70 + VIEWS);
        CHECK(p->rgb[0] >= 98 && p->rgb[0] <= 112);
        CHECK(p->error > 0 && p->error < 0.01);
    }
    omma_cloud_finish(&c);
    CHECK(!c.points);
    omma_map_destroy(&m);
}

static void noisy_walls_are_one_sheet(void)
{
    scene noisy = exact;
    omma_cloud c, clean;

    noisy.noise = noisy.stated = 0.005; /* 0.01 to 0.025 m */
    omma_map *m = make_map(&noisy), *still = make_map(&exact);

    CHECK_OK(omma_map_fuse(m, NULL, &c));
    CHECK_OK(omma_map_fuse(still, NULL, &clean));
    measure got = measure_cloud(&c), want = measure_cloud(&clean);

    CHECK(got.rms < 0.25 * c.voxel); /* thin: a cube's own scatter would be 0.29 */
    CHECK(got.on_wall < 1.3 * want.on_wall);
    CHECK(completeness(&c, c.voxel) > 0.95);
    CHECK(got.facing > 0.85);
    omma_cloud_finish(&c);
    omma_cloud_finish(&clean);
    omma_map_destroy(&m);
    omma_map_destroy(&still);
}

static void lens_distortion_is_taken_out(void)
{
    scene s = exact;
    omma_cloud c;

    s.camera = &bent;
    omma_map *m = make_map(&s);

    CHECK_OK(omma_map_fuse(m, NULL, &c));
    measure got = measure_cloud(&c);

    CHECK(c.count > 3000 && got.rms < 0.1 * c.voxel);
    CHECK(completeness(&c, c.voxel) > 0.97);
    omma_cloud_finish(&c);
    omma_map_destroy(&m);
}

static void what_others_see_through_is_left_out(void)
{
    scene s = exact;
    omma_cloud c;

    s.ghost = true;
    omma_map *m = make_map(&s);

    CHECK_OK(omma_map_fuse(m, NULL, &c));
    CHECK(measure_cloud(&c).worst < 1.2 * c.voxel);
    omma_cloud_finish(&c);
    omma_map_destroy(&m);
}

static void bounds_hold_exactly(void)
{
    omma_map *m = make_map(&exact);

    for (size_t most = 8; most <= 4000; most = most * 5 + 3) {
        omma_cloud c;

        CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.max_points = most}, &c));
        CHECK(c.count <= most);
        CHECK(c.count > most / 4);
        omma_cloud_finish(&c);
    }
    omma_map_destroy(&m);
}

static void voxels_hold_one_point_each(void)
{
    omma_map *m = make_map(&exact);
    omma_cloud c;

    CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.voxel = 0.2}, &c));
    CHECK(c.voxel == 0.2 && c.count > 500);
    int shared = 0;

    for (size_t i = 0; i < c.count; i++)
        for (size_t k = 0; k < i; k++) {
            bool same = true;

            for (int d = 0; d < 3; d++)
                same =
                    same && floor(c.points[i].world[d] / 0.2) == floor(c.points[k].world[d] / 0.2);
            shared += same;
        }
    CHECK(shared == 0);
    omma_cloud_finish(&c);
    omma_map_destroy(&m);
}

static void threads_change_nothing(void)
{
    scene noisy = exact;
    omma_cloud one, four;

    noisy.noise = noisy.stated = 0.02;
    omma_map *m = make_map(&noisy);

    CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.threads = 1}, &one));
    CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.threads = 4}, &four));
    CHECK(one.count == four.count &&
          memcmp(one.points, four.points, one.count * sizeof *one.points) == 0);
    omma_cloud_finish(&one);
    omma_cloud_finish(&four);
    omma_map_destroy(&m);
}

/* Says yes when it has been asked so many times. */
static bool asked_enough(void *user)
{
    return atomic_fetch_sub((atomic_int *)user, 1) <= 0;
}

static void it_can_be_stopped_anywhere(void)
{
    omma_map *m = make_map(&exact);
    omma_error err = OMMA_INTERRUPTED;
    int stopped = 0;

    for (int times = 0; err; times = 2 * times + 1) {
        atomic_int left = times;
        omma_cloud c = {.count = 1};

        err = omma_map_fuse(m, &(omma_fuse_options){.stop = asked_enough, .user = &left}, &c);
        CHECK(err ? err == OMMA_INTERRUPTED && !c.count && !c.points : c.count > 500);
        stopped += err != OMMA_OK;
        omma_cloud_finish(&c);
    }
    CHECK(stopped > 4);
    omma_map_destroy(&m);
}

static void enough_views_must_agree(void)
{
    scene s = exact;
    omma_cloud two, five, none;

    s.together = true;
    s.views = 4;
    omma_map *m = make_map(&s);

    CHECK_OK(omma_map_fuse(m, NULL, &two));
    CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.min_views = 5}, &five));
    CHECK(two.count > 500 && five.count == 0);
    CHECK_OK(omma_map_fuse(m, &(omma_fuse_options){.max_error = 0.0005}, &none));
    CHECK(none.count == 0);
    omma_cloud_finish(&two);
    omma_cloud_finish(&five);
    omma_cloud_finish(&none);
    omma_map_destroy(&m);
}

static void without_depth_the_cloud_is_empty(void)
{
    omma_map *m = omma_map_create();
    omma_cloud c;

    CHECK_OK(omma_map_fuse(m, NULL, &c));
    CHECK(c.count == 0);
    omma_cloud_finish(&c);
    add_view(m, &exact, 0); /* nobody agrees with it */
    CHECK_OK(omma_map_fuse(m, NULL, &c));
    CHECK(c.count == 0);
    omma_cloud_finish(&c);
    omma_map_destroy(&m);
}

static void corrections_and_scale_move_the_cloud(void)
{
    omma_map *m = make_map(&exact);
    omma_cloud c;

    for (int i = 0; i < VIEWS; i++) {
        omma_se3 pose = camera_pose(&exact, i);

        pose.t[0] += 10;
        omma_map_correct(
            m, &(omma_correction){.keyframe = (uint32_t)(70 + i),
                                  .world_from_keyframe = omma_sim3_from_se3(&pose, 0.5 + 0.1 * i)});
    }
    omma_map_rescale(m, 3);
    CHECK_OK(omma_map_fuse(m, NULL, &c));
    for (size_t i = 0; i < c.count; i++) {
        c.points[i].world[0] = c.points[i].world[0] / 3 - 10;
        c.points[i].world[1] /= 3;
        c.points[i].world[2] /= 3;
    }
    CHECK(c.count > 3000 && measure_cloud(&c).rms < 0.1 * c.voxel / 3);
    omma_cloud_finish(&c);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(exact_depth_gives_the_room);
    TEST(noisy_walls_are_one_sheet);
    TEST(lens_distortion_is_taken_out);
    TEST(what_others_see_through_is_left_out);
    TEST(bounds_hold_exactly);
    TEST(voxels_hold_one_point_each);
    TEST(threads_change_nothing);
    TEST(it_can_be_stopped_anywhere);
    TEST(enough_views_must_agree);
    TEST(without_depth_the_cloud_is_empty);
    TEST(corrections_and_scale_move_the_cloud);
    return check_done();
}
