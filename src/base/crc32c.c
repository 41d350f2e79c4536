/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C: the polynomial of Castagnoli, Braeuer, Herrmann, "Optimization of cyclic
 * redundancy-check codes with 24 and 32 parity bits", IEEE Trans. Commun. 1993, least significant
 * bit first, as in RFC 3720. All errors of up to 32 bits in a row are found; x86 computes it in one
 * instruction.
 */
#include "crc32c.h"

#include <omma/base.h>

/* Entry n: the register after four steps from n. */
static const uint32_t of_nibble[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c_scalar(uint32_t crc, const unsigned char *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ of_nibble[crc & 15];
        crc = crc >> 4 ^ of_nibble[crc & 15];
    }
    return crc;
}

uint32_t omma_crc32c(uint32_t crc, const void *data, size_t bytes)
{
#if defined(__x86_64__)
    if (omma_cpu_flags() & OMMA_CPU_AVX2)
        return ~crc32c_avx2(~crc, data, bytes);
#endif
    return ~crc32c_scalar(~crc, data, bytes);
}
