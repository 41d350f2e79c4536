/* SPDX-License-Identifier: Apache-2.0 */
/** Going on in a map that an earlier run made: what is kept of a tracker, and how another begins
 * with it. */
#pragma once

#include "state.h"
#include "tracker.h"

omma_error classical_save(const void *self, double scale, omma_buffer **out);
omma_error classical_restore(void *self, const omma_tracker_memory *memory, tracker_start *start);
omma_error classical_locate(void *self, const omma_frame *frame, const omma_camera *camera,
                            omma_tracker_place *out);
