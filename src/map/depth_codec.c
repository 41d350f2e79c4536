/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_codec.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define HEADER_BYTES  20
#define MAX_SIZE      8192
#define MAX_CELLS     (1u << 24)
#define LEAST_DEPTH   1e-15
#define MOST_DEPTH    1e15
#define WITH_COLORS   1u
#define ZSTD_LEVEL    3
#define WORST_ERROR   255
#define UNTOLD_ERROR  5e-4f /* of depth that comes without: what the steps of the code make it */
#define ERROR_OCTAVE  15
#define ERROR_OCTAVES 15

float depth_of_code(float nearest, uint16_t code)
{
    if (code == 0)
        return 0;
    return (float)fmin(nearest * exp((code - 1.0) / DEPTH_CODE_STEPS), FLT_MAX);
}

float error_of_code(uint8_t code)
{
    return code ? exp2f((code - 1) / (float)ERROR_OCTAVE - ERROR_OCTAVES) : 0;
}

static uint8_t code_of_error(float error)
{
    if (!(error >= 0))
        return WORST_ERROR;
    double code = 1 + round((log2(error + 1e-9) + ERROR_OCTAVES) * ERROR_OCTAVE);

    return (uint8_t)fmax(1, fmin(code, WORST_ERROR));
}

void depth_grid_finish(depth_grid *g)
{
    free(g->code);
    free(g->error);
    free(g->rgb);
    *g = (depth_grid){0};
}

static omma_error grid_create(depth_grid *g, int width, int height, bool colors)
{
    size_t cells = (size_t)width * (size_t)height;

    *g = (depth_grid){.width = width, .height = height};
    g->code = malloc(cells * sizeof *g->code);
    g->error = malloc(cells);
    g->rgb = colors ? malloc(3 * cells) : NULL;
    if (g->code && g->error && (g->rgb || !colors))
        return OMMA_OK;
    depth_grid_finish(g);
    return omma_fail(OMMA_NO_MEMORY, "no memory for a depth map of %d x %d", width, height);
}

/* -------------------------------------------------------------------------- prediction */

/* The median of left, up and left + up - corner. */
static int median_edge(int left, int up, int corner)
{
    int low = left < up ? left : up, high = left < up ? up : left;

    if (corner >= high)
        return low;
    if (corner <= low)
        return high;
    return left + up - corner;
}

/* What the cells before this one let expect; last is the latest known code. */
static int predict_code(const uint16_t *row, const uint16_t *above, int x, int last)
{
    int left = x ? row[x - 1] : 0, up = above ? above[x] : 0;
    int corner = x && above ? above[x - 1] : 0;

    if (left && up)
        return corner ? median_edge(left, up, corner) : (left + up) / 2;
    return left ? left : up ? up : last;
}

static int predict_byte(const uint8_t *row, const uint8_t *above, int x)
{
    if (!above)
        return x ? row[x - 1] : 0;
    return x ? median_edge(row[x - 1], above[x], above[x - 1]) : above[0];
}

/* Known codes are 1..65535; differences wrap around among these, so that a residual fits into
 * 0..65534. */
static uint16_t residual_of(int code, int prediction)
{
    int d = code - prediction;

    if (d > 32767)
        d -= 65535;
    if (d < -32767)
        d += 65535;
    return (uint16_t)(1 + (d >= 0 ? 2 * d : -2 * d - 1));
}

static uint16_t code_of(uint16_t residual, int prediction)
{
    int zigzag = residual - 1, d = zigzag & 1 ? -(zigzag + 1) / 2 : zigzag / 2;
    int code = prediction + d;

    return (uint16_t)(code > 65535 ? code - 65535 : code < 1 ? code + 65535 : code);
}

static void pack_codes(const uint16_t *code, int width, int height, uint8_t *to)
{
    uint8_t *low = to, *high = to + (size_t)width * (size_t)height;
    int last = 1;

    for (int y = 0; y < height; y++) {
        const uint16_t *row = code + (size_t)y * (size_t)width, *above = y ? row - width : NULL;

        for (int x = 0; x < width; x++) {
            uint16_t residual = row[x] ? residual_of(row[x], predict_code(row, above, x, last)) : 0;

            *low++ = (uint8_t)residual;
            *high++ = (uint8_t)(residual >> 8);
            last = row[x] ? row[x] : last;
        }
    }
}

