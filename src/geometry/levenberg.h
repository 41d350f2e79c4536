/* SPDX-License-Identifier: Apache-2.0 */
/* Levenberg-Marquardt for the few unknowns of one pose or of one two-view model. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LEVENBERG_UNKNOWNS = 8, LEVENBERG_STATE = 13 };

typedef struct levenberg_equations {
    double H[LEVENBERG_UNKNOWNS * LEVENBERG_UNKNOWNS]; /* J^T W J, row stride n, lower triangle */
    double g[LEVENBERG_UNKNOWNS];                      /* J^T W (observed - predicted) */
    double cost;
    double constant; /* the part of cost that no step is expected to change */
} levenberg_equations;

typedef struct levenberg_problem {
    int unknowns;
    size_t state_bytes;
    /* Fills what is zeroed. */
    void (*linearize)(const void *data, const double *state, levenberg_equations *out);
    void (*step)(const void *data, const double *state, const double *step, double *out);
    const void *data;
} levenberg_problem;

/* Adds one weighted residual and its derivatives. */
void levenberg_add(levenberg_equations *e, int unknowns, const double *J, double residual,
                   double weight);

/* Improves state and leaves its equations in *at. Returns false when the start has no finite cost.
 */
bool levenberg_minimize(const levenberg_problem *p, int iterations, double *state,
                        levenberg_equations *at);

/* Is every direction observed? */
bool levenberg_is_determined(const levenberg_equations *e, int unknowns);
