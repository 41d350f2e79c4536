/* SPDX-License-Identifier: Apache-2.0 */
/* Damping as in Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05, scaled by the
 * diagonal as in Marquardt 1963. */
#include "levenberg.h"

#include "matrix.h"

#include <assert.h>
#include <string.h>

void levenberg_add(levenberg_equations *e, int unknowns, const double *J, double residual,
                   double weight)
{
    e->cost += weight * residual * residual;
    for (int a = 0; a < unknowns; a++) {
        double w = weight * J[a];
        e->g[a] += w * residual;
        for (int b = 0; b <= a; b++)
            e->H[unknowns * a + b] += w * J[b];
    }
}

/* (H + lambda diag H) step = g */
static bool solve(const levenberg_equations *e, int n, double lambda, double *step)
{
    double A[LEVENBERG_UNKNOWNS * LEVENBERG_UNKNOWNS];
    memcpy(A, e->H, sizeof(A));
    for (int i = 0; i < n; i++)
        A[(n + 1) * i] += lambda * A[(n + 1) * i];
    if (!matrix_cholesky(A, n))
        return false;
    memcpy(step, e->g, (size_t)n * sizeof(*step));
    matrix_cholesky_solve(A, n, step);
    return true;
}

bool levenberg_minimize(const levenberg_problem *p, int iterations, double *state,
                        levenberg_equations *at)
{
    int n = p->unknowns;
    double lambda = 1e-4, growth = 2;
    assert(n <= LEVENBERG_UNKNOWNS && p->state_bytes <= LEVENBERG_STATE * sizeof(double));
    memset(at, 0, sizeof(*at));
    p->linearize(p->data, state, at);
    if (!isfinite(at->cost))
        return false;
    for (int i = 0; i < iterations; i++) {
        double step[LEVENBERG_UNKNOWNS], trial[LEVENBERG_STATE], predicted = 0;
        bool solved = solve(at, n, lambda, step);
        for (int k = 0; solved && k < n; k++)
            predicted += step[k] * (lambda * at->H[(n + 1) * k] * step[k] + at->g[k]);
        if (solved && !(predicted > 1e-12 * (at->cost - at->constant)))
            break; /* nothing to gain */
        levenberg_equations next = {.cost = 0};
        if (solved) {
            p->step(p->data, state, step, trial);
            p->linearize(p->data, trial, &next);
        }
        double gain = solved ? (at->cost - next.cost) / predicted : 0;
        if (!(gain > 0)) {
            lambda *= growth;
            growth *= 2;
            continue;
        }
        bool settled = at->cost - next.cost <= 1e-9 * (at->cost - at->constant);
        memcpy(state, trial, p->state_bytes);
        *at = next;
        double bend = 2 * gain - 1;
        lambda *= fmax(1. / 3, 1 - bend * bend * bend);
        growth = 2;
        if (settled)
            break;
    }
    return true;
}

/* With the diagonal scaled to 1 the squared Cholesky pivots are the shares of each unknown that the
 * ones before it do not explain. */
bool levenberg_is_determined(const levenberg_equations *e, int n)
{
    double A[LEVENBERG_UNKNOWNS * LEVENBERG_UNKNOWNS], scale[LEVENBERG_UNKNOWNS];
    for (int i = 0; i < n; i++) {
        double d = e->H[(n + 1) * i];
        if (!(d > 0) || !isfinite(d))
            return false;
        scale[i] = 1 / sqrt(d);
    }
    for (int i = 0; i < n * n; i++)
        A[i] = e->H[i] * scale[i / n] * scale[i % n];
    if (!matrix_cholesky(A, n))
        return false;
    for (int i = 0; i < n; i++) {
        if (!(A[(n + 1) * i] > 1e-7)) /* squared: about 50 roundings */
            return false;
    }
    return true;
}
