/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "cull.h"
#include "sights_fixture.h"

enum { N = 200, KEYS = 20 };

static omma_se3 place(int k)
{
    return fixture_pose(0.02 * k, 0.004 * k, 0.008 * k, 0, -0.004 * k, 0.004 * k);
}

/* Keyframe k sees point i unless sees() says no; the first that does holds it. A frame between two
 * keyframes hangs on the earlier. */
static world make_world(const double *point, bool (*sees)(int k, size_t i))
{
    world w = {.camera = fixture_camera()};
    int64_t own[N];

    memset(own, 0xff, sizeof(own));
    for (int k = 0; k < KEYS; k++) {
        const omma_se3 T = place(k);
        const uint32_t key = fixture_keyframe(&w, &T, true);
        for (uint32_t i = 0; i < N; i++) {
            double px[2], c[3];
            if (!sees(k, i) || !fixture_see(&w.camera, &T, NULL, 0, point + (size_t)3 * i, px))
                continue;
            omma_se3_apply(&T, point + (size_t)3 * i, c);
            if (own[i] >= 0)
                fixture_observe(&w, (uint32_t)own[i], key, px);
            else
                own[i] = fixture_feature(&w, key, px, 1 / c[2], 0.01 / c[2], FEATURE_MATURE);
        }
        const omma_se3 ahead = fixture_pose(0.02, 0, 0, 0, 0.01, 0);
        const omma_se3 between = omma_se3_mul(&ahead, &T);
        uint32_t r = world_add_record(&w, &(record){.index = w.record_count, .told = NO_INDEX});
        world_set_record_pose(&w, &w.records[r], key, &between);
    }
    return w;
}

static bool everything(int k, size_t i)
{
    return k >= 0 && i < N;
}

/* Keyframe 4 alone sees a third of the points, the others the rest. */
static bool one_looks_elsewhere(int k, size_t i)
{
    return i % 3 == 0 ? k == 4 : true;
}

/* Those before 4 and those after it see different halves; 4 sees both. */
static bool one_ties_two_ends(int k, size_t i)
{
    return k == 4 || (k < 4) == (i % 2 == 0);
}

/* A third of the points is first seen by keyframe 4. */
static bool some_come_later(int k, size_t i)
{
    return i % 3 != 0 || k >= 4;
}

static size_t cull_all(world *w, uint32_t *out)
{
    return cull_around(w, (uint32_t)w->keyframe_count - 1, 0, out, KEYS);
}

static void check_nothing_hangs_on_the_culled(const world *w)
{
    for (size_t i = 0; i < w->record_count; i++)
        CHECK(w->keyframes[w->records[i].keyframe].posed);
    for (size_t i = 0; i < w->feature_count; i++) {
        const feature *f = &w->features[i];
        if (f->state == FEATURE_DEAD)
            continue;
        CHECK(w->keyframes[f->anchor].posed);
        for (uint32_t j = 0; j < f->seen_count; j++)
            CHECK(w->keyframes[f->seen[j].keyframe].posed && f->seen[j].keyframe != f->anchor);
    }
}

static void what_adds_nothing_goes_and_nothing_moves(void)
{
    double point[3 * N];
    fixture_cloud(point, N, 2, 6, 1);
    world w = make_world(point, everything);
    omma_se3 before[2 * KEYS];
    uint32_t culled[KEYS];

    for (size_t i = 0; i < w.record_count; i++)
        before[i] = world_record_pose(&w, &w.records[i]);
    const size_t n = cull_all(&w, culled);
    CHECK(n >= 2);
    for (size_t i = 0; i < n; i++) {
        const keyframe *k = &w.keyframes[culled[i]];
        CHECK(k->culled && !k->posed && culled[i] > 0 && culled[i] + 3 < KEYS);
        CHECK(i == 0 || culled[i] > culled[i - 1]);
        omma_se3 pose = world_keyframe_pose(&w, culled[i]);
        CHECK(fixture_apart(&pose, &k->camera_from_world) < 1e-9);
    }
    for (size_t i = 0; i < w.record_count; i++) {
        omma_se3 now = world_record_pose(&w, &w.records[i]), back = omma_se3_inverse(&before[i]);
        omma_se3 moved = omma_se3_mul(&now, &back);
        CHECK(hypot(hypot(moved.t[0], moved.t[1]), moved.t[2]) < 1e-9);
    }
    for (size_t i = 0; i < w.feature_count; i++) {
        double x[3], nearest = 1;
        CHECK(w.features[i].state == FEATURE_MATURE && feature_world(&w, &w.features[i], x));
        for (size_t j = 0; j < N; j++)
            nearest = fmin(nearest, hypot(hypot(x[0] - point[3 * j], x[1] - point[3 * j + 1]),
                                          x[2] - point[3 * j + 2]));
        CHECK(nearest < 1e-4); /* pixels are kept as floats */
    }
    check_nothing_hangs_on_the_culled(&w);
    world_finish(&w);
}

static void what_alone_sees_something_stays(void)
{
    double point[3 * N];
    uint32_t culled[KEYS];
    fixture_cloud(point, N, 2, 6, 2);
    world w = make_world(point, one_looks_elsewhere);

    CHECK(cull_all(&w, culled) >= 1);
    CHECK(w.keyframes[4].posed);
    check_nothing_hangs_on_the_culled(&w);
    world_finish(&w);
}

static void what_ties_others_together_stays(void)
{
    double point[3 * N];
    uint32_t culled[KEYS];
    fixture_cloud(point, N, 2, 6, 3);
    world w = make_world(point, one_ties_two_ends);

    cull_all(&w, culled);
    CHECK(w.keyframes[4].posed);
    check_nothing_hangs_on_the_culled(&w);
    world_finish(&w);
}

static void a_holder_that_cannot_leaves_it_to_the_next(void)
{
    double point[3 * N];
    uint32_t culled[KEYS];
    uint8_t at_stake[N] = {0};
    int handed = 0;
    fixture_cloud(point, N, 2, 6, 5);
    world w = make_world(point, some_come_later);

    for (size_t i = 0; i < w.feature_count; i++)
        if (w.features[i].anchor == 4 && w.features[i].seen_count == KEYS - 5) {
            w.features[i].seen[0].x = NAN; /* a pixel without a ray */
            at_stake[i] = true;
        }
    cull_all(&w, culled);
    CHECK(w.keyframes[4].culled);
    for (size_t i = 0; i < w.feature_count; i++) {
        const feature *f = &w.features[i];
        CHECK(!at_stake[i] || (f->state == FEATURE_MATURE && isfinite(f->x) && f->anchor > 4));
        handed += at_stake[i];
    }
    CHECK(handed > N / 5);
    check_nothing_hangs_on_the_culled(&w);
    world_finish(&w);
}

static void no_more_than_asked(void)
{
    double point[3 * N];
    uint32_t culled[1];
    fixture_cloud(point, N, 2, 6, 4);
    world w = make_world(point, everything);

    CHECK(cull_around(&w, KEYS - 1, KEYS, culled, 1) == 0); /* a small map keeps all */
    CHECK(cull_around(&w, KEYS - 1, 0, culled, 1) == 1);
    CHECK(cull_around(&w, KEYS - 1, 0, culled, 0) == 0);
    world_finish(&w);
}

int main(void)
{
    what_adds_nothing_goes_and_nothing_moves();
    what_alone_sees_something_stays();
    what_ties_others_together_stays();
    a_holder_that_cannot_leaves_it_to_the_next();
    no_more_than_asked();
    return check_done();
}
