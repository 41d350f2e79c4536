/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How long a step was whose direction is known: every corner of known depth proposes, for each
 * corner of the new picture that resembles it and lies on its epipolar line, the length that takes
 * one to the other. True ones agree, wrong ones scatter, so that no match has to be the only one of
 * its kind.
 */
#pragma once

#include "known_corners.h"

/* Corners that must agree, and no other length may have more than two fifths as many. */
enum { MIN_ELECTED = 10 };

/**
 * @param motion now_from_view, its translation of length 1; E belongs to it
 * @param out    the elected matches, one per corner; room for view->corners.n
 * @return how many; 0 = no length has a clear majority
 */
size_t step_vote(const world *w, const wide_view *view, const known_corner *known,
                 const described *now, const omma_se3 *motion, const double E[9],
                 described_pair *out);
