/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

enum { POLYNOMIAL_MAX = 10 }; /* largest degree */

/*
 * Real roots, ascending, of c[0] + c[1] x + ... + c[degree] x^degree. Returns how many (0 also for
 * the zero polynomial and for coefficients that are not finite). A root of even multiplicity is a
 * touch that rounding may miss.
 */
int polynomial_real_roots(const double *c, int degree, double *roots);
