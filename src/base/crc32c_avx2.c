/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction is of SSE4.2, which every processor with AVX2 has. */
#include "crc32c.h"

#include <immintrin.h>

#include <string.h>

uint32_t crc32c_avx2(uint32_t crc, const unsigned char *data, size_t bytes)
{
    uint64_t wide = crc;

    for (; bytes >= 8; data += 8, bytes -= 8) {
        uint64_t eight;

        memcpy(&eight, data, 8);
        wide = _mm_crc32_u64(wide, eight);
    }
    crc = (uint32_t)wide;
    for (; bytes > 0; data++, bytes--)
        crc = _mm_crc32_u8(crc, *data);
    return crc;
}
