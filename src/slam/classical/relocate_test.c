/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "merge.h"
#include "relocate.h"
#include "sights_fixture.h"

enum { N = 250, KEYS = 4 };

/* A cloud that is seen by keyframes of one or two submaps; each point has one look. */
typedef struct scene {
    world world;
    follower follower;
    double point[3 * N];
    uint8_t look[N][DESCRIPTOR_BYTES];
    uint64_t seed;
} scene;

static void scene_make(scene *s, uint64_t seed)
{
    *s = (scene){.world = {.camera = fixture_camera()}, .seed = seed};
    follower_init(&s->follower, omma_cpu_flags());
    fixture_cloud(s->point, N, 2, 8, seed);
    for (int i = 0; i < N; i++)
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            s->look[i][b] = (uint8_t)omma_random_u64(&s->seed);
}

/* The look of a point, some bits of 256 wrong. */
static void look_again(scene *s, size_t i, int wrong, uint8_t *out)
{
    memcpy(out, s->look[i], DESCRIPTOR_BYTES);
    for (int k = 0; k < wrong; k++) {
        uint32_t bit = omma_random_below(&s->seed, 256);
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static omma_se3 place(double i)
{
    return fixture_pose(0.2 * i, 0.05 * sin(i), 0.03 * i, 0, -0.04 * i, 0.02 * i);
}

/* Keyframes of a new submap, from place(first) on. Its units are `scale` times the true ones, and
 * its origin is its first camera. */
static void add_submap(scene *s, double first, double scale)
{
    world *w = &s->world;
    const omma_se3 world_from_origin_back = place(first);
    const omma_se3 true_from_origin = omma_se3_inverse(&world_from_origin_back);
    int64_t own[N];

    memset(own, 0xff, sizeof(own));
    w->submap = w->keyframe_count ? w->submap + 1 : 0;
    for (int k = 0; k < KEYS; k++) {
        const omma_se3 T = place(first + k);
        omma_se3 told = omma_se3_mul(&T, &true_from_origin);
        sight sights[N];
        size_t n = 0;
        for (int i = 0; i < 3; i++)
            told.t[i] *= scale;
        const uint32_t key = fixture_keyframe(w, &told, true);
        for (uint32_t i = 0; i < N; i++) {
            double px[2], c[3];
            if (!fixture_see(&w->camera, &T, NULL, 0, s->point + (size_t)3 * i, px))
                continue;
            if (omma_random_unit(&s->seed) < 0.4)
                continue; /* no keyframe notes everything */
            px[0] += 0.3 * omma_random_normal(&s->seed);
            px[1] += 0.3 * omma_random_normal(&s->seed);
            if (own[i] >= 0) {
                fixture_observe(w, (uint32_t)own[i], key, px);
            } else {
                omma_se3_apply(&T, s->point + (size_t)3 * i, c);
                double rho = 1 / (c[2] * scale);
                own[i] = fixture_feature(w, key, px, rho, 0.02 * rho, FEATURE_MATURE);
                look_again(s, i, 8, w->features[own[i]].descriptor);
            }
            sights[n++] = fixture_sight(w, (uint32_t)own[i], px);
        }
        fixture_give_sights(&w->records[w->keyframes[key].frame], sights, n);
    }
}

/* A frame that nothing is known of but what its features look like. shift: its points have the
 * looks of others. @return its record. */
static uint32_t add_lost_frame(scene *s, const omma_se3 *T, size_t shift, bool strange)
{
    world *w = &s->world;
    const omma_se3 unknown = omma_se3_identity();
    const uint32_t key = fixture_keyframe(w, &unknown, false);
    sight sights[N];
    size_t n = 0;
    for (uint32_t i = 0; i < N; i++) {
        double px[2];
        if (!fixture_see(&w->camera, T, NULL, 0, s->point + (size_t)3 * i, px))
            continue;
        uint32_t f = fixture_feature(w, key, px, 1, 1, FEATURE_IMMATURE);
        look_again(s, (i + shift) % N, strange ? 2000 : 12, w->features[f].descriptor);
        sights[n++] = fixture_sight(w, f, px);
    }
    fixture_give_sights(&w->records[w->keyframes[key].frame], sights, n);
    return w->keyframes[key].frame;
}

static void a_lost_frame_is_found_by_its_looks(void)
{
    scene s;
    sight_list found = {0};
    const omma_se3 truth = fixture_pose(0.4, 0.3, -0.5, 0.1, 0.05, 0.6);
    scene_make(&s, 1);
    add_submap(&s, 0, 1); /* place(0) is the origin */
    uint32_t r = add_lost_frame(&s, &truth, 0, false);
    localization l = relocate_record(&s.world, &s.follower, r, 0, 8, 1, &found);
    CHECK(l.good);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.02);
    CHECK(omma_so3_angle(l.camera_from_world.R, truth.R) < 0.003);
    size_t right = 0;
    for (size_t i = 0; i < found.count; i++) {
        const sight *a = &found.item[i];
        double px[2];
        right += feature_project(&s.world, &s.world.features[a->feature], &truth, px, NULL, NULL) &&
                 hypot(px[0] - a->ux, px[1] - a->uy) < 4;
    }
    CHECK(found.count > 100 && right * 100 >= found.count * 95);
    CHECK(!relocate_record(&s.world, &s.follower, r, 1, 8, 1, &found).good); /* no such submap */
    CHECK(!relocate_elsewhere(&s.world, &s.follower, r, 0, 8, 1, &found).good);
    free(found.item);
    world_finish(&s.world);
}

static void a_frame_of_elsewhere_is_not_found(void)
{
    const omma_se3 pose = place(1.5);
    for (uint64_t seed = 0; seed < 8; seed++) {
        scene s;
        sight_list found = {0};
        scene_make(&s, 10 + seed);
        add_submap(&s, 0, 1);
        /* looks that nothing here has; or the right looks at the wrong places */
        uint32_t r = add_lost_frame(&s, &pose, seed % 2 ? 17 : 0, seed % 2 == 0);
        CHECK(!relocate_record(&s.world, &s.follower, r, 0, 8, seed, &found).good);
        CHECK(!relocate_near(&s.world, r, 0, &pose, seed, &found).good);
        free(found.item);
        world_finish(&s.world);
    }
}

/* Everything that the map has is matched at once: there is no second helping to ask for. */
static void a_small_map_is_enough(void)
{
    enum { SMALL = 60 };
    for (uint64_t seed = 20; seed < 24; seed++) {
        scene s;
        sight_list found = {0};
        scene_make(&s, seed);
        const omma_se3 origin = place(0), truth = place(0.5);
        const uint32_t key = fixture_keyframe(&s.world, &origin, true);
        for (uint32_t i = 0; i < SMALL; i++) {
            double px[2], rho = 1 / s.point[3 * i + 2];
            CHECK(fixture_see(&s.world.camera, &origin, NULL, 0, s.point + (size_t)3 * i, px));
            uint32_t f = fixture_feature(&s.world, key, px, rho, 0.02 * rho, FEATURE_MATURE);
            look_again(&s, i, 8, s.world.features[f].descriptor);
        }
        uint32_t r = add_lost_frame(&s, &truth, 0, false);
        localization l = relocate_record(&s.world, &s.follower, r, 0, 8, 1, &found);
        CHECK(l.good && l.mature_inliers > SMALL / 2);
        CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.03);
        r = add_lost_frame(&s, &truth, 17, false); /* the looks of others */
        CHECK(!relocate_record(&s.world, &s.follower, r, 0, 8, 1, &found).good);
        free(found.item);
        world_finish(&s.world);
    }
}

