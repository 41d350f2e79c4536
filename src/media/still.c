/* SPDX-License-Identifier: Apache-2.0 */
#include "still.h"

#include "avframe.h"

#include <libavcodec/avcodec.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (512u << 20)
#define EXIF_BYTES     (64u << 10)

struct still_decoder {
    enum AVCodecID id;
    const char *kind;
    AVCodecContext *codec;
    AVBufferRef *bytes; /* the file's, reused */
    AVPacket *packet;
    AVFrame *frame;
    avframe_converter converter;
    exif_facts exif;
};

still_decoder *still_create(void)
{
    still_decoder *d = omma_new(still_decoder);
    d->id = AV_CODEC_ID_NONE;
    d->kind = "";
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    d->converter.picture = true;
    return d;
}

void still_destroy(still_decoder **decoder)
{
    still_decoder *d = *decoder;
    if (!d)
        return;
    avcodec_free_context(&d->codec);
    av_packet_free(&d->packet);
    av_frame_free(&d->frame);
    av_buffer_unref(&d->bytes);
    avframe_converter_finish(&d->converter);
    free(d);
    *decoder = NULL;
}

const exif_facts *still_exif(const still_decoder *d)
{
    return &d->exif;
}

const char *still_kind(const still_decoder *d)
{
    return d->kind;
}

/* ----------------------------------------------------------------------------------- reading */

/* Room for a file of n bytes and FFmpeg's padding, in a buffer that nobody else holds. */
static omma_error reserve(still_decoder *d, size_t n)
{
    size_t need = n + AV_INPUT_BUFFER_PADDING_SIZE;
    if (d->bytes && d->bytes->size >= need && av_buffer_is_writable(d->bytes))
        return OMMA_OK;
    av_buffer_unref(&d->bytes);
    d->bytes = av_buffer_alloc(need + need / 4);
    return d->bytes ? OMMA_OK : omma_fail(OMMA_NO_MEMORY, "no memory for a file of %zu bytes", n);
}

static omma_error read_all(int fd, uint8_t *to, size_t n, const char *path)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = read(fd, to + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return omma_fail_errno("cannot read %s", path);
        if (got == 0)
            return omma_fail(OMMA_FORMAT, "%s: became shorter while it was read", path);
        done += (size_t)got;
    }
    return OMMA_OK;
}

/* The n bytes that were read become the packet's. */
static omma_error hand_over(still_decoder *d, size_t n)
{
    memset(d->bytes->data + n, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    d->packet->buf = av_buffer_ref(d->bytes);
    d->packet->data = d->bytes->data;
    d->packet->size = (int)n;
    d->packet->flags = AV_PKT_FLAG_KEY;
    return d->packet->buf ? OMMA_OK : OMMA_NO_MEMORY;
}

static omma_error read_open_file(still_decoder *d, int fd, const char *path)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return omma_fail_errno("cannot read %s", path);
    if (!S_ISREG(st.st_mode))
        return omma_fail(OMMA_FORMAT, "%s: not a file", path);
    if (st.st_size == 0)
        return omma_fail(OMMA_FORMAT, "%s: the file is empty", path);
    if (st.st_size > MAX_FILE_BYTES)
        return omma_fail(OMMA_FORMAT, "%s: %lld bytes are too many for a picture", path,
                         (long long)st.st_size);
    size_t n = (size_t)st.st_size;
    omma_error err = reserve(d, n);
    if (!err)
        err = read_all(fd, d->bytes->data, n, path);
    return err ? err : hand_over(d, n);
}

static omma_error read_file(still_decoder *d, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return omma_fail(OMMA_DENIED,
                         "cannot open %s: Permission denied: make it readable for you, or copy it",
                         path);
    if (fd < 0)
        return omma_fail_errno("cannot open %s", path);
    omma_error err = read_open_file(d, fd, path);
    close(fd);
    return err;
}

