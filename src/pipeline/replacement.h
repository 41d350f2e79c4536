/* SPDX-License-Identifier: Apache-2.0 */
/* New files in the place of old ones: all of them, or the folder is as it was. */
#pragma once

#include "file_list.h"

typedef struct replacement {
    const char *staging;  /* where the new files are */
    const char *aside;    /* an empty folder on the same file system, for the old ones */
    const char *folder;   /* where they go */
    const file_list *old; /* files of folder that go, whether a new one takes their place or not */
    bool replace;         /* other files may be replaced, but for pictures */
    bool undone;          /* after a failure: whether everything is back in its place */
} replacement;

/* After success the old files are in aside and the caller's to remove; so they are when it failed
 * and not undone. */
omma_error replacement_run(replacement *r);
