/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "corners.h"
#include "follow.h"
#include "patch.h"
#include "pictures_fixture.h"
#include "sights_fixture.h"

static const double wall = 4; /* units before the keyframe; it faces the keyframe */

static omma_camera small_camera(void)
{
    return (omma_camera){
        .width = 240, .height = 180, .fx = 200, .fy = 200, .cx = 119.5, .cy = 89.5};
}

/* The wall as a camera sees it; its pattern has the keyframe's pixels. */
static omma_pyramid look(const omma_camera *c, const omma_se3 *T)
{
    const omma_se3 back = omma_se3_inverse(T);
    omma_frame *f = NULL;
    omma_pyramid p = {0};

    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, c->width, c->height));
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            double ray[3] = {(x - c->cx) / c->fx, (y - c->cy) / c->fy, 1}, d[3];
            for (int i = 0; i < 3; i++)
                d[i] = back.R[3 * i] * ray[0] + back.R[3 * i + 1] * ray[1] +
                       back.R[3 * i + 2] * ray[2];
            double s = (wall - back.t[2]) / d[2];
            double u = c->cx + c->fx * (back.t[0] + s * d[0]) / wall;
            double v = c->cy + c->fy * (back.t[1] + s * d[1]) / wall;
            f->plane[0][y * f->stride[0] + x] = (uint8_t)lround(fixture_pattern(u, v, 3));
        }
    CHECK_OK(omma_pyramid_build(&p, f, KLT_LEVELS));
    omma_frame_unref(&f);
    return p;
}

typedef struct scene {
    world world;
    omma_pyramid first;
} scene;

static void scene_make(scene *s)
{
    corner found[200];
    uint8_t room[200];
    const omma_se3 T = omma_se3_identity();
    *s = (scene){.world = {.camera = small_camera()}};
    s->first = look(&s->world.camera, &T);
    uint32_t k = fixture_keyframe(&s->world, &T, true);
    const corner_grid grid = corner_grid_make(240, 180, 20);
    memset(room, 1, sizeof(room));
    size_t n = corners_find(&s->first, 2, &grid, room, NULL, 0, 8, found, 200);
    for (size_t i = 0; i < n; i++) {
        const double px[2] = {from_level(found[i].x, found[i].level),
                              from_level(found[i].y, found[i].level)};
        uint32_t f = fixture_feature(&s->world, k, px, 1 / wall, 0.01 / wall, FEATURE_MATURE);
        s->world.features[f].level = found[i].level;
        patch_capture(&s->world.features[f], &s->first, k, (float)px[0], (float)px[1]);
    }
    CHECK(n > 50);
}

static void scene_finish(scene *s)
{
    omma_pyramid_finish(&s->first);
    world_finish(&s->world);
}

typedef struct outcome {
    size_t visible, found;
    double median; /* px from the truth */
} outcome;

/* Looks for every feature in the view from T, starting some px beside the truth. */
static outcome find_all(const scene *s, const omma_se3 *T, double beside, bool coarse)
{
    const world *w = &s->world;
    omma_pyramid now = look(&w->camera, T);
    klt_kernels k;
    double away[200];
    outcome o = {0};

    klt_kernels_init(&k, omma_cpu_flags());
    for (size_t i = 0; i < w->feature_count; i++) {
        double px[2], angle = 2.4 * (double)i;
        klt_template t;
        int level;
        if (!feature_project(w, &w->features[i], T, px, NULL, NULL) || px[0] < 15 || px[1] < 15 ||
            px[0] > 224 || px[1] > 164)
            continue;
        o.visible++;
        if (!patch_template(w, &w->features[i], T, now.levels, coarse, &t, &level))
            continue;
        const float x = to_level((float)(px[0] + beside * cos(angle)), level);
        const float y = to_level((float)(px[1] + beside * sin(angle)), level);
        klt_result r = klt_align(&k, &t, &now.level[level], x, y, 12, 8);
        if (r.score > 0.8f)
            away[o.found++] = hypot(from_level(r.x, level) - px[0], from_level(r.y, level) - px[1]);
    }
    o.median = o.found ? omma_median(away, o.found) : 1e9;
    omma_pyramid_finish(&now);
    return o;
}

