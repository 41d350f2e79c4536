/* SPDX-License-Identifier: Apache-2.0 */
/* The same loops with wider vectors. */
#define SCENE_KERNELS scene_kernels_avx512
#include "scene_cast.c"
