/* SPDX-License-Identifier: Apache-2.0 */
#include "output_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return omma_text(".");
    return slash == path ? omma_text("/") : omma_text("%.*s", (int)(slash - path), path);
}

static omma_error check_folder(const char *path)
{
    char *folder = folder_of(path);
    struct stat st;
    omma_error err = OMMA_OK;

    if (stat(folder, &st) != 0)
        err = omma_fail_errno("cannot write %s: its folder", path);
    else if (!S_ISDIR(st.st_mode))
        err = omma_fail(OMMA_NOT_FOUND, "cannot write %s: %s is not a folder", path, folder);
    else if (access(folder, W_OK | X_OK) != 0)
        err = omma_fail_errno("cannot write %s: its folder", path);
    free(folder);
    return err;
}

omma_error output_place_check(const char *path, bool replace)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return check_folder(path);
    if (S_ISDIR(st.st_mode))
        return omma_fail(OMMA_EXISTS, "%s is a folder: choose another name with -o", path);
    if (!replace)
        return omma_fail(OMMA_EXISTS,
                         "%s is there already: choose another name with -o, or say --force to "
                         "replace it",
                         path);
    return check_folder(path);
}
