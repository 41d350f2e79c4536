/* SPDX-License-Identifier: Apache-2.0 */
/** The twins behind omma_crc32c: crc is the register, without the inversions at both ends. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c_scalar(uint32_t crc, const unsigned char *data, size_t bytes);
uint32_t crc32c_avx2(uint32_t crc, const unsigned char *data, size_t bytes);
