/* SPDX-License-Identifier: Apache-2.0 */
#include "max_points.h"

#include <stdlib.h>

omma_error max_points_read(size_t *out)
{
    const char *text = getenv("SLAM3R_MAX_POINTCLOUD_SIZE");
    char *end = NULL;

    *out = 0;
    if (!text || !*text)
        return OMMA_OK;
    const unsigned long long n = strtoull(text, &end, 10);
    if (*end || text[0] == '-' || n < 1 || n > 1000000000)
        return omma_fail(OMMA_INVALID,
                         "SLAM3R_MAX_POINTCLOUD_SIZE=%s: a number of points from 1 to 1000000000 "
                         "is wanted",
                         text);
    *out = (size_t)n;
    return OMMA_OK;
}
