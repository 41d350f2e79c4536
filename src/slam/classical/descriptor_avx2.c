/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptor_match.h"

void descriptor_match_avx2(const uint8_t *query, size_t m, const uint8_t *candidate,
                           const float *places, size_t n, descriptor_match *out)
{
    match_all(query, m, candidate, places, n, out);
}
