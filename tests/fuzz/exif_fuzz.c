/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the beginning of a JPEG: its EXIF facts are sane, or there are none. */
#include "exif.h"

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
    exif_facts facts;

    if (!exif_read(data, size, &facts)) {
        require(!facts.has_time && facts.focal_35mm == 0 && facts.degrees_clockwise == 0);
        return 0;
    }
    require(facts.degrees_clockwise % 90 == 0 && facts.degrees_clockwise >= 0 &&
            facts.degrees_clockwise < 360);
    require(facts.has_time ? facts.time_ns >= 0 : facts.time_ns == 0);
    double focal_px = exif_focal_px(&facts, 640, 480);
    require(isfinite(focal_px) && focal_px >= 0);
    return 0;
}
