/* SPDX-License-Identifier: Apache-2.0 */
#define SPLAT_KERNELS splat_kernels_avx2
#include "splat_kernel.h"
