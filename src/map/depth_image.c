/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_BYTES ((size_t)4 << 30)
#define MOST_SIDE  65535
#define MOST_CELLS ((uint64_t)1 << 28)

omma_error depth_image_create(depth_image *out, uint64_t width, uint64_t height)
{
    *out = (depth_image){0};
    if (width < 1 || height < 1 || width > MOST_SIDE || height > MOST_SIDE ||
        width * height > MOST_CELLS)
        return omma_fail(OMMA_FORMAT, "depth of %" PRIu64 " x %" PRIu64 " pixels", width, height);
    float *depth = malloc((size_t)(width * height) * sizeof *depth);

    if (!depth)
        return omma_fail(OMMA_NO_MEMORY, "no memory for depth of %" PRIu64 " x %" PRIu64 " pixels",
                         width, height);
    *out = (depth_image){.width = (int)width, .height = (int)height, .depth = depth};
    return OMMA_OK;
}

void depth_image_finish(depth_image *d)
{
    free(d->depth);
    *d = (depth_image){0};
}

omma_error depth_image_read(depth_image *out, const char *path, double unit)
{
    const char *ending = strrchr(path, '.');
    char *data = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_BYTES, &data, &bytes);

    *out = (depth_image){0};
    if (err)
        return err;
    err = ending && strcasecmp(ending, ".npy") == 0 ? npy_parse(out, data, bytes)
                                                    : png16_parse(out, data, bytes, unit);
    free(data);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}
