/* SPDX-License-Identifier: Apache-2.0 */
/* Cameras and screens: FFmpeg's libavdevice, loaded only when one is opened. */
#pragma once

#include <omma/base.h>

struct AVInputFormat;

/** The demuxer of a device: "v4l2", "x11grab".
 *  @return OMMA_OK (*out static); OMMA_UNSUPPORTED (no libavdevice here, or built without it). */
omma_error device_find(const struct AVInputFormat **out, const char *name);
