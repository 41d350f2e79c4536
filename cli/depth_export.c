/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_export.h"

#include "interrupt.h"
#include "output_place.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_empty(const char *folder)
{
    DIR *d = opendir(folder);
    bool empty = d != NULL;

    for (struct dirent *e; empty && (e = readdir(d));)
        empty = is_dot(e->d_name);
    if (d)
        closedir(d);
    return empty;
}

/* A folder of files, and them. */
static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);

    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = omma_text("%s/%s", folder, e->d_name);

        if (!is_dot(e->d_name))
            unlink(path);
        free(path);
    }
    if (d)
        closedir(d);
    rmdir(folder);
}

static char *without_slashes(const char *folder)
{
    size_t n = strlen(folder);

    while (n > 1 && folder[n - 1] == '/')
        n--;
    return omma_text("%.*s", (int)n, folder);
}

omma_error depth_export_check(const char *folder, bool replace)
{
    char *plain = without_slashes(folder);
    struct stat st;
    omma_error err = OMMA_OK;

    if (stat(plain, &st) != 0)
        err = output_place_check(plain, replace);
    else if (!S_ISDIR(st.st_mode))
        err = omma_fail(OMMA_EXISTS, "%s is not a folder: choose another with -o", plain);
    else if (!replace && !is_empty(plain))
        err = omma_fail(OMMA_EXISTS,
                        "%s has files in it: choose another folder with -o, or say --force to "
                        "replace those of the same names",
                        plain);
    free(plain);
    return err;
}

/* Says the reason with the name of the folder that was asked for. */
static omma_error explain(omma_error err, const char *staging, const char *folder)
{
    const char *why = omma_why(), *at = strstr(why, staging);

    return at ? omma_fail(err, "%.*s%s%s", (int)(at - why), why, folder, at + strlen(staging))
              : err;
}

/* Beside its place, where it gets its name when all is there. */
static omma_error write_new(const omma_map *m, const char *folder, omma_depth_format format,
                            const omma_export_options *o, size_t *count)
{
    char *staging = omma_text("%s.part-%06x", folder, (unsigned)getpid() & 0xffffff);
    omma_error err;

    if (mkdir(staging, 0777) != 0) {
        err = omma_fail_errno("cannot make the folder %s", staging);
        free(staging);
        return err;
    }
    err = omma_map_write_depth(m, staging, format, o, count);
    if (err)
        explain(err, staging, folder);
    else if (rename(staging, folder) != 0)
        err = omma_fail_errno("cannot give the folder %s its name", folder);
    remove_folder(staging);
    free(staging);
    return err;
}

omma_error depth_export(const map_input *in, const char *folder, omma_depth_format format,
                        bool replace, size_t *count)
{
    const omma_export_options o = {.replace = replace, .stop = interrupt_asked};
    char *plain = without_slashes(folder);
    struct stat st;
    bool there = stat(plain, &st) == 0 && !is_empty(plain), has_depth = false;

    for (size_t i = 0; !has_depth && i < omma_map_keyframe_count(in->map); i++)
        has_depth = omma_map_has_depth(in->map, i);
    interrupt_set_writing(true); /* it ends between two files, and takes them back */
    omma_error err = !has_depth ? omma_fail(OMMA_DEGENERATE, "%s has no depth", in->path)
                     : there    ? omma_map_write_depth(in->map, plain, format, &o, count)
                                : write_new(in->map, plain, format, &o, count);
    interrupt_set_writing(false);
    free(plain);
    return err;
}
