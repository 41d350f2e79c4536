/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "matrix.h"

const char *omma_status_name(omma_status status)
{
    switch (status) {
    case OMMA_STATUS_INITIALISING:
        return "initialising";
    case OMMA_STATUS_TRACKING:
        return "tracking";
    case OMMA_STATUS_ROTATING:
        return "rotating";
    case OMMA_STATUS_LOST:
        return "lost";
    case OMMA_STATUS_RELOCALISED:
        return "relocalised";
    }
    return "unknown";
}

omma_se3 omma_view_world_from_camera(const omma_view *v)
{
    const omma_sim3 *S = &v->world_from_keyframe;
    omma_se3 out;
    omma_sim3_apply(S, v->keyframe_from_camera.t, out.t); /* the keyframe's scale applies */
    mat3_mul(S->R, v->keyframe_from_camera.R, out.R);
    return out;
}
