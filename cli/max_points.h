/* SPDX-License-Identifier: Apache-2.0 */
/** How many points a dense cloud may have, when no option says it. */
#pragma once

#include <omma/base.h>

/** SLAM3R_MAX_POINTCLOUD_SIZE of the environment; 0 when it is not set.
 *  @return OMMA_OK; OMMA_INVALID (not a number from 1 to 1e9). */
omma_error max_points_read(size_t *out);
