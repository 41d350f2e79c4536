/* SPDX-License-Identifier: Apache-2.0 */
/**
 * media: pictures in and out, on FFmpeg's libraries. A source is opened from one URL syntax and
 * gives frames; a picture is written as PNG or JPEG; an encoder writes frames as H.264. Synthetic
 * scenes are sources like any other, with the exact truth beside every frame.
 *
 *   clip.mp4, clip.mkv ...       any file FFmpeg reads
 *   folder/                      pictures in name order, or by its rgb.txt (TUM layout)
 *   "folder/x*.jpg"              pictures by glob
 *   picture.png                  one picture
 *   -                            a container or raw H.264 on standard input
 *   rtsp:// http:// https://     network streams
 *   /dev/video0                  a camera (V4L2)
 *   x11::0.0                     the screen
 *   synthetic:room?seed=7&frames=300&size=640x480&blur=1&exposure=1&noise=2
 *                                embedded scenes: room, corridor, loop
 */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------- sources */

/** Where frames come from. Thread-safe: one thread at a time; stop: any thread. */
typedef struct omma_source omma_source;

typedef struct omma_source_options {
    /* FFmpeg's demuxer name when it cannot be guessed ("h264"); for cameras their pixel format or
     * codec ("yuyv422", "mjpeg"); NULL = guess */
    const char *format;
    int width, height; /* wished capture size (cameras, screens); 0 = as it comes */
    /* Wished capture rate, or the rate of what has no times: a folder without rgb.txt (EXIF times
     * are then ignored), raw H.264; 0 = the source's own, else 30 */
    double rate;
    /* Decoder threads; 0 = 1. With several FFmpeg 5.1 sees less of the damage in H.264 */
    unsigned threads;
    uint64_t skip;  /* frames left out at the start */
    uint64_t limit; /* frames to give at most; 0 = all */
    uint64_t step;  /* give every step-th frame; 0 = 1 */
} omma_source_options;

typedef struct omma_source_info {
    char description[160]; /* "h264 in mov,mp4", "237 pictures (TUM layout)" ... */
    int width, height;     /* px, after rotation by metadata */
    double rate;           /* frames per second, 0 = unknown */
    uint64_t frames;       /* how many to expect, 0 = unknown */
    bool live;             /* frames that are not taken in time are lost */
    double focal_px;       /* from EXIF (35 mm equivalent) or the scene; 0 = unknown */
} omma_source_info;

/**
 * @param url as above; borrowed
 * @return OMMA_OK (*out given: omma_source_close); OMMA_NOT_FOUND, OMMA_DENIED, OMMA_FORMAT
 * (nothing that FFmpeg can read, no video in it), OMMA_UNSUPPORTED (unknown scheme, scene or
 * option), OMMA_IO; omma_why() says what to do.
 */
omma_error omma_source_open(omma_source **out, const char *url, const omma_source_options *options,
                            const omma_log *log);
void omma_source_close(omma_source **s);
const omma_source_info *omma_source_get_info(const omma_source *s);

/**
 * The next frame, in display order, rotation by metadata done. Times are the source's own (variable
 * rate is kept) and strictly increasing: one that is not later than the one before becomes that
 * plus 1 us. Frames that cannot be decoded, or only with invented pixels, are counted as damaged
 * and not given; later ones that merely refer to such a frame are. The planes belong to the
 * decoder: read-only. The name of a picture is its file name without folders.
 * @return OMMA_OK (*out given: omma_frame_unref); OMMA_END; OMMA_INTERRUPTED (stop was called);
 *         OMMA_IO; OMMA_FORMAT (the size changes, or not one frame can be decoded); OMMA_NO_MEMORY.
 */
omma_error omma_source_read(omma_source *s, omma_frame **out);

/** Makes a waiting or the next read return OMMA_INTERRUPTED. Thread-safe: yes, signal-safe too. */
void omma_source_stop(omma_source *s);

/** Frames that were damaged or lost so far, and lines of rgb.txt that mean nothing. */
uint64_t omma_source_damaged(const omma_source *s);

/** Names of the embedded scenes, NULL at the end; static. */
const char *const *omma_source_scenes(void);

/* ---------------------------------------------------------------------------------- pictures */

/** Encodes one frame as PNG (lossless) or JPEG (quality 1-100, 0 = 92). *out given:
 *  omma_buffer_unref. @return OMMA_OK; OMMA_INVALID (no pixels, quality); OMMA_UNSUPPORTED (this
 *  FFmpeg has no such encoder); OMMA_FAILED; OMMA_NO_MEMORY. */
omma_error omma_image_encode_png(omma_buffer **out, const omma_frame *f);
omma_error omma_image_encode_jpeg(omma_buffer **out, const omma_frame *f, int quality);

/** A picture of any kind that folders may hold, from memory; turned as EXIF says. *out given:
 *  omma_frame_unref. name is for messages. @return OMMA_OK; OMMA_FORMAT (damaged, or no picture),
 *  OMMA_UNSUPPORTED, OMMA_NO_MEMORY. */
omma_error omma_image_decode(omma_frame **out, const void *data, size_t bytes, const char *name);

/** Writes a PNG or JPEG by the ending of path, whole or not at all. */
omma_error omma_image_write(const char *path, const omma_frame *f, bool replace);

/* ----------------------------------------------------------------------------------- encoder */

/** H.264 into a file (.mp4, .mkv, .h264 by ending). Written beside and renamed on close. */
typedef struct omma_encoder omma_encoder;

typedef struct omma_encoder_options {
    int width, height;       /* px, even */
    double rate;             /* 0 = 30 */
    int crf;                 /* 0 = 18 */
    bool replace;            /* may replace a file that is there */
    double rotation_degrees; /* display matrix to write: players turn it clockwise; 0 = none */
} omma_encoder_options;

omma_error omma_encoder_open(omma_encoder **out, const char *path,
                             const omma_encoder_options *options);
/** Any frame format, borrowed; time_ns must increase. The file begins at 0: times count from the
 *  first frame, to the microsecond (.mkv: millisecond; .h264 has none). Range and matrix of the
 *  file are the first frame's, limited BT.709 when that is RGB. After a failure every call returns
 *  the same. */
omma_error omma_encoder_write(omma_encoder *e, const omma_frame *f);
/** Finishes and makes the file visible; frees *e either way. */
omma_error omma_encoder_close(omma_encoder **e);
/** Removes every trace; NULL is harmless. */
void omma_encoder_abort(omma_encoder **e);

#ifdef __cplusplus
}
#endif