static void unpack_codes(const uint8_t *from, int width, int height, uint16_t *code)
{
    const uint8_t *low = from, *high = from + (size_t)width * (size_t)height;
    int last = 1;

    for (int y = 0; y < height; y++) {
        uint16_t *row = code + (size_t)y * (size_t)width;
        const uint16_t *above = y ? row - width : NULL;

        for (int x = 0; x < width; x++) {
            uint16_t residual = (uint16_t)(*low++ | *high++ << 8);

            row[x] = residual ? code_of(residual, predict_code(row, above, x, last)) : 0;
            last = row[x] ? row[x] : last;
        }
    }
}

static void pack_bytes(const uint8_t *plane, int width, int height, uint8_t *to)
{
    for (int y = 0; y < height; y++) {
        const uint8_t *row = plane + (size_t)y * (size_t)width, *above = y ? row - width : NULL;

        for (int x = 0; x < width; x++)
            *to++ = (uint8_t)(row[x] - predict_byte(row, above, x));
    }
}

static void unpack_bytes(const uint8_t *from, int width, int height, uint8_t *plane)
{
    for (int y = 0; y < height; y++) {
        uint8_t *row = plane + (size_t)y * (size_t)width;
        const uint8_t *above = y ? row - width : NULL;

        for (int x = 0; x < width; x++)
            row[x] = (uint8_t)(*from++ + predict_byte(row, above, x));
    }
}

/* ------------------------------------------------------------------------------ colours */

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Planes Y, Co, Cg behind each other. Source: Malvar, Sullivan, JVT-I014, 2003. */
static void split_colors(const uint8_t *rgb, int width, int height, uint8_t *planes)
{
    int half = (width + 1) / 2, half_height = (height + 1) / 2;
    uint8_t *luma = planes, *orange = planes + (size_t)width * (size_t)height,
            *green = orange + (size_t)half * (size_t)half_height;

    for (const uint8_t *p = rgb, *end = rgb + 3 * (size_t)width * (size_t)height; p < end; p += 3)
        *luma++ = (uint8_t)((p[0] + 2 * p[1] + p[2] + 2) / 4);
    for (int y = 0; y < half_height; y++)
        for (int x = 0; x < half; x++) {
            int r = 0, g = 0, b = 0;

            for (int k = 0; k < 4; k++) {
                int px = 2 * x + k % 2 < width ? 2 * x + k % 2 : width - 1;
                int py = 2 * y + k / 2 < height ? 2 * y + k / 2 : height - 1;
                const uint8_t *p = rgb + 3 * ((size_t)py * (size_t)width + (size_t)px);

                r += p[0];
                g += p[1];
                b += p[2];
            }
            *orange++ = clip((r - b) / 8 + 128);
            *green++ = clip((2 * g - r - b) / 16 + 128);
        }
}

static void join_colors(const uint8_t *planes, int width, int height, uint8_t *rgb)
{
    int half = (width + 1) / 2, half_height = (height + 1) / 2;
    const uint8_t *luma = planes, *orange = planes + (size_t)width * (size_t)height,
                  *green = orange + (size_t)half * (size_t)half_height;

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3) {
            size_t at = (size_t)(y / 2) * (size_t)half + (size_t)(x / 2);
            int Y = *luma++, Co = orange[at] - 128, Cg = green[at] - 128;

            rgb[0] = clip(Y - Cg + Co);
            rgb[1] = clip(Y + Cg);
            rgb[2] = clip(Y - Cg - Co);
        }
}

/* ------------------------------------------------------------------------------- bytes */

