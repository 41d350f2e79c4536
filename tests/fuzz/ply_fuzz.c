/* SPDX-License-Identifier: Apache-2.0 */
/* Clouds come from anywhere: what parses must be finite and fit for evaluation. */
#include <omma/map.h>

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omma_points p;
    omma_cloud_evaluation e;

    if (omma_ply_parse(&p, data, size) != OMMA_OK) {
        require(p.xyz == NULL && p.count == 0);
        return 0;
    }
    for (size_t i = 0; i < p.count; i++)
        require(isfinite(p.xyz[i][0]) && isfinite(p.xyz[i][1]) && isfinite(p.xyz[i][2]));
    if (omma_cloud_evaluate(&p, &p, NULL, &e) == OMMA_OK)
        require(e.accuracy_mean == 0 && e.completeness_mean == 0 && e.scores[0].f == 1);
    omma_points_finish(&p);
    return 0;
}
