/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <string.h>

/* Bit by bit from the definition. */
static uint32_t by_division(const unsigned char *data, size_t bytes)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

/* RFC 3720, appendix B.4. */
static void published_values(void)
{
    unsigned char data[32];

    memset(data, 0, sizeof data);
    CHECK(omma_crc32c(0, data, 32) == 0x8a9136aa);
    memset(data, 0xff, sizeof data);
    CHECK(omma_crc32c(0, data, 32) == 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        data[i] = (unsigned char)i;
    CHECK(omma_crc32c(0, data, 32) == 0x46dd794e);
    CHECK(omma_crc32c(0, "123456789", 9) == 0xe3069283);
    CHECK(omma_crc32c(0, NULL, 0) == 0);
}

static void any_length_any_place_any_pieces(void)
{
    unsigned char data[200];
    uint64_t seed = 3;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)omma_random_u64(&seed);
    for (size_t begin = 0; begin < 9; begin++)
        for (size_t bytes = 0; bytes <= sizeof data - begin; bytes += 7) {
            uint32_t want = by_division(data + begin, bytes);
            size_t half = bytes / 3;
            uint32_t first = omma_crc32c(0, data + begin, half);

            CHECK(omma_crc32c(0, data + begin, bytes) == want);
            CHECK(omma_crc32c(first, data + begin + half, bytes - half) == want);
        }
}

int main(void)
{
    TEST(published_values);
    TEST(any_length_any_place_any_pieces);
    return check_done();
}
