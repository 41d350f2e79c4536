/* SPDX-License-Identifier: Apache-2.0 */
#include "replacement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What was renamed so far, for the way back. */
typedef struct journal {
    file_list from, to;
} journal;

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static omma_error make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = omma_text("%.*s", (int)(slash - path), path);
    omma_error err = omma_make_folder(folder);
    free(folder);
    return err;
}

/* Both are folders with the same file below. */
static omma_error move(journal *j, const char *from_folder, const char *to_folder, const char *name)
{
    char *from = omma_text("%s/%s", from_folder, name), *to = omma_text("%s/%s", to_folder, name);
    omma_error err = make_folder_of(to);

    if (!err && rename(from, to) != 0)
        err = omma_fail_errno("cannot move %s to %s", from, to);
    if (!err) {
        file_list_add(&j->from, from);
        file_list_add(&j->to, to);
    }
    free(from);
    free(to);
    return err;
}

static bool undo(const journal *j)
{
    bool whole = true;
    for (size_t i = j->to.n; i-- > 0;)
        whole = rename(j->to.path[i], j->from.path[i]) == 0 && whole;
    return whole;
}

static omma_error move_aside(const replacement *r, journal *j, const char *name)
{
    char *path = omma_text("%s/%s", r->folder, name);
    bool there = is_there(path);
    free(path);
    return there ? move(j, r->folder, r->aside, name) : OMMA_OK;
}

static omma_error put(const replacement *r, journal *j, const char *name)
{
    char *place = omma_text("%s/%s", r->folder, name);
    omma_error err = OMMA_OK;

    if (is_there(place)) {
        if (!r->replace)
            err = omma_fail(OMMA_EXISTS, "%s has appeared meanwhile and is left as it is", place);
        else if (strncmp(name, "images/", 7) == 0)
            err = omma_fail(OMMA_EXISTS,
                            "%s is not from an earlier map, so it is not replaced: choose another "
                            "folder with -o, or say --no-pictures",
                            place);
        else
            err = move_aside(r, j, name);
    }
    free(place);
    return err ? err : move(j, r->staging, r->folder, name);
}

omma_error replacement_run(replacement *r)
{
    file_list fresh = {0};
    journal j = {0};
    omma_error err = file_list_read_tree(&fresh, r->staging);

    for (size_t i = 0; !err && i < r->old->n; i++)
        err = move_aside(r, &j, r->old->path[i]);
    for (size_t i = 0; !err && i < fresh.n; i++)
        err = put(r, &j, fresh.path[i]);
    r->undone = !err || undo(&j);
    file_list_finish(&fresh);
    file_list_finish(&j.from);
    file_list_finish(&j.to);
    return err;
}
