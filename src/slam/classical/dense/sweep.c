/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_kernel.h"

void sweep_row_scalar(const sweep_row *row)
{
    sweep_one_row(row);
}

sweep_kernel *sweep_kernel_choose(unsigned cpu)
{
#ifdef __x86_64__
    if (cpu & OMMA_CPU_AVX512)
        return sweep_row_avx512;
    if (cpu & OMMA_CPU_AVX2)
        return sweep_row_avx2;
#endif
    (void)cpu;
    return sweep_row_scalar;
}

void sweep_neighbour_init(sweep_neighbour *n, const double C[3], const canvas *c,
                          const census *from, int step, const double *rho, int planes)
{
    const double half =
        0.5 - 0.5 * (step - 1); /* rounding, and from a block's centre to its name */

    n->census = from;
    for (int d = 0; d < planes; d++) {
        const double w = 1 - rho[d] * C[2];
        if (w < 0.1) { /* the plane lies behind the neighbour or nearly touches it */
            n->scale[d] = n->scale_y[d] = 0;
            n->shift_x[d] = n->shift_y[d] = -1;
            continue;
        }
        n->scale[d] = (float)(c->fx / w);
        n->scale_y[d] = (float)(c->fy / w);
        n->shift_x[d] = (float)(c->cx + half - c->fx * rho[d] * C[0] / w);
        n->shift_y[d] = (float)(c->cy + half - c->fy * rho[d] * C[1] / w);
    }
}
