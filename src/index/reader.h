/* SPDX-License-Identifier: Apache-2.0 */
/** What an audit needs of a reader besides what is public. */
#pragma once

#include "index_inside.h"

struct omma_index_reader {
    omma_index *index;
    omma_index_mode mode; /* the index's, unless an audit wants another */
    reader_turn turn;
    query query;
    beam beam;
    uint32_t last; /* the answer before: the next is often near */
    uint64_t seed; /* of audits */
};
