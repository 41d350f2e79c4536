/* SPDX-License-Identifier: Apache-2.0 */
/** Two features that turn out to be one. */
#pragma once

#include "world.h"

/** The sights of the one become the other's, as far as their keyframes are posed; the one dies. */
void feature_fuse(world *w, uint32_t from, uint32_t into);
