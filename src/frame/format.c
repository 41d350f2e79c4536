/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/frame.h>

typedef struct layout {
    const char *name;
    int planes;
    int sample_bytes[OMMA_MAX_PLANES];
    int shift[OMMA_MAX_PLANES]; /* both sizes are halved (rounded up) this often */
} layout;

static const layout *layout_of(omma_format format)
{
    static const layout layouts[] = {
        [OMMA_FORMAT_NONE] = {"none", 0, {0}, {0}},
        [OMMA_FORMAT_GRAY8] = {"gray8", 1, {1}, {0}},
        [OMMA_FORMAT_I420] = {"i420", 3, {1, 1, 1}, {0, 1, 1}},
        [OMMA_FORMAT_NV12] = {"nv12", 2, {1, 2}, {0, 1}},
        [OMMA_FORMAT_RGB24] = {"rgb24", 1, {3}, {0}},
        [OMMA_FORMAT_RGBA32] = {"rgba32", 1, {4}, {0}},
    };
    size_t i = (size_t)format;
    return &layouts[i < sizeof(layouts) / sizeof(layouts[0]) ? i : OMMA_FORMAT_NONE];
}

const char *omma_format_name(omma_format format)
{
    return layout_of(format)->name;
}

int omma_format_planes(omma_format format)
{
    return layout_of(format)->planes;
}

static int plane_size(omma_format format, int plane, int size)
{
    const layout *l = layout_of(format);
    if (plane < 0 || plane >= l->planes)
        return 0;
    return l->shift[plane] ? (size + 1) / 2 : size;
}

int omma_format_plane_width(omma_format format, int plane, int width)
{
    return plane_size(format, plane, width);
}

int omma_format_plane_height(omma_format format, int plane, int height)
{
    return plane_size(format, plane, height);
}

int omma_format_sample_bytes(omma_format format, int plane)
{
    const layout *l = layout_of(format);
    return plane < 0 || plane >= l->planes ? 0 : l->sample_bytes[plane];
}
