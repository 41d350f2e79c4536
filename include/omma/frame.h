/* SPDX-License-Identifier: Apache-2.0 */
/**
 * frame: pixels. An omma_frame is planes in counted buffers, a format and a time; pools recycle
 * them; convert, resize and pyramid turn them into what the next room wants. Kernels exist as plain
 * C and as AVX2 / AVX-512 twins that give the same bytes.
 */
#pragma once

#include <omma/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum omma_format {
    OMMA_FORMAT_NONE,
    OMMA_FORMAT_GRAY8,  /* 1 plane                                */
    OMMA_FORMAT_I420,   /* 3 planes: Y, U, V; chroma halved twice */
    OMMA_FORMAT_NV12,   /* 2 planes: Y, UV interleaved            */
    OMMA_FORMAT_RGB24,  /* 1 plane, R G B                         */
    OMMA_FORMAT_RGBA32, /* 1 plane, R G B A                      */
} omma_format;

typedef enum omma_matrix {
    OMMA_MATRIX_BT601, /* also what JPEG uses */
    OMMA_MATRIX_BT709,
} omma_matrix;

/**
 * What a synthetic scene knows of a frame: side data, in plain numbers so that frame needs no other
 * module. depth is z along the optical axis, row-major, one float per pixel, 0 = nothing seen.
 */
typedef struct omma_truth {
    double rotation[4];    /* world_from_camera quaternion x, y, z, w */
    double translation[3]; /* world_from_camera, m                    */
    double fx, fy, cx, cy; /* px; no distortion                       */
    omma_buffer *depth;    /* width * height floats, or NULL; owned   */
} omma_truth;

#define OMMA_MAX_PLANES 3

/**
 * One picture. Whoever holds the only reference may fill it; from the first push on it is
 * read-only. Thread-safe: ref and unref yes.
 */
typedef struct omma_frame {
    omma_format format;
    int width, height; /* px */
    uint8_t *plane[OMMA_MAX_PLANES];
    int stride[OMMA_MAX_PLANES];          /* bytes from row to row */
    omma_buffer *buffer[OMMA_MAX_PLANES]; /* what keeps the planes alive; may be NULL or shared */
    bool limited_range;                   /* YUV: luma 16-235 instead of 0-255 */
    omma_matrix matrix;                   /* YUV only */
    int64_t time_ns;        /* presentation or exposure time, in the source's own clock */
    uint64_t index;         /* 0, 1, 2 ... in the source, damaged frames counted */
    const char *name;       /* file name of an image source or NULL; lives as long as the frame */
    omma_truth *truth;      /* owned; NULL except for synthetic scenes */
    struct omma_pool *pool; /* internal */
    int references;         /* internal, atomic */
} omma_frame;

/** A frame with own host memory; strides are multiples of 64 bytes, planes 64-byte aligned.
 *  @return OMMA_OK (*out given: omma_frame_unref); OMMA_INVALID (size not in 1..16384, format);
 *  OMMA_NO_MEMORY. */
omma_error omma_frame_create(omma_frame **out, omma_format format, int width, int height);

/** A frame without planes, to be filled with wrapped buffers by the caller. */
omma_frame *omma_frame_create_empty(void);

omma_frame *omma_frame_ref(omma_frame *f); /* same pointer; NULL stays NULL */
void omma_frame_unref(omma_frame **f);     /* the last one returns it to its pool */
/** Copies name and keeps it as long as the frame. */
void omma_frame_set_name(omma_frame *f, const char *name);

/** "i420"; static. */
const char *omma_format_name(omma_format format);
int omma_format_planes(omma_format format);
/** Width or height in samples of one plane. */
int omma_format_plane_width(omma_format format, int plane, int width);
int omma_format_plane_height(omma_format format, int plane, int height);
/** Bytes from one sample to the next in a plane (RGB24: 3, NV12 plane 1: 2). */
int omma_format_sample_bytes(omma_format format, int plane);

/* -------------------------------------------------------------------------------------- pool */

/** Recycles frames of one format and size. Thread-safe: yes; frames may outlive the pool. */
typedef struct omma_pool omma_pool;

