/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All files of a map, or none. They are written into a folder beside their place (NAME.part-...)
 * and moved when the last one is whole: a new folder by one rename, an old one file by file.
 */
#define OMMA_MODULE "pipeline"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------- check */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A file, or a folder with something in it. */
static bool is_taken(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        return true;
    DIR *d = opendir(path);
    bool taken = false;
    for (struct dirent *e; d && !taken && (e = readdir(d));)
        taken = !is_dot(e->d_name);
    if (d)
        closedir(d);
    return taken;
}

static bool is_taken_in(const char *folder, const char *name)
{
    char *path = omma_text("%s/%s", folder, name);
    bool taken = is_taken(path);
    free(path);
    return taken;
}

/* The folder a path lies in; given. */
static char *parent_of(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n ? omma_text("%.*s", (int)n, path) : omma_text(".");
}

/* The nearest folder at or above path that is there decides whether anything can be written. */
static omma_error check_writable(const char *folder)
{
    char *path = omma_text("%s", folder);

    while (access(path, F_OK) != 0 && strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *up = parent_of(path);
        free(path);
        path = up;
    }
    omma_error err = OMMA_OK;
    if (!is_folder(path))
        err = omma_fail(OMMA_EXISTS, "%s is not a folder: choose another output folder with -o",
                        path);
    else if (access(path, W_OK | X_OK) != 0)
        err = omma_fail_errno("cannot write into the folder %s", path);
    free(path);
    return err;
}

omma_error omma_outputs_check(const omma_outputs *o)
{
    static const char *const names[] = {"trajectory.txt",  "cloud.ply", "colmap",
                                        "transforms.json", "images",    "report.json"};

    if (!o->folder || !o->folder[0])
        return omma_fail(OMMA_INVALID, "the output folder has no name");
    omma_error err = check_writable(o->folder);
    if (err)
        return err;
    for (size_t i = 0; !o->replace && i < sizeof(names) / sizeof(names[0]); i++)
        if (is_taken_in(o->folder, names[i]))
            return omma_fail(OMMA_EXISTS,
                             "%s/%s is there already: choose another folder with -o, or say "
                             "--force to replace the old map",
                             o->folder, names[i]);
    /* Somebody's pictures may be the very input. */
    if (o->replace && !o->no_pictures && is_taken_in(o->folder, "images") &&
        !is_taken_in(o->folder, "report.json"))
        return omma_fail(OMMA_EXISTS,
                         "%s/images has files that are not from an earlier map, so they are not "
                         "replaced: choose another folder with -o, or say --no-pictures",
                         o->folder);
    return OMMA_OK;
}

/* ----------------------------------------------------------------------------------- staging */

