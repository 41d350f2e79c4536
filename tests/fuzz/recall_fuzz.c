/* SPDX-License-Identifier: Apache-2.0 */
/* A kept trajectory memory comes from a map file, and so from anywhere: what is taken must answer,
 * and be kept again as the same bytes. The first byte is the vectors' dimension. */
#include "recall_state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ask(recall *r, uint32_t dim)
{
    static const uint8_t descriptors[64] = {1, 2, 3};
    recall_hit hits[10];
    float vector[255];
    size_t n;

    for (uint32_t i = 0; i < dim; i++)
        vector[i] = (float)i + 1;
    require(dim ? recall_query_vector(r, vector, NULL, hits, &n) == OMMA_OK
                : recall_query(r, descriptors, 2, NULL, hits, &n) == OMMA_OK);
    for (size_t i = 0; i < n; i++) {
        size_t others;
        recall_hit own[10];
        const uint32_t k = hits[i].place.keyframe;
        require(recall_query_keyframe(r, k, NULL, own, &others) == OMMA_OK);
        require(recall_remove(r, k) == OMMA_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recall *r = NULL;
    omma_byte_list b = {0};

    if (!size || recall_create(&r, &(recall_options){.dim = data[0]}) != OMMA_OK)
        return 0;
    omma_byte_reader reader = {.at = data + 1, .left = size - 1};
    if (recall_take(r, &reader) == OMMA_OK) {
        recall_put(&b, r);
        require(b.count == size - 1 - reader.left && memcmp(b.at, data + 1, b.count) == 0);
        ask(r, data[0]);
    }
    omma_bytes_finish(&b);
    recall_destroy(&r);
    return 0;
}
