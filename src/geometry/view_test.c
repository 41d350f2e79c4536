/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static void a_view_takes_its_keyframes_scale(void)
{
    omma_view v = {.keyframe_from_camera = omma_se3_identity(),
                   .world_from_keyframe = omma_sim3_identity()};
    v.keyframe_from_camera.t[0] = 1;
    v.world_from_keyframe.s = 3;
    v.world_from_keyframe.t[1] = 5;
    omma_se3 T = omma_view_world_from_camera(&v);
    CHECK_ARRAY_CLOSE(T.t, ((double[3]){3, 5, 0}), 3, .abs = 0);
}

static void every_status_has_a_name(void)
{
    CHECK_TEXT(omma_status_name(OMMA_STATUS_ROTATING), "rotating");
    CHECK_TEXT(omma_status_name(OMMA_STATUS_RELOCALISED), "relocalised");
    CHECK_TEXT(omma_status_name((omma_status)99), "unknown");
}

int main(void)
{
    TEST(a_view_takes_its_keyframes_scale);
    TEST(every_status_has_a_name);
    return check_done();
}
