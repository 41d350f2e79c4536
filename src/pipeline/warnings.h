/* SPDX-License-Identifier: Apache-2.0 */
/* What a user should know before believing a map. */
#pragma once

#include "session.h"

#include <cjson/cJSON.h>

/* Sentences, none when all is well; given. */
cJSON *warnings_of(const omma_session *s, const omma_tracker_stats *stats);