static void a_warped_patch_aligns_to_a_fraction_of_a_pixel(void)
{
    const omma_se3 views[] = {
        fixture_pose(0, 0, 0, 0, 0, 0),
        fixture_pose(0.3, 0.1, 0, 0, 0, 0.5),      /* turned in the picture */
        fixture_pose(0.1, 0, 1.2, 0, 0, -0.2),     /* nearer: half as large again */
        fixture_pose(0, 0.2, -1.5, 0.05, 0.05, 1), /* farther */
        fixture_pose(1.6, 0, 0.4, 0, -0.5, 0),     /* slanted */
    };
    scene s;
    scene_make(&s);
    for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
        outcome o = find_all(&s, &views[i], 1.3, false);
        CHECK(o.visible > 25);
        CHECK(o.found * 10 >= o.visible * 8);
        CHECK(o.median < (i ? 0.1 : 0.02)); /* seen 0.05, 0.004 */
    }
    scene_finish(&s);
}

static void the_coarse_copy_is_found_from_further_away(void)
{
    scene s;
    scene_make(&s);
    omma_se3 T = fixture_pose(0.3, 0.1, 0, 0, 0, 0.3);
    outcome coarse = find_all(&s, &T, 4, true), fine = find_all(&s, &T, 4, false);
    CHECK(coarse.found * 10 >= coarse.visible * 6);
    CHECK(coarse.median < 0.5);
    CHECK(coarse.found > fine.found);
    scene_finish(&s);
}

static void views_that_the_patch_cannot_serve_are_refused(void)
{
    scene s;
    scene_make(&s);
    const omma_se3 bad[] = {
        fixture_pose(0, 0, -19, 0, 0, 0),      /* six times smaller */
        fixture_pose(0, 0, 3.5, 0, 0, 0),      /* eight times larger */
        fixture_pose(0, 0, 0, 0, 3.1, 0),      /* behind */
        fixture_pose(4.2, 0, 3.9, 0, -1.5, 0), /* along the wall */
    };
    klt_template t;
    int level;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        for (size_t f = 0; f < s.world.feature_count; f++)
            CHECK(!patch_template(&s.world, &s.world.features[f], &bad[i], 5, false, &t, &level));
    omma_se3 here = omma_se3_identity();
    feature_kill(&s.world.features[0]);
    CHECK(!patch_template(&s.world, &s.world.features[0], &here, 5, false, &t, &level));
    scene_finish(&s);
}

static void features_are_followed_into_the_next_picture(void)
{
    scene s;
    scene_make(&s);
    world *w = &s.world;
    follower f;
    follower_init(&f, omma_cpu_flags());
    const omma_se3 before = omma_se3_identity(),
                   after = fixture_pose(0.15, 0.05, 0.1, 0, 0.03, 0.1);
    const omma_se3 guess = fixture_pose(0.1, 0.02, 0.05, 0, 0.02, 0.08);
    omma_pyramid now = look(&w->camera, &after);
    sight sights[200], found[200];
    for (uint32_t i = 0; i < w->feature_count; i++) {
        const double px[2] = {w->features[i].x, w->features[i].y};
        sights[i] = fixture_sight(w, i, px);
    }
    size_t n = follow_features(&f, w,
                               &(follow_input){.before = &s.first,
                                               .now = &now,
                                               .pose_before = &before,
                                               .pose_now = &guess,
                                               .sights = sights,
                                               .count = w->feature_count,
                                               .top_level = 3},
                               found);
    size_t right = 0;
    for (size_t i = 0; i < n; i++) {
        double px[2];
        CHECK(feature_project(w, &w->features[found[i].feature], &after, px, NULL, NULL));
        right += hypot(found[i].x - px[0], found[i].y - px[1]) < 0.5;
    }
    CHECK(n * 10 >= w->feature_count * 7); /* the others have left the picture */
    CHECK(right * 100 >= n * 95);
    omma_pyramid_finish(&now);
    scene_finish(&s);
}

int main(void)
{
    TEST(a_warped_patch_aligns_to_a_fraction_of_a_pixel);
    TEST(the_coarse_copy_is_found_from_further_away);
    TEST(views_that_the_patch_cannot_serve_are_refused);
    TEST(features_are_followed_into_the_next_picture);
    return check_done();
}
