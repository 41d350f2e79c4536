/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Synthetic scenes as a source: a deterministic ray caster over textured boxes, spheres and
 * cylinders. The same spec gives the same bytes on every machine; with every frame comes its
 * omma_truth.
 */
#pragma once

#include "source.h"

/**
 * @param spec what stands behind "synthetic:", NAME?option=value&...; borrowed
 * @param options width, height and rate are used where spec does not say; may be NULL; borrowed
 * @return OMMA_OK; OMMA_UNSUPPORTED (unknown scene or option, a value that makes no sense:
 * omma_why() lists what there is); OMMA_NO_MEMORY.
 */
omma_error scene_open(source_backend *out, omma_source_info *info, const char *spec,
                      const omma_source_options *options);
