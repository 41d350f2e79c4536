/* SPDX-License-Identifier: Apache-2.0 */
/* Trajectory files come from anywhere: whatever parses must be finite, sorted and fit for
 * evaluation. */
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
    omma_trajectory t = {0};
    omma_evaluation e;

    if (omma_trajectory_parse(&t, (const char *)data, size) != OMMA_OK) {
        require(t.poses == NULL);
        return 0;
    }
    require(t.count > 0);
    for (size_t i = 0; i < t.count; i++) {
        const omma_stamped_pose *p = &t.poses[i];

        require(isfinite(p->time_s) && (i == 0 || p->time_s > p[-1].time_s));
        for (int k = 0; k < 3; k++)
            require(isfinite(p->world_from_camera.t[k]));
        for (int k = 0; k < 9; k++)
            require(fabs(p->world_from_camera.R[k]) <= 1 + 1e-9);
    }
    if (omma_trajectory_evaluate(&t, &t, OMMA_ALIGN_SIM3, 0, 0, &e) == OMMA_OK)
        require(e.pairs == t.count && e.coverage == 1); /* every pose is nearest to itself */
    omma_trajectory_finish(&t);
    return 0;
}
