/* SPDX-License-Identifier: Apache-2.0 */
/** Monocular SLAM without weights. */
#pragma once

#include "tracker.h"

omma_error classical_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options);
