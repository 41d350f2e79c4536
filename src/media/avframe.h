/* SPDX-License-Identifier: Apache-2.0 */
/**
 * AVFrame in, omma_frame out. Formats that omma_frame knows are wrapped without a copy; other
 * planar YUV with 8 bits keeps its luma plane and gets halved chroma; only what is left goes
 * through libswscale.
 */
#pragma once

#include <omma/frame.h>

#include <libavutil/frame.h>

typedef struct avframe_converter {
    struct SwsContext *scale; /* kept between frames of one format and size */
    bool picture;             /* a still: what says nothing about its range is full range, BT.601 */
} avframe_converter;

void avframe_converter_finish(avframe_converter *c);

/** @param from its reference is moved out; it is blank afterwards, whatever is returned
 *  @return OMMA_OK (*out given; time and index are left 0); OMMA_UNSUPPORTED, OMMA_NO_MEMORY,
 *          OMMA_FORMAT (size not in 1..16384). */
omma_error avframe_to_frame(avframe_converter *c, omma_frame **out, AVFrame *from);

/** FFmpeg's sentence for a negative error number and the omma_error that fits; format says what was
 *  being done. FFmpeg's text is appended after ": ". */
omma_error avframe_fail(int averror, const char *format, ...) OMMA_PRINTF(2, 3);