static size_t chroma_bytes(int width, int height)
{
    return (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
}

static size_t color_bytes(int width, int height)
{
    return (size_t)width * (size_t)height + 2 * chroma_bytes(width, height);
}

static size_t plane_bytes(int width, int height, bool colors)
{
    return 3 * (size_t)width * (size_t)height + (colors ? color_bytes(width, height) : 0);
}

static bool size_is_fine(long width, long height)
{
    return width >= 1 && height >= 1 && width <= MAX_SIZE && height <= MAX_SIZE &&
           width * height <= (long)MAX_CELLS;
}

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static bool is_depth(float d)
{
    return d >= LEAST_DEPTH && d <= MOST_DEPTH;
}

/* Codes and errors of depth as it comes. @return false when nothing is known. */
static bool quantize(depth_grid *g, const float *depth, const float *error)
{
    size_t cells = (size_t)g->width * (size_t)g->height;

    g->nearest = INFINITY;
    for (size_t i = 0; i < cells; i++)
        if (is_depth(depth[i]) && depth[i] < g->nearest)
            g->nearest = depth[i];
    if (!isfinite(g->nearest))
        return false;
    double zero = log(g->nearest);

    for (size_t i = 0; i < cells; i++) {
        double code = is_depth(depth[i]) ? 1 + round((log(depth[i]) - zero) * DEPTH_CODE_STEPS) : 0;

        g->code[i] = code < DEPTH_CODES ? (uint16_t)code : 0;
        g->error[i] = g->code[i] ? code_of_error(error ? error[i] : UNTOLD_ERROR) : 0;
    }
    return true;
}

static omma_error compress(const uint8_t *planes, size_t bytes, const depth_grid *g,
                           omma_buffer **out)
{
    size_t bound = ZSTD_compressBound(bytes);
    uint8_t *packed = malloc(HEADER_BYTES + bound);
    uint32_t nearest;

    if (!packed)
        return omma_fail(OMMA_NO_MEMORY, "no memory to keep a depth map");
    size_t n = ZSTD_compress(packed + HEADER_BYTES, bound, planes, bytes, ZSTD_LEVEL);

    if (ZSTD_isError(n)) {
        free(packed);
        return omma_fail(OMMA_NO_MEMORY, "compressing depth: %s", ZSTD_getErrorName(n));
    }
    memcpy(packed, "ODG1", 4);
    put_u32(packed + 4, (uint32_t)g->width | (uint32_t)g->height << 16);
    memcpy(&nearest, &g->nearest, sizeof nearest);
    put_u32(packed + 8, nearest);
    put_u32(packed + 12, g->rgb ? WITH_COLORS : 0);
    put_u32(packed + 16, (uint32_t)n);
    omma_error err = omma_buffer_create(out, HEADER_BYTES + n);

    if (!err)
        memcpy((*out)->data, packed, HEADER_BYTES + n);
    free(packed);
    return err;
}

/* planes: room for all of them, and behind it for the colours' planes as they are. */
static void pack_grid(const depth_grid *g, uint8_t *planes)
{
    size_t cells = (size_t)g->width * (size_t)g->height, chroma = chroma_bytes(g->width, g->height);
    int half = (g->width + 1) / 2, half_height = (g->height + 1) / 2;

    pack_codes(g->code, g->width, g->height, planes);
    pack_bytes(g->error, g->width, g->height, planes + 2 * cells);
    if (!g->rgb)
        return;
    uint8_t *colors = planes + plane_bytes(g->width, g->height, true), *to = planes + 3 * cells;

    split_colors(g->rgb, g->width, g->height, colors);
    pack_bytes(colors, g->width, g->height, to);
    pack_bytes(colors + cells, half, half_height, to + cells);
    pack_bytes(colors + cells + chroma, half, half_height, to + cells + chroma);
}

omma_error depth_encode(const float *depth, const float *error, const uint8_t *rgb, int width,
                        int height, omma_buffer **out)
{
    depth_grid g = {0};
    uint8_t *planes = NULL;
    omma_error err;

    *out = NULL;
    if (!size_is_fine(width, height))
        return omma_fail(OMMA_INVALID, "depth of %d x %d cells cannot be kept", width, height);
    size_t bytes = plane_bytes(width, height, rgb != NULL);

    err = grid_create(&g, width, height, false);
    if (err || !quantize(&g, depth, error))
        goto done;
    planes = malloc(bytes + (rgb ? color_bytes(width, height) : 0));
    if (!planes) {
        err = omma_fail(OMMA_NO_MEMORY, "no memory to keep a depth map of %d x %d", width, height);
        goto done;
    }
    g.rgb = (uint8_t *)(uintptr_t)rgb; /* only read */
    pack_grid(&g, planes);
    err = compress(planes, bytes, &g, out);
    g.rgb = NULL;

done:
    free(planes);
    depth_grid_finish(&g);
    return err;
}

static void unpack_grid(uint8_t *planes, depth_grid *g, uint8_t *colors)
{
    size_t cells = (size_t)g->width * (size_t)g->height, chroma = chroma_bytes(g->width, g->height);
    int half = (g->width + 1) / 2, half_height = (g->height + 1) / 2;

    unpack_codes(planes, g->width, g->height, g->code);
    unpack_bytes(planes + 2 * cells, g->width, g->height, g->error);
    for (size_t i = 0; i < cells; i++) /* whatever the bytes say, both are known or neither */
        if (!g->code[i] || !g->error[i])
            g->error[i] = g->code[i] ? WORST_ERROR : 0;
    if (!g->rgb)
        return;
    planes += 3 * cells;
    unpack_bytes(planes, g->width, g->height, colors);
    unpack_bytes(planes + cells, half, half_height, colors + cells);
    unpack_bytes(planes + cells + chroma, half, half_height, colors + cells + chroma);
    join_colors(colors, g->width, g->height, g->rgb);
}

static omma_error check_header(const uint8_t *from, size_t bytes, int *width, int *height)
{
    if (bytes < HEADER_BYTES || memcmp(from, "ODG1", 4) != 0)
        return omma_fail(OMMA_FORMAT, "depth: %zu bytes that do not begin as depth does", bytes);
    uint32_t nearest_bits = get_u32(from + 8), flags = get_u32(from + 12);
    float nearest;

    *width = (int)(get_u32(from + 4) & 0xffff);
    *height = (int)(get_u32(from + 4) >> 16);
    memcpy(&nearest, &nearest_bits, sizeof nearest);
    if (!size_is_fine(*width, *height))
        return omma_fail(OMMA_FORMAT, "depth: a grid of %d x %d", *width, *height);
    if (!is_depth(nearest))
        return omma_fail(OMMA_FORMAT, "depth: the nearest is %g", (double)nearest);
    if (flags & ~WITH_COLORS)
        return omma_fail(OMMA_FORMAT, "depth: unknown flags 0x%x", (unsigned)flags);
    if (get_u32(from + 16) != bytes - HEADER_BYTES)
        return omma_fail(OMMA_FORMAT, "depth: %u bytes announced, %zu are there",
                         (unsigned)get_u32(from + 16), bytes - HEADER_BYTES);
    unsigned long long content =
        ZSTD_getFrameContentSize(from + HEADER_BYTES, bytes - HEADER_BYTES);

    if (content != plane_bytes(*width, *height, flags & WITH_COLORS))
        return omma_fail(OMMA_FORMAT, "depth: the content of a %d x %d grid has the wrong size",
                         *width, *height);
    return OMMA_OK;
}

omma_error depth_decode(const void *blob, size_t bytes, depth_grid *out)
{
    const uint8_t *from = blob;
    int width = 0, height = 0;
    omma_error err = check_header(from, bytes, &width, &height);

    *out = (depth_grid){0};
    if (err)
        return err;
    bool colors = get_u32(from + 12) & WITH_COLORS;
    size_t content = plane_bytes(width, height, colors);
    uint8_t *planes = malloc(content + (colors ? color_bytes(width, height) : 0));

    if (!planes)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a depth map of %d x %d", width, height);
    size_t n = ZSTD_decompress(planes, content, from + HEADER_BYTES, bytes - HEADER_BYTES);

    if (n != content)
        err = omma_fail(OMMA_FORMAT, "depth: %s",
                        ZSTD_isError(n) ? ZSTD_getErrorName(n) : "the content is too short");
    else
        err = grid_create(out, width, height, colors);
    if (!err) {
        uint32_t nearest = get_u32(from + 8);

        memcpy(&out->nearest, &nearest, sizeof nearest);
        unpack_grid(planes, out, planes + content);
    }
    free(planes);
    return err;
}
