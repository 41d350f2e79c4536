/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to tell how alike two pictures are: each fills scores[i * n + j] for all j that came before
 * i, with what was known when i came, and leaves the rest. */
#pragma once

#include "recall_looks.h"

typedef struct rival {
    const char *name;
    bool brute_force;
    void (*fill)(const looks *l, float *scores);
} rival;

/** The last has no name. The first is what the trackers use. */
extern const rival rivals[];
