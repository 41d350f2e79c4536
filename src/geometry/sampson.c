/* SPDX-License-Identifier: Apache-2.0 */
#include "sampson.h"

#include <math.h>

/* c = xb' F xa and the line parts l = (F xa)_xy, (F' xb)_xy. */
static double epipolar(const double F[9], const double xa[2], const double xb[2], double l[4])
{
    l[0] = F[0] * xa[0] + F[1] * xa[1] + F[2];
    l[1] = F[3] * xa[0] + F[4] * xa[1] + F[5];
    l[2] = F[0] * xb[0] + F[3] * xb[1] + F[6];
    l[3] = F[1] * xb[0] + F[4] * xb[1] + F[7];
    return xb[0] * l[0] + xb[1] * l[1] + F[6] * xa[0] + F[7] * xa[1] + F[8];
}

void sampson_distances(const double F[9], const double *xa, const double *xb, size_t n, double *d2)
{
    for (size_t i = 0; i < n; i++) {
        double l[4], c = epipolar(F, xa + 2 * i, xb + 2 * i, l);
        d2[i] = c * c / (l[0] * l[0] + l[1] * l[1] + l[2] * l[2] + l[3] * l[3]);
    }
}

void sampson_linearize(const double F[9], const double *D, int n, const double xa[2],
                       const double xb[2], levenberg_equations *out)
{
    double l[4], J[LEVENBERG_UNKNOWNS], c = epipolar(F, xa, xb, l);
    double s2 = l[0] * l[0] + l[1] * l[1] + l[2] * l[2] + l[3] * l[3];
    if (!(s2 > 0))
        return; /* both points are epipoles: nothing is known */
    double s = sqrt(s2);
    for (int k = 0; k < n; k++) {
        double m[4], dc = epipolar(D + 9 * k, xa, xb, m);
        double half_ds2 = l[0] * m[0] + l[1] * m[1] + l[2] * m[2] + l[3] * m[3];
        J[k] = (dc - c * half_ds2 / s2) / s;
    }
    levenberg_add(out, n, J, -c / s, 1);
}
