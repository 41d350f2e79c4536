/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a camera file: what is accepted must also project. */
#include <omma/geometry.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omma_camera c;
    if (omma_camera_parse(&c, (const char *)data, size) != OMMA_OK)
        return 0;
    if (omma_camera_check(&c) != OMMA_OK)
        abort();
    double px[2], ray[2], J[6];
    for (int i = 0; i < 9; i++) {
        const double at[2] = {(c.width - 1) * (i % 3) / 2., (c.height - 1) * (i / 3) / 2.};
        if (!omma_camera_unproject(&c, at, ray))
            continue;
        const double point[3] = {ray[0], ray[1], 1};
        omma_camera_project(&c, point, px, J);
    }
    return 0;
}
