/* SPDX-License-Identifier: Apache-2.0 */
/* omma_frame in, AVFrame out: for encoders. */
#pragma once

#include <omma/frame.h>

#include <libavutil/frame.h>

typedef struct exchange_target {
    omma_format format; /* GRAY8, I420, RGB24 or RGBA32 */
    bool limited_range; /* I420 only */
    omma_matrix matrix; /* I420 only */
} exchange_target;

/** f as an AVFrame of this format and these colours, marked so. Planes are shared where f is so
 *  already, else converted. Encoders only read them.
 *  @return OMMA_OK (*out given: av_frame_free); OMMA_INVALID (no pixels), OMMA_NO_MEMORY. */
omma_error exchange_to_avframe(AVFrame **out, const omma_frame *f, const exchange_target *to);
