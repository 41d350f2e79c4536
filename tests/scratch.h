/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch folders for tests. Stands behind check.h. */
#pragma once

#include <omma/base.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* A fresh empty folder, or the test is skipped. Given: scratch_remove. */
static CHECK_UNUSED char *scratch_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = omma_text("%s/omma-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path))
        SKIP("no scratch folder can be made");
    return path;
}

static CHECK_UNUSED int scratch_remove_one(const char *path, const struct stat *st, int type,
                                           struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

/* With all that is in it. path is taken. */
static CHECK_UNUSED void scratch_remove(char *path)
{
    nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* The text of folder/name with a 0 behind it, or NULL; bytes may be NULL. Given: free(). */
static CHECK_UNUSED char *scratch_read(const char *folder, const char *name, size_t *bytes)
{
    char *path = omma_text("%s/%s", folder, name), *data = NULL;
    size_t size = 0;
    if (omma_file_read(path, 1u << 28, &data, &size))
        data = NULL;
    if (bytes)
        *bytes = size;
    free(path);
    return data;
}
