/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a camera file, or as a report.json: what is accepted must also project. */
#include "camera_option.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    bool report = size && *text == '{';
    omma_camera c;
    if ((report ? camera_report_parse : omma_camera_parse)(&c, text, size) != OMMA_OK)
        return 0;
    bool sized = report || c.width != 0 || c.height != 0;
    if (sized ? omma_camera_check(&c) != OMMA_OK : !(c.fx > 0 && c.fy > 0))
        abort();
    if (!sized)
        c.width = c.height = 1; /* it does not say them */
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
