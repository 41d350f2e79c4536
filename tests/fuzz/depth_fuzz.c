/* SPDX-License-Identifier: Apache-2.0 */
/* Depth in map files comes from anywhere: whatever decodes must be in order. */
#include "depth_codec.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    depth_grid g;

    if (depth_decode(data, size, &g) != OMMA_OK) {
        require(!g.code && !g.error && !g.rgb);
        return 0;
    }
    size_t cells = (size_t)g.width * (size_t)g.height;

    require(cells > 0 && cells <= 1u << 24);
    for (size_t i = 0; i < cells; i++) {
        float depth = depth_of_code(g.nearest, g.code[i]), error = error_of_code(g.error[i]);

        require(isfinite(depth) && (depth > 0) == (g.code[i] > 0));
        require(isfinite(error) && (error > 0) == (g.code[i] > 0));
    }
    depth_grid_finish(&g);
    return 0;
}