/* Removes a folder and all in it; links are removed, not followed. */
static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (is_dot(e->d_name))
            continue;
        char *inner = omma_text("%s/%s", path, e->d_name);
        struct stat st;
        if (lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
            remove_tree(inner);
        else
            unlink(inner);
        free(inner);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static omma_error make_staging(char **staging, const char *folder, bool inside)
{
    uint64_t seed = (uint64_t)omma_clock_wall_ns() ^ ((uint64_t)getpid() << 32);
    size_t n = strlen(folder);

    while (n > 1 && folder[n - 1] == '/')
        n--;
    for (int attempt = 0; attempt < 100; attempt++) {
        unsigned tag = (unsigned)(omma_random_u64(&seed) & 0xffffff);
        *staging = omma_text("%.*s%s.part-%06x", (int)n, folder, inside ? "/" : "", tag);
        if (mkdir(*staging, 0777) == 0)
            return OMMA_OK;
        int why = errno;
        free(*staging);
        *staging = NULL;
        errno = why;
        if (why != EEXIST)
            break;
    }
    return omma_fail_errno("cannot make a folder in %s", inside ? folder : "its parent");
}

static omma_error write_report(omma_session *s, const char *path)
{
    omma_file *f = NULL;
    omma_error err = omma_file_create(&f, path, true);
    if (err)
        return err;
    char *text = omma_session_report(s);
    omma_file_write(f, text, strlen(text));
    omma_file_write(f, "\n", 1);
    free(text);
    return omma_file_commit(&f);
}

typedef omma_error write_function(const omma_map *m, const char *path,
                                  const omma_export_options *o);

static omma_error write_all(omma_session *s, const omma_outputs *o, const char *staging)
{
    bool pictures = s->options.pictures && !o->no_pictures;
    const struct {
        const char *name;
        write_function *write;
        bool wanted;
    } part[] = {
        {"trajectory.txt", omma_map_write_tum, true},
        {"cloud.ply", omma_map_write_ply, true},
        {"colmap", omma_map_write_colmap, !o->no_colmap},
        {"transforms.json", omma_map_write_transforms, !o->no_transforms},
        {"images", omma_map_write_pictures, pictures},
    };
    omma_error err = OMMA_OK;

    for (size_t i = 0; !err && i < sizeof(part) / sizeof(part[0]); i++) {
        if (!part[i].wanted)
            continue;
        if (atomic_load(&s->stops) > 1)
            return omma_fail(OMMA_INTERRUPTED, "stopped while writing; nothing was kept");
        char *path = omma_text("%s/%s", staging, part[i].name);
        err = part[i].write(s->map, path, &(omma_export_options){.replace = true});
        free(path);
    }
    if (!err) {
        char *path = omma_text("%s/report.json", staging);
        err = write_report(s, path);
        free(path);
    }
    return err;
}

/* -------------------------------------------------------------------------------------- move */

typedef struct moved_files {
    char **made; /* files that were not there before */
    size_t count, capacity;
} moved_files;

static void note_made(moved_files *m, const char *path)
{
    void *array = m->made;
    omma_grow(&array, &m->capacity, m->count + 1, sizeof(char *));
    m->made = array;
    m->made[m->count++] = omma_text("%s", path);
}

static void moved_finish(moved_files *m, bool undo)
{
    for (size_t i = 0; i < m->count; i++) {
        if (undo)
            unlink(m->made[i]);
        free(m->made[i]);
    }
    free(m->made);
}

static omma_error move_file(const char *from, const char *to, bool replace, moved_files *moved)
{
    bool there = access(to, F_OK) == 0;

    if (there && !replace)
        return omma_fail(OMMA_EXISTS, "%s has appeared meanwhile and is left as it is", to);
    if (rename(from, to) != 0)
        return omma_fail_errno("cannot put %s in its place", to);
    if (!there)
        note_made(moved, to);
    return OMMA_OK;
}

static omma_error move_tree(const char *from, const char *to, bool replace, moved_files *moved)
{
    omma_error err = omma_make_folder(to);
    DIR *d = err ? NULL : opendir(from);

    for (struct dirent *e; !err && d && (e = readdir(d));) {
        if (is_dot(e->d_name))
            continue;
        char *source = omma_text("%s/%s", from, e->d_name);
        char *target = omma_text("%s/%s", to, e->d_name);
        err = is_folder(source) ? move_tree(source, target, replace, moved)
                                : move_file(source, target, replace, moved);
        free(source);
        free(target);
    }
    if (d)
        closedir(d);
    return err;
}

/* Trajectories of an older map's further submaps would be taken for ours. */
static void remove_stale(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned submap;
        int end = 0;
        if (sscanf(e->d_name, "trajectory-submap%u.txt%n", &submap, &end) != 1 || !end ||
            e->d_name[end])
            continue;
        char *path = omma_text("%s/%s", folder, e->d_name);
        unlink(path);
        free(path);
    }
    if (d)
        closedir(d);
}

static omma_error move_into(const char *staging, const omma_outputs *o)
{
    moved_files moved = {0};

    if (o->replace)
        remove_stale(o->folder);
    omma_error err = move_tree(staging, o->folder, o->replace, &moved);
    moved_finish(&moved, err != OMMA_OK);
    return err;
}

omma_error omma_session_write(omma_session *s, const omma_outputs *o)
{
    char *staging = NULL;
    bool there = false;
    omma_error err = omma_outputs_check(o);

    if (err)
        return err;
    there = is_folder(o->folder);
    if (!there) {
        char *parent = parent_of(o->folder);
        err = omma_make_folder(parent);
        free(parent);
    }
    if (!err)
        err = make_staging(&staging, o->folder, there);
    if (err)
        return err;
    err = write_all(s, o, staging);
    if (!err && there)
        err = move_into(staging, o);
    else if (!err && rename(staging, o->folder) != 0)
        err = omma_fail_errno("cannot give the folder %s its name", o->folder);
    remove_tree(staging);
    free(staging);
    return err;
}
