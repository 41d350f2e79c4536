/* SPDX-License-Identifier: Apache-2.0 */
#include "index_vectors.h"

#include <omma/index.h>

#include <inttypes.h>
#include <stdlib.h>

#define MOST_BYTES ((size_t)1 << 40)

/* An array of one side is one vector. */
static omma_error take_shape(const omma_npy *a, index_vectors *v)
{
    uint64_t dim = a->side_count ? a->side[a->side_count - 1] : 0;

    if (a->side_count < 1 || a->side_count > 2)
        return omma_fail(OMMA_FORMAT, "an array of %zu dimensions is no list of vectors",
                         a->side_count);
    if (dim < 1 || dim > OMMA_INDEX_MAX_DIM || a->count == 0)
        return omma_fail(OMMA_FORMAT, "%" PRIu64 " vectors of %" PRIu64 " components (1 to %d)",
                         dim ? a->count / dim : 0, dim, OMMA_INDEX_MAX_DIM);
    v->dim = (uint32_t)dim;
    v->count = (size_t)(a->count / dim);
    return OMMA_OK;
}

static omma_error take(index_vectors *v, const void *data, size_t bytes)
{
    omma_npy a;
    omma_error err = omma_npy_parse(&a, data, bytes);

    if (!err)
        err = take_shape(&a, v);
    if (err)
        return err;
    v->rows = malloc((size_t)a.count * sizeof(float));
    if (!v->rows)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu vectors", v->count);
    for (uint64_t i = 0; i < a.count; i++)
        v->rows[i] = (float)omma_npy_at(&a, i);
    return OMMA_OK;
}

omma_error index_vectors_read(index_vectors *out, const char *path)
{
    char *data = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_BYTES, &data, &bytes);

    *out = (index_vectors){0};
    if (err)
        return err;
    err = take(out, data, bytes);
    free(data);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}

void index_vectors_finish(index_vectors *v)
{
    free(v->rows);
    *v = (index_vectors){0};
}
