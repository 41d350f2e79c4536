/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void omma_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof(*values), by_value);
}

double omma_median(double *values, size_t n)
{
    omma_sort(values, n);
    return n ? values[n / 2] : 0;
}
