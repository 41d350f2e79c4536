/* SPDX-License-Identifier: Apache-2.0 */
/* The colours that go with a view's depth. */
#pragma once

#include <omma/frame.h>
#include <omma/geometry.h>

/* The picture at the size of the depth's grid, as omma_view.depth_rgb. Given: omma_buffer_unref;
 * NULL where the view has no depth, there is no picture or no memory. */
omma_buffer *depth_colors(const omma_view *view, const omma_frame *picture);