/** @return OMMA_OK; OMMA_INVALID, OMMA_NO_MEMORY as omma_frame_create. */
omma_error omma_pool_create(omma_pool **out, omma_format format, int width, int height);
void omma_pool_destroy(omma_pool **p);
/** A frame whose pixels are old ones, with time, index, name and truth cleared. A frame comes back
 *  to the pool with its last reference, unless somebody still holds a reference to its buffer.
 *  @return OMMA_OK (*out given: omma_frame_unref); OMMA_NO_MEMORY. */
omma_error omma_pool_get(omma_pool *p, omma_frame **out);

/* ----------------------------------------------------------------------------------- convert */

/**
 * Converts between any two formats of the same size. YUV -> RGB follows the frame's matrix and
 * range (ITU-R BT.601 / BT.709; nearest chroma); RGB -> YUV writes full-range BT.601; grey is luma,
 * with limited range stretched to 0-255. to's limited_range and matrix are set; time, index, name
 * and truth are the caller's.
 *
 * @param to   filled; its format and size decide
 * @param from borrowed
 * @return OMMA_OK; OMMA_INVALID (sizes differ, no pixels).
 * Thread-safe: yes.
 */
omma_error omma_frame_convert(omma_frame *to, const omma_frame *from);

/** One pixel as sRGB, clamped into the picture, nearest sample. Any format. Thread-safe: yes. */
void omma_frame_rgb_at(const omma_frame *f, int x, int y, uint8_t rgb[3]);

/* ------------------------------------------------------------------------------------ resize */

/** Area averaging when shrinking, bilinear when growing (each axis for itself); pixel centres map
 *  to pixel centres (x_to + 0.5) * from.width / to.width - 0.5. Same format on both sides.
 *  @return OMMA_OK; OMMA_INVALID. Thread-safe: yes. */
omma_error omma_frame_resize(omma_frame *to, const omma_frame *from);

/** The colours of a picture on a grid of another size: 3 bytes each, row after row without gaps.
 *  @param f borrowed
 *  @return given: omma_buffer_unref; NULL where f has no pixels or there is no memory.
 *  Thread-safe: yes. */
omma_buffer *omma_frame_grid_rgb(const omma_frame *f, int width, int height);

/** Rotates by 0, 90, 180 or 270 degrees clockwise; to has swapped sizes for 90 and 270.
 *  @return OMMA_OK; OMMA_INVALID. Thread-safe: yes. */
omma_error omma_frame_rotate(omma_frame *to, const omma_frame *from, int degrees_clockwise);

/* ----------------------------------------------------------------------------------- pyramid */

#define OMMA_MAX_LEVELS 8
/* Each level carries this many replicated pixels on every side, so that patches may hang over. */
#define OMMA_PYRAMID_BORDER 16

typedef struct omma_level {
    uint8_t *data; /* pixel (0, 0); rows and columns -16 .. size+15 are readable */
    int width, height, stride;
} omma_level;

/** Grey image pyramid; level 0 is the full size, each next one halves (2x2 box filter: level-l
 *  pixel x covers x*2^l .. (x+1)*2^l - 1, so x_0 = (x_l + 0.5) * 2^l - 0.5). */
typedef struct omma_pyramid {
    omma_level level[OMMA_MAX_LEVELS];
    int levels;
    omma_buffer *buffer;
} omma_pyramid;

/** (Re)builds p (zeroed at first) from a frame of any format: luma as it is, without stretching its
 *  range. Memory is reused when the size is the same and nobody else holds p->buffer. levels is
 *  lowered so that the smallest level is at least 16 px in both directions; an odd last row or
 *  column is not seen by the next level.
 *  @return OMMA_OK; OMMA_INVALID (smaller than 16 x 16); OMMA_NO_MEMORY. One thread at a time. */
omma_error omma_pyramid_build(omma_pyramid *p, const omma_frame *f, int levels);
void omma_pyramid_finish(omma_pyramid *p);

#ifdef __cplusplus
}
#endif
