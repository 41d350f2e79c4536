/* SPDX-License-Identifier: Apache-2.0 */
/** Points without company. */
#pragma once

#include "fuse_views.h"
#include "fuse_voxels.h"

/** Removes points with hardly another one around.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error fuse_loners_remove(fuse_voxels *cloud, const fuse_views *views, unsigned threads);
