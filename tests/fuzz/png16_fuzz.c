/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of depth come from anywhere: what parses must be depth. */
#include "depth_image.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    depth_image d;
    omma_error err = png16_parse(&d, data, size, 1000);

    if ((err == OMMA_OK) != (d.depth != NULL))
        abort();
    for (size_t i = 0; !err && i < (size_t)d.width * (size_t)d.height; i++)
        if (!(d.depth[i] >= 0 && isfinite(d.depth[i])))
            abort();
    depth_image_finish(&d);
    return 0;
}
