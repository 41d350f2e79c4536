/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_kernel.h"

void sweep_row_avx512(const sweep_row *row)
{
    sweep_one_row(row);
}
