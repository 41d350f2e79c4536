/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pictures of frames that may still become keyframes. A tracker may say so some updates later,
 * so the newest frames are held as they are; older ones that have no pose yet (the map may begin
 * with any of them) are held as JPEG.
 */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>

typedef struct recent_frames recent_frames;

recent_frames *recent_create(void);
void recent_destroy(recent_frames **r);

/* The newest frame; a reference is added. */
void recent_add(recent_frames *r, omma_frame *frame);
/* This frame has a pose now: it leaves when it is old. */
void recent_set_posed(recent_frames *r, uint64_t frame_index);
/* The frame, or NULL when only its JPEG is left or nothing; borrowed until the next add. */
const omma_frame *recent_frame(const recent_frames *r, uint64_t frame_index);
/* Its picture (given, NULL when gone) and name (*name given: free(); NULL when it has none). */
omma_buffer *recent_jpeg(recent_frames *r, uint64_t frame_index, char **name);