static void near_a_guess_is_enough(void)
{
    scene s;
    sight_list found = {0};
    const omma_se3 truth = place(1.5), guess = place(1.6);
    scene_make(&s, 2);
    add_submap(&s, 0, 1);
    uint32_t r = add_lost_frame(&s, &truth, 0, false);
    localization l = relocate_near(&s.world, r, 0, &guess, 1, &found);
    CHECK(l.good);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.01);
    free(found.item);
    world_finish(&s.world);
}

/* Keyframes and frames of all submaps are where they truly are, up to one similarity. */
static double worst_place(const world *w, double first_a, double first_b)
{
    double got[6 * KEYS], want[6 * KEYS], worst = 0;
    omma_sim3 S;
    for (int k = 0; k < 2 * KEYS; k++) {
        omma_se3 T = place((k < KEYS ? first_a : first_b) + k % KEYS);
        omma_se3 hung = world_record_pose(w, &w->records[w->keyframes[k].frame]);
        fixture_centre(&w->keyframes[k].camera_from_world, got + (ptrdiff_t)3 * k);
        CHECK_ARRAY_CLOSE(hung.t, got + (ptrdiff_t)3 * k, 3, .abs = 1e-9);
        fixture_centre(&T, want + (ptrdiff_t)3 * k);
    }
    CHECK_OK(omma_umeyama(got, want, (size_t)2 * KEYS, true, &S));
    for (int k = 0; k < 2 * KEYS; k++) {
        double x[3];
        omma_sim3_apply(&S, got + (ptrdiff_t)3 * k, x);
        for (int i = 0; i < 3; i++)
            worst = fmax(worst, fabs(x[i] - want[3 * k + i]));
    }
    return worst;
}

static void two_maps_of_one_place_become_one(void)
{
    for (int turn = 0; turn < 2; turn++) {
        scene s;
        scene_make(&s, 3);
        add_submap(&s, 0, turn ? 1 : 2.5);
        add_submap(&s, 2.5, turn ? 0.3 : 1); /* scale and origin are others */
        CHECK(merge_submaps(&s.world, &s.follower, 1, NULL) == 1);
        for (int k = 1; k < 2 * KEYS; k++) {
            CHECK(s.world.keyframes[k].submap == s.world.keyframes[0].submap);
            CHECK(s.world.records[k].submap == s.world.keyframes[0].submap);
        }
        CHECK(worst_place(&s.world, 0, 2.5) < 0.005); /* metres of 1.1; seen 0.0014 */
        CHECK(merge_submaps(&s.world, &s.follower, 1, NULL) == 0);
        world_finish(&s.world);
    }
}

static void maps_of_two_places_stay_apart(void)
{
    scene s, other;
    scene_make(&s, 4);
    scene_make(&other, 5);
    add_submap(&s, 0, 1);
    memcpy(s.look, other.look, sizeof(s.look));
    memcpy(s.point, other.point, sizeof(s.point));
    add_submap(&s, 0, 1);
    omma_se3 before = s.world.keyframes[KEYS + 1].camera_from_world;
    CHECK(merge_submaps(&s.world, &s.follower, 1, NULL) == 0);
    CHECK(s.world.keyframes[KEYS + 1].submap == 1);
    CHECK(memcmp(&before, &s.world.keyframes[KEYS + 1].camera_from_world, sizeof(before)) == 0);
    world_finish(&s.world);
}

int main(void)
{
    TEST(a_lost_frame_is_found_by_its_looks);
    TEST(a_frame_of_elsewhere_is_not_found);
    TEST(a_small_map_is_enough);
    TEST(near_a_guess_is_enough);
    TEST(two_maps_of_one_place_become_one);
    TEST(maps_of_two_places_stay_apart);
    return check_done();
}
