/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "loop_fixture.h"
#include "loop_memory.h"

enum { STRANGERS = 12 /* keyframes of elsewhere between the visits */ };

/* A question about keyframe k. A picture is needed but not looked at: the features' looks do. */
static loop_question question_of(const world *w, uint32_t k, bool last)
{
    loop_question q = {.view = loop_view_make(w, k),
                       .camera = w->camera,
                       .standing = omma_new_array(loop_standing, w->keyframe_count),
                       .near = omma_new_array(uint8_t, w->keyframe_count),
                       .points = loop_points_make(w),
                       .keyframes = (uint32_t)w->keyframe_count,
                       .looked = true,
                       .last = last};
    q.own = loop_view_points(w, &q.view);
    for (uint32_t i = 0; i < w->keyframe_count; i++) {
        q.standing[i] = (loop_standing){w->keyframes[i].camera_from_world, 0, true};
        q.near[i] = (i < FIXTURE_KEYS) == (k < FIXTURE_KEYS);
    }
    return q;
}

/* Two visits with something else between; drift of the second keyframe by keyframe. */
static void make_visits(visits *v, const omma_sim3 *drift, const omma_sim3 *odd_drift)
{
    const omma_sim3 none = omma_sim3_identity();
    visits_make(v, 7);
    visits_add(v, 0, &none, 0, 8);
    for (int i = 0; i < STRANGERS; i++)
        fixture_keyframe(&v->world, &(omma_se3){.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}}, true);
    visits_add(v, 0.4, drift, 0, 8);
    visits_add(v, 0.6, odd_drift, 0, 8);
}

static uint32_t ask_all(const visits *v, const uint32_t *keys, size_t n, uint32_t *at)
{
    loop_memory *m = loop_memory_create(&v->follower, 1, NULL);
    uint32_t found = 0;

    for (size_t i = 0; i < n; i++) {
        loop_question q = question_of(&v->world, keys[i], false);
        loop_finding f = loop_memory_ask(m, &q);
        if (f.count && !found) {
            found = f.count;
            *at = keys[i];
        }
        loop_finding_finish(&f);
    }
    loop_memory_destroy(&m);
    return found;
}

static void three_keyframes_that_agree_are_a_loop(void)
{
    const omma_sim3 drift = visit_drift();
    const uint32_t second = FIXTURE_KEYS + STRANGERS;
    const uint32_t keys[] = {0, 1, 2, 3, second, second + 1, second + 2};
    uint32_t at = 0;
    visits v;
    make_visits(&v, &drift, &drift);
    CHECK(ask_all(&v, keys, 7, &at) == LOOP_WITNESSES && at == second + 2);
    CHECK(ask_all(&v, keys, 6, &at) == 0);
    world_finish(&v.world);
}

/* Each of them is sure, but they want the world moved to different places. */
static void keyframes_that_disagree_are_no_loop(void)
{
    const omma_sim3 drift = visit_drift();
    const omma_sim3 odd = omma_sim3_exp((double[7]){-1, 0.4, 0.3, 0.2, -0.1, 0.1, -0.2});
    const uint32_t second = FIXTURE_KEYS + STRANGERS, third = second + FIXTURE_KEYS;
    const uint32_t keys[] = {0, 1, 2, 3, second, third, second + 1, third + 1};
    uint32_t at = 0;
    visits v;
    make_visits(&v, &drift, &odd);
    CHECK(ask_all(&v, keys, 8, &at) == 0);
    world_finish(&v.world);
}

int main(void)
{
    TEST(three_keyframes_that_agree_are_a_loop);
    TEST(keyframes_that_disagree_are_no_loop);
    return check_done();
}
