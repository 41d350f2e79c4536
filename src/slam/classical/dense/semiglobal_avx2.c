/* SPDX-License-Identifier: Apache-2.0 */
#include "semiglobal_kernel.h"

void semiglobal_row_avx2(const semiglobal_row *row)
{
    step_row(row);
}

void semiglobal_best_avx2(const uint16_t *sum, int width, int planes, semiglobal_best *out)
{
    best_row(sum, width, planes, out);
}
