/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "sights_fixture.h"
#include "step_vote.h"
#include "wide.h"

enum { N = 300 };

/* A cloud of points, each with one look, and the corners that cameras see of it. */
typedef struct scene {
    world world;
    follower follower;
    wide_memory memory;
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

static void scene_finish(scene *s)
{
    wide_finish(&s->memory);
    world_finish(&s->world);
}

/* What a camera sees: every point with half a pixel of noise and some bits wrong. From `strange` on
 * the points have looks of their own here. */
static described see(scene *s, const omma_se3 *T, int strange)
{
    described d = {.places = omma_new_array(sight, N),
                   .scale = omma_new_array(float, N),
                   .descriptors = omma_new_array(uint8_t, N * DESCRIPTOR_BYTES),
                   .ray = omma_new_array(double, 2 * N)};
    for (int i = 0; i < N; i++) {
        double px[2];
        if (!fixture_see(&s->world.camera, T, NULL, 0, s->point + (size_t)3 * i, px))
            continue;
        px[0] += 0.5 * omma_random_normal(&s->seed);
        px[1] += 0.5 * omma_random_normal(&s->seed);
        uint8_t *look = d.descriptors + d.n * DESCRIPTOR_BYTES;
        memcpy(look, s->look[i], DESCRIPTOR_BYTES);
        for (int k = 0; k < (i < strange ? 15 : 2000); k++) {
            uint32_t bit = omma_random_below(&s->seed, 256);
            look[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        d.places[d.n] = fixture_sight(&s->world, 0, px);
        d.scale[d.n++] = 1;
    }
    described_set_rays(&d, &s->world);
    return d;
}

static void add_view(scene *s, const omma_se3 *T, int strange)
{
    wide_memory *m = &s->memory;
    CHECK(m->count < WIDE_KEPT);
    memmove(m->view + 1, m->view, (size_t)m->count * sizeof(*m->view));
    m->view[0] = (wide_view){fixture_keyframe(&s->world, T, true), see(s, T, strange)};
    m->count++;
}

static omma_frame *grey_frame(const scene *s)
{
    omma_frame *f = NULL;
    CHECK_OK(
        omma_frame_create(&f, OMMA_FORMAT_GRAY8, s->world.camera.width, s->world.camera.height));
    for (int y = 0; y < f->height; y++)
        memset(f->plane[0] + (ptrdiff_t)y * f->stride[0], 128, (size_t)f->width);
    return f;
}

static localization place(scene *s, const omma_se3 *T, int strange, uint32_t submap,
                          sight_list *sights)
{
    described here = see(s, T, strange);
    omma_frame *frame = grey_frame(s);
    localization l =
        wide_localize(&s->memory, &s->world, &s->follower, &here, frame, submap, 1, NULL, sights);
    omma_frame_unref(&frame);
    described_finish(&here);
    return l;
}

static const omma_se3 *first_view(void)
{
    static omma_se3 T;
    T = fixture_pose(0, 0, 0, 0, 0, 0);
    return &T;
}

static void a_far_picture_is_placed_with_its_scale(void)
{
    scene s;
    sight_list sights = {0};
    const omma_se3 second = fixture_pose(0.3, 0, 0, 0, 0.03, 0);
    const omma_se3 truth = fixture_pose(0.9, 0.1, 0.5, 0.05, -0.2, 0.1);
    scene_make(&s, 1);
    add_view(&s, first_view(), N);
    add_view(&s, &second, N);
    localization l = place(&s, &truth, N, 0, &sights);
    CHECK(l.good);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.03); /* of 1.03; measured 0.008 */
    CHECK(omma_so3_angle(l.camera_from_world.R, truth.R) < 0.005);
    CHECK(sights.count >= 80);
    /* The new features are where the points are: two keyframes and the picture see them. */
    size_t good = 0;
    for (size_t i = 0; i < sights.count; i++) {
        double x[3], nearest = 1e9;
        if (!feature_world(&s.world, &s.world.features[sights.item[i].feature], x))
            continue;
        for (int k = 0; k < N; k++) {
            const double *p = s.point + (size_t)3 * k;
            nearest = fmin(nearest, hypot(hypot(x[0] - p[0], x[1] - p[1]), x[2] - p[2]));
        }
        good += nearest < 0.3;
    }
    CHECK(good * 10 >= sights.count * 8);
    free(sights.item);
    scene_finish(&s);
}

/* Only two views of one place: the direction is known, the length is anyone's guess. */
static void without_known_depth_there_is_no_pose(void)
{
    scene s;
    sight_list sights = {0};
    const omma_se3 truth = fixture_pose(0.9, 0.1, 0.5, 0.05, -0.2, 0.1);
    scene_make(&s, 2);
    add_view(&s, first_view(), N);
    CHECK(!place(&s, &truth, N, 0, &sights).good);
    CHECK(sights.count == 0 && s.world.feature_count == 0);
    scene_finish(&s);
}

static void another_place_is_not_recognised(void)
{
    scene s;
    sight_list sights = {0};
    const omma_se3 second = fixture_pose(0.3, 0, 0, 0, 0.03, 0);
    const omma_se3 truth = fixture_pose(0.9, 0.1, 0.5, 0.05, -0.2, 0.1);
    scene_make(&s, 3);
    add_view(&s, first_view(), N);
    add_view(&s, &second, N);
    CHECK(!place(&s, &truth, 0, 0, &sights).good);
    CHECK(!place(&s, &truth, N, 1, &sights).good); /* no keyframe of that submap */
    CHECK(!wide_knows(&s.memory, &s.world, 1) && wide_knows(&s.memory, &s.world, 0));
    scene_finish(&s);
}

/* Half of the corners look like nothing seen before: the vote does not mind. */
static void the_vote_finds_the_length_among_strangers(void)
{
    scene s;
    const omma_se3 second = fixture_pose(0.3, 0, 0, 0, 0.03, 0);
    const omma_se3 truth = fixture_pose(0.9, 0.1, 0.5, 0.05, -0.2, 0.1);
    const double length = fixture_apart(&second, &truth);
    double E[9];
    scene_make(&s, 4);
    add_view(&s, first_view(), N);
    add_view(&s, &second, N);
    described here = see(&s, &truth, N / 2);
    known_corner *known = known_corners(&s.world, s.memory.view, s.memory.count, 0, 0);
    described_pair *pairs = omma_new_array(described_pair, N);
    const omma_se3 back = omma_se3_inverse(&second);
    omma_se3 motion = omma_se3_mul(&truth, &back);
    for (int i = 0; i < 3; i++)
        motion.t[i] /= length;
    essential_of_motion(&motion, E);
    CHECK(step_vote(&s.world, &s.memory.view[0], known, &here, &motion, E, pairs) >= 30);
    /* The wrong way there is nothing to agree on. */
    for (int i = 0; i < 3; i++)
        motion.t[i] = -motion.t[i];
    CHECK(step_vote(&s.world, &s.memory.view[0], known, &here, &motion, E, pairs) == 0);
    free(pairs);
    free(known);
    described_finish(&here);
    scene_finish(&s);
}

/* Of two corners that look the same, the epipolar line knows which it is. */
static void the_epipolar_line_tells_twins_apart(void)
{
    scene s;
    const omma_se3 second = fixture_pose(0.5, 0, 0, 0, 0.03, 0);
    double E[9];
    scene_make(&s, 5);
    for (int i = 0; i < N; i += 2)
        memcpy(s.look[i + 1], s.look[i], DESCRIPTOR_BYTES);
    described a = see(&s, first_view(), N), b = see(&s, &second, N);
    described_pair *pairs = omma_new_array(described_pair, N);
    size_t alone = described_match(&s.follower, &a, &b, pairs);
    essential_of_motion(&second, E);
    size_t guided = described_match_along(&s.world, &a, &b, E, 2, pairs);
    CHECK(alone < 100 && guided > 200);
    free(pairs);
    described_finish(&a);
    described_finish(&b);
    scene_finish(&s);
}

int main(void)
{
    TEST(a_far_picture_is_placed_with_its_scale);
    TEST(without_known_depth_there_is_no_pose);
    TEST(another_place_is_not_recognised);
    TEST(the_vote_finds_the_length_among_strangers);
    TEST(the_epipolar_line_tells_twins_apart);
    return check_done();
}
