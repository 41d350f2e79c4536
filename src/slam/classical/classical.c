/* SPDX-License-Identifier: Apache-2.0 */
#include "classical.h"

omma_error classical_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options)
{
    (void)self, (void)backend, (void)log, (void)options;
    return omma_fail(OMMA_UNSUPPORTED, "the classical tracker is not there yet");
}