bool still_read_exif(const char *path, exif_facts *out)
{
    *out = (exif_facts){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    uint8_t *head = malloc(EXIF_BYTES);
    ssize_t got = head ? read(fd, head, EXIF_BYTES) : -1;
    close(fd);
    bool found = got > 0 && exif_read(head, (size_t)got, out);
    free(head);
    return found;
}

/* ---------------------------------------------------------------------------------- decoding */

typedef struct magic {
    enum AVCodecID id;
    const char *kind;
    unsigned at, n;
    const char *bytes;
} magic;

static const magic *recognise(const uint8_t *data, size_t n)
{
    static const magic known[] = {
        {AV_CODEC_ID_MJPEG, "JPEG", 0, 3, "\xff\xd8\xff"},
        {AV_CODEC_ID_PNG, "PNG", 0, 8, "\x89PNG\r\n\x1a\n"},
        {AV_CODEC_ID_WEBP, "WebP", 8, 4, "WEBP"},
        {AV_CODEC_ID_BMP, "BMP", 0, 2, "BM"},
        {AV_CODEC_ID_TIFF, "TIFF", 0, 4, "II*\0"},
        {AV_CODEC_ID_TIFF, "TIFF", 0, 4, "MM\0*"},
        {AV_CODEC_ID_PGM, "PGM", 0, 2, "P5"},
        {AV_CODEC_ID_PGM, "PGM", 0, 2, "P2"},
        {AV_CODEC_ID_PPM, "PPM", 0, 2, "P6"},
        {AV_CODEC_ID_PPM, "PPM", 0, 2, "P3"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const magic *m = &known[i];
        if (n >= m->at + m->n && memcmp(data + m->at, m->bytes, m->n) == 0)
            return m;
    }
    return NULL;
}

static omma_error open_decoder(still_decoder *d, const magic *m)
{
    if (d->codec && d->id == m->id)
        return OMMA_OK;
    avcodec_free_context(&d->codec);
    d->kind = m->kind;
    const AVCodec *decoder = avcodec_find_decoder(m->id);
    if (!decoder)
        return omma_fail(OMMA_UNSUPPORTED, "this FFmpeg was built without a decoder for %s",
                         m->kind);
    d->codec = avcodec_alloc_context3(decoder);
    if (!d->codec)
        return OMMA_NO_MEMORY;
    d->codec->thread_count = 1;
    d->codec->max_pixels = 16384 * 16384;
    /* Otherwise a broken scan is shown as if it were good. */
    d->codec->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
    int status = avcodec_open2(d->codec, decoder, NULL);
    if (status < 0) {
        avcodec_free_context(&d->codec);
        return avframe_fail(status, "cannot open the decoder for %s", m->kind);
    }
    d->id = m->id;
    return OMMA_OK;
}

/* A cut JPEG decodes without complaint, grey at the bottom. Inside a scan 0xff is always followed
 * by a 0 or a restart marker (ITU-T T.81 B.1.1.5), so EOI behind the last SOS is real. */
static bool is_whole_jpeg(const uint8_t *data, size_t n)
{
    for (size_t i = n < 2 ? 0 : n - 1; i-- > 0;) {
        if (data[i] == 0xff && data[i + 1] == 0xd9)
            return true;
        if (data[i] == 0xff && data[i + 1] == 0xda)
            return false;
    }
    return false;
}

static omma_error decode_packet(still_decoder *d, const char *path)
{
    int status = avcodec_send_packet(d->codec, d->packet);
    if (status >= 0)
        status = avcodec_receive_frame(d->codec, d->frame);
    if (status == AVERROR(EAGAIN))
        status = AVERROR_INVALIDDATA;
    if (status >= 0 && (d->frame->decode_error_flags || (d->frame->flags & AV_FRAME_FLAG_CORRUPT)))
        status = AVERROR_INVALIDDATA;
    if (status < 0) {
        avcodec_flush_buffers(d->codec);
        return avframe_fail(status, "%s: damaged %s", path, d->kind);
    }
    return OMMA_OK;
}

static omma_error decode(still_decoder *d, omma_frame **out, const char *path)
{
    const uint8_t *data = d->packet->data;
    size_t n = (size_t)d->packet->size;
    const magic *m = recognise(data, n);
    if (!m)
        return omma_fail(OMMA_FORMAT,
                         "%s: not a picture that can be read (JPEG, PNG, WebP, BMP, TIFF, PPM "
                         "or PGM)",
                         path);
    omma_error err = open_decoder(d, m);
    if (err)
        return err;
    if (m->id == AV_CODEC_ID_MJPEG && !is_whole_jpeg(data, n))
        return omma_fail(OMMA_FORMAT, "%s: the JPEG is cut off", path);
    if (m->id == AV_CODEC_ID_MJPEG)
        exif_read(data, n, &d->exif);
    err = decode_packet(d, path);
    return err ? err : avframe_to_frame(&d->converter, out, d->frame);
}

static omma_error rotate(omma_frame **frame, int degrees_clockwise)
{
    omma_frame *from = *frame, *to = NULL;
    bool sideways = degrees_clockwise == 90 || degrees_clockwise == 270;
    omma_error err = omma_frame_create(&to, from->format, sideways ? from->height : from->width,
                                       sideways ? from->width : from->height);
    if (!err)
        err = omma_frame_rotate(to, from, degrees_clockwise);
    if (err) {
        omma_frame_unref(&to);
        omma_frame_unref(frame);
        return err;
    }
    to->limited_range = from->limited_range;
    to->matrix = from->matrix;
    omma_frame_unref(frame);
    *frame = to;
    return OMMA_OK;
}

/* What was read into the packet. */
static omma_error decode_upright(still_decoder *d, omma_frame **out, const char *path)
{
    omma_frame *frame = NULL;
    omma_error err = decode(d, &frame, path);

    if (!err && d->exif.degrees_clockwise)
        err = rotate(&frame, d->exif.degrees_clockwise);
    if (!err)
        *out = frame;
    return err;
}

omma_error still_decode(still_decoder *d, omma_frame **out, const char *path)
{
    d->exif = (exif_facts){0};
    omma_error err = read_file(d, path);
    if (!err)
        err = decode_upright(d, out, path);
    av_packet_unref(d->packet);
    av_frame_unref(d->frame);
    return err;
}

omma_error still_decode_bytes(still_decoder *d, omma_frame **out, const void *data, size_t bytes,
                              const char *name)
{
    d->exif = (exif_facts){0};
    if (bytes == 0 || bytes > MAX_FILE_BYTES)
        return omma_fail(OMMA_FORMAT, "%s: %zu bytes are no picture", name, bytes);
    omma_error err = reserve(d, bytes);
    if (err)
        return err;
    memcpy(d->bytes->data, data, bytes);
    err = hand_over(d, bytes);
    if (!err)
        err = decode_upright(d, out, name);
    av_packet_unref(d->packet);
    av_frame_unref(d->frame);
    return err;
}
