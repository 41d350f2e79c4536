/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The backend that knows the answer: it hands on the truth that a synthetic scene carries, made
 * worse on wish, so that everything behind a tracker can be tested without one.
 */
#pragma once

#include "tracker.h"

/** Frames without truth are refused by push with OMMA_INVALID. */
omma_error synthetic_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options);
