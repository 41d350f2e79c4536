/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "densify.h"
#include "sights_fixture.h"

enum { KEYS = 120, MOST = 60 /* pictures: those kept and those of jobs under way */ };

static _Atomic int alive; /* pyramids somebody holds */

static void let_go(omma_buffer *b, void *user)
{
    (void)user;
    free(b->data);
    alive--;
}

static omma_pyramid picture_of_nothing(const omma_camera *c)
{
    const size_t bytes = (size_t)c->width * (size_t)c->height;
    uint8_t *pixels = omma_new_array(uint8_t, bytes);
    omma_pyramid p = {.levels = 1,
                      .buffer = omma_buffer_wrap(pixels, bytes, OMMA_MEMORY_HOST, let_go, NULL)};
    p.level[0].width = c->width;
    p.level[0].height = c->height;
    p.level[0].stride = c->width;
    alive++;
    return p;
}

/* A keyframe per frame; some are culled before enough came after them. */
static int most_pictures_held(bool culling)
{
    world w = {.camera = {.width = 64, .height = 48, .fx = 50, .fy = 50, .cx = 31.5, .cy = 23.5}};
    densifier *d = NULL;
    omma_frame *frame = NULL;
    int most = 0;

    CHECK_OK(omma_frame_create(&frame, OMMA_FORMAT_GRAY8, w.camera.width, w.camera.height));
    memset(frame->plane[0], 0, (size_t)frame->stride[0] * (size_t)frame->height);
    CHECK_OK(densifier_create(&d, 0, true));
    for (int k = 0; k < KEYS; k++) {
        const omma_se3 pose = fixture_pose(0.1 * k, 0, 0, 0, 0, 0);
        const uint32_t key = fixture_keyframe(&w, &pose, true);
        omma_pyramid p = picture_of_nothing(&w.camera);
        if (culling && k % 5 == 2) {
            w.keyframes[key - 1].culled = true;
            world_set_record_pose(&w, &w.records[w.keyframes[key - 1].frame], key - 2,
                                  &w.keyframes[key - 1].camera_from_world);
        }
        densify_frame(d, &w, w.keyframes[key].frame, frame, &p);
        omma_buffer_unref(&p.buffer);
        most = alive > most ? alive : most;
    }
    densifier_destroy(&d);
    CHECK(alive == 0);
    omma_frame_unref(&frame);
    world_finish(&w);
    return most;
}

static void pictures_that_are_kept_are_bounded(void)
{
    CHECK(most_pictures_held(false) <= MOST);
}

/* They are no targets any more: none of them may stand in the way of those behind it. */
static void culled_keyframes_do_not_keep_their_pictures(void)
{
    CHECK(most_pictures_held(true) <= MOST);
}

int main(void)
{
    TEST(pictures_that_are_kept_are_bounded);
    TEST(culled_keyframes_do_not_keep_their_pictures);
    return check_done();
}
