/* SPDX-License-Identifier: Apache-2.0 */
/* Depth in NumPy's array file: a picture, whose rows and columns may stand beside sides of one. */
#include "depth_image.h"

#include <math.h>

static omma_error take_shape(const omma_npy *a, uint64_t *rows, uint64_t *columns)
{
    uint64_t kept[2];
    size_t wide = 0;

    for (size_t i = 0; i < a->side_count; i++)
        if (a->side_count == 2 || a->side[i] != 1) {
            if (wide < 2)
                kept[wide] = a->side[i];
            wide++;
        }
    if (wide != 2)
        return omma_fail(OMMA_FORMAT, "NPY: an array of %zu dimensions is no picture", wide);
    *rows = kept[0];
    *columns = kept[1];
    return OMMA_OK;
}

static float depth_of(double value)
{
    float single = fabs(value) <= 3e38 ? (float)value : 0;

    return single > 0 ? single : 0;
}

omma_error npy_parse(depth_image *out, const void *data, size_t bytes)
{
    uint64_t rows = 0, columns = 0;
    omma_npy a;
    omma_error err = omma_npy_parse(&a, data, bytes);

    *out = (depth_image){0};
    if (!err)
        err = take_shape(&a, &rows, &columns);
    if (!err)
        err = depth_image_create(out, columns, rows);
    for (uint64_t i = 0; !err && i < a.count; i++)
        out->depth[i] = depth_of(omma_npy_at(&a, i));
    return err;
}
