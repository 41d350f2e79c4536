/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What old frames saw: about 10 kB a frame that nobody looks at before the map is finished, but all
 * of it then. It lies in a file without a name that is mapped into memory, so that pointers stay
 * good and the system may have the memory meanwhile.
 */
#pragma once

#include <stdint.h>

enum { ARCHIVE_STRIDE = 500 /* frames to look at before the archive rests */ };

typedef struct sight sight;
typedef struct sight_archive sight_archive;

sight_archive *sight_archive_create(void);
void sight_archive_destroy(sight_archive **a);

/** A copy of n sights, to be read and changed in place; borrowed until sight_archive_destroy. NULL
 * when there is no file or no room in it ($TMPDIR): nothing is lost, the caller keeps what it has.
 */
sight *sight_archive_put(sight_archive *a, const sight *sights, uint32_t n);

/** Out of memory with what was looked at: after going through many frames. NULL is harmless. */
void sight_archive_rest(sight_archive *a);
