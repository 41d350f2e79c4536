/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream that may be an MP4: in one piece or in two, the answer is the same. */
#include "mp4_index.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mp4_scan one = {0}, two = {0};
    size_t first = size ? data[0] % size : 0;

    mp4_scan_feed(&one, data, size, 100);
    mp4_scan_feed(&two, data, first, 100);
    mp4_scan_feed(&two, data + first, size - first, 100);
    if (one.index_is_last != two.index_is_last || one.ended != two.ended || one.skip != two.skip)
        abort();
    return 0;
}
