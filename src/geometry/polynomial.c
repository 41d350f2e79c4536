/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two neighbouring roots of its derivative a polynomial is monotone, so each such interval
 * holds at most one root, found by Newton inside a shrinking bracket. Going up from the linear
 * derivative needs no tolerance anywhere and costs about as much as Sturm's sequences.
 */
#include "polynomial.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

static double evaluate(const double *c, int degree, double x, double *slope)
{
    double p = c[degree], d = 0;
    for (int i = degree - 1; i >= 0; i--) {
        d = d * x + p;
        p = p * x + c[i];
    }
    *slope = d;
    return p;
}

/* The root in [a, b], where the polynomial's sign changes. */
static double refine(const double *c, int degree, double a, double b, bool rising)
{
    double x = 0.5 * (a + b);
    for (int i = 0; i < 200; i++) {
        double slope, p = evaluate(c, degree, x, &slope);
        if (p == 0)
            return x;
        if ((p > 0) == rising)
            b = x;
        else
            a = x;
        double next = x - p / slope;
        if (!(next > a && next < b))
            next = 0.5 * (a + b);
        if (fabs(next - x) <= 2 * DBL_EPSILON * fabs(x))
            return next;
        x = next;
    }
    return x;
}

/* Fujiwara's bound on the modulus of all roots; by Gauss and Lucas it holds for the derivatives
 * too. */
static double root_bound(const double *c, int degree)
{
    double bound = 0;
    for (int i = 1; i <= degree; i++) {
        double q = fabs(c[degree - i] / c[degree]);
        if (q > 0)
            bound = fmax(bound, exp(log(q) / i));
    }
    return 2 * bound * (1 + 1e-9) + DBL_MIN;
}

int polynomial_real_roots(const double *c, int degree, double *roots)
{
    double largest = 0;
    for (int i = 0; i <= degree; i++) {
        if (!isfinite(c[i]))
            return 0;
        largest = fmax(largest, fabs(c[i]));
    }
    while (degree > 0 && fabs(c[degree]) <= 1e-15 * largest)
        degree--; /* that root is beyond 1e15, or there is none */
    if (degree < 1 || degree > POLYNOMIAL_MAX)
        return 0;
    double bound = root_bound(c, degree);
    double previous[POLYNOMIAL_MAX + 1], derivative[POLYNOMIAL_MAX + 1];
    int count = 0;
    for (int d = 1; d <= degree; d++) {
        /* The (degree - d)-th derivative, divided by (degree - d)!: binomial(i + k, k) c[i + k]. */
        int k = degree - d, n = 0;
        for (int i = 0; i <= d; i++) {
            double binomial = 1;
            for (int j = 1; j <= k; j++)
                binomial = binomial * (i + j) / j;
            derivative[i] = binomial * c[i + k];
        }
        double slope, a = -bound, pa = evaluate(derivative, d, a, &slope);
        for (int i = 0; i <= count; i++) {
            double b = i < count ? previous[i] : bound;
            double pb = evaluate(derivative, d, b, &slope);
            if (pb == 0)
                roots[n++] = b;
            else if ((pa < 0 && pb > 0) || (pa > 0 && pb < 0))
                roots[n++] = refine(derivative, d, a, b, pb > 0);
            a = b;
            pa = pb;
        }
        count = n;
        for (int i = 0; i < n; i++)
            previous[i] = roots[i];
    }
    return count;
}
