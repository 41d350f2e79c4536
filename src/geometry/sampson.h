/* SPDX-License-Identifier: Apache-2.0 */
/* First-order distance of a pair from an epipolar geometry xb' F xa = 0.
 * Source: Hartley, Zisserman, 2nd ed., 11.4.3; after Sampson, 1982. */
#pragma once

#include "levenberg.h"

/* Squared distances of n pairs. */
void sampson_distances(const double F[9], const double *xa, const double *xb, size_t n, double *d2);

/* Adds the residual (signed distance) of one pair, F having n unknowns with derivatives D (n x 9).
 */
void sampson_linearize(const double F[9], const double *D, int n, const double xa[2],
                       const double xb[2], levenberg_equations *out);
