/* SPDX-License-Identifier: Apache-2.0 */
/** Points around a surface become points on it. */
#pragma once

#include "fuse_views.h"
#include "fuse_voxels.h"

/** Moves each point along its normal to where the points around, weighted by their errors, have
 *  their surface, as far as the errors explain the difference; then puts them into cubes again.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error fuse_sheet_flatten(fuse_voxels *cloud, const fuse_views *views, unsigned threads);
/** Removes points with hardly another one around.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error fuse_sheet_clean(fuse_voxels *cloud, const fuse_views *views, unsigned threads);
