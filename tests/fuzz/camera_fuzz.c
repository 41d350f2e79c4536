/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_text.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omma_camera c = {0};

    if (camera_text_parse(&c, (const char *)data, size) != OMMA_OK)
        return 0;
    if (!(c.fx > 0 && c.fy > 0) || !isfinite(c.cx + c.cy) || c.width < 0 || c.height < 0)
        abort(); /* what parses must be usable */
    if (c.width > 0 && omma_camera_check(&c) == OMMA_OK) {
        double px[2] = {c.width * 0.25, c.height * 0.75}, n[2];
        if (omma_camera_unproject(&c, px, n) && !isfinite(n[0] + n[1]))
            abort();
    }
    return 0;
}
