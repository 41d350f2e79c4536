/* SPDX-License-Identifier: Apache-2.0 */
/* The same loops with wider vectors. */
#define SCENE_NOISE scene_noise_avx512
#include "scene_noise.c"
