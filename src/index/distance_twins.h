/* SPDX-License-Identifier: Apache-2.0 */
/** What distance_kernels_init chooses from. */
#pragma once

#include "distance.h"

extern const distance_kernels distance_avx2, distance_vnni;
