/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All files of a map, or none. They are written into a folder beside their place (NAME.part-...)
 * and moved when the last one is whole: a new folder by one rename, an old one file by file, with
 * what they replace kept aside until all are in their place.
 */
#define OMMA_MODULE "pipeline"
#include "file_list.h"
#include "replacement.h"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
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
        err = errno == EACCES ? omma_fail(OMMA_DENIED,
                                          "cannot write into the folder %s: Permission denied: "
                                          "choose another output folder with -o",
                                          path)
                              : omma_fail_errno("cannot write into the folder %s", path);
    free(path);
    return err;
}

static bool is_within(const char *path, const char *real_folder)
{
    char *real = realpath(path, NULL);
    size_t n = strlen(real_folder);
    bool within = real && strncmp(real, real_folder, n) == 0 && (!real[n] || real[n] == '/');
    free(real);
    return within;
}

/* Whether the input, a name or a pattern, is the output's folder of pictures or in it. */
static bool is_input_in_images(const omma_outputs *o)
{
    char *images = omma_text("%s/images", o->folder), *real = realpath(images, NULL);
    const char *input = o->input ? o->input : "";
    glob_t found = {0};
    bool within = false;

    if (strncmp(input, "file:", 5) == 0)
        input += 5;
    if (real && *input) {
        within = is_within(input, real);
        if (!within && glob(input, GLOB_NOSORT, NULL, &found) == 0)
            for (size_t i = 0; !within && i < found.gl_pathc; i++)
                within = is_within(found.gl_pathv[i], real);
        globfree(&found);
    }
    free(real);
    free(images);
    return within;
}

static bool is_wanted(const omma_outputs *o, const char *name)
{
    return !(o->no_colmap && strcmp(name, "colmap") == 0) &&
           !(o->no_transforms && strcmp(name, "transforms.json") == 0) &&
           !(!o->depth && strcmp(name, "depth") == 0) &&
           !(!o->mesh && strcmp(name, "mesh.ply") == 0) &&
           !(o->no_pictures && strcmp(name, "images") == 0);
}

/* Somebody's pictures may be the very input, and nobody's are ours but those we wrote. */
static omma_error check_pictures(const omma_outputs *o)
{
    file_list old = {0};

    if (o->no_pictures || !is_taken_in(o->folder, "images"))
        return OMMA_OK;
    if (is_input_in_images(o))
        return omma_fail(OMMA_INVALID,
                         "the input is in %s/images, where this map's pictures would go: choose "
                         "another folder with -o, or say --no-pictures",
                         o->folder);
    file_list_read_report(&old, o->folder);
    bool ours = file_list_has_in(&old, "images");
    file_list_finish(&old);
    if (o->replace && !ours)
        return omma_fail(OMMA_EXISTS,
                         "%s/images has files that are not from an earlier map, so they are not "
                         "replaced: choose another folder with -o, or say --no-pictures",
                         o->folder);
    return OMMA_OK;
}

/* What a mapping left that was cut off is somebody's map. */
static omma_error check_journal(const omma_outputs *o)
{
    if (o->replace || !is_taken_in(o->folder, OMMA_JOURNAL_NAME))
        return OMMA_OK;
    return omma_fail(OMMA_EXISTS,
                     "%s/" OMMA_JOURNAL_NAME
                     " is what a mapping left that was cut off: omma export "
                     "and omma map --resume read it; choose another folder with -o, or say --force "
                     "to begin anew",
                     o->folder);
}

static omma_error check_files(const omma_outputs *o)
{
    static const char *const names[] = {"trajectory.txt",  "cloud.ply", "map.omma",
                                        "mesh.ply",        "colmap",    "depth",
                                        "transforms.json", "images",    "report.json"};

    if (!o->folder || !o->folder[0])
        return omma_fail(OMMA_INVALID, "the output folder has no name");
    omma_error err = check_writable(o->folder);
    if (!err)
        err = check_pictures(o);
    for (size_t i = 0; !err && !o->replace && i < sizeof(names) / sizeof(names[0]); i++)
        if (is_wanted(o, names[i]) && is_taken_in(o->folder, names[i]))
            err = omma_fail(OMMA_EXISTS,
                            "%s/%s is there already: choose another folder with -o, or say "
                            "--force to replace the old map",
                            o->folder, names[i]);
    return err;
}

omma_error omma_outputs_check(const omma_outputs *o)
{
    omma_error err = check_files(o);
    return err ? err : check_journal(o);
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

/* The last file: it tells which others there are. */
static omma_error write_report(omma_session *s, const char *staging)
{
    char *path = omma_text("%s/report.json", staging);
    file_list files = {0};
    omma_file *f = NULL;
    omma_error err = file_list_read_tree(&files, staging);

    if (!err)
        err = omma_file_create(&f, path, true);
    if (!err) {
        file_list_add(&files, "report.json");
        char *report = omma_session_report(s), *text = file_list_write_report(&files, report);
        omma_file_write(f, text, strlen(text));
        omma_file_write(f, "\n", 1);
        free(text);
        free(report);
        err = omma_file_commit(&f);
    }
    file_list_finish(&files);
    free(path);
    return err;
}

static bool is_abandoned(void *user)
{
    return atomic_load(&((const omma_session *)user)->stops) > 1;
}

/* The dense cloud where there is depth, else the sparse points. */
static omma_error write_cloud(omma_session *s, const omma_outputs *o, const char *path)
{
    const omma_export_options replace = {.replace = true};
    omma_cloud cloud = {0};
    omma_error err = omma_map_fuse(s->map,
                                   &(omma_fuse_options){.max_points = o->max_points,
                                                        .threads = s->options.tracker.threads,
                                                        .stop = is_abandoned,
                                                        .user = s},
                                   &cloud);
    if (err)
        return err;
    s->max_points = o->max_points;
    s->cloud_points = cloud.count;
    s->cloud_voxel = cloud.voxel;
    if (cloud.count)
        err = omma_scene_write(&(omma_scene){.map = s->map, .cloud = &cloud}, path, &replace);
    else
        err = omma_map_write_ply(
            s->map, path, &(omma_export_options){.replace = true, .max_points = o->max_points});
    omma_cloud_finish(&cloud);
    return err;
}

static omma_error write_mesh(omma_session *s, const omma_outputs *o, const char *path)
{
    omma_mesh mesh = {0};
    omma_error err =
        omma_map_mesh(s->map, &(omma_mesh_options){.stop = is_abandoned, .user = s}, &mesh);

    (void)o;
    if (!err && mesh.triangle_count)
        err = omma_scene_write(&(omma_scene){.map = s->map, .mesh = &mesh}, path,
                               &(omma_export_options){.replace = true});
    else if (!err)
        session_note(
            s, omma_text("there is no depth that would make a mesh: mesh.ply is not written"));
    omma_mesh_finish(&mesh);
    return err;
}

static omma_error write_depth(omma_session *s, const omma_outputs *o, const char *path)
{
    return depth_log_write(s->depths, s->map, path, o->depth_format,
                           &(omma_export_options){.replace = true});
}

/* An exporter that needs the map and nothing else. */
typedef omma_error export_function(const omma_map *m, const char *path,
                                   const omma_export_options *o);
typedef omma_error write_function(omma_session *s, const omma_outputs *o, const char *path);

static omma_error write_all(omma_session *s, const omma_outputs *o, const char *staging)
{
    const bool pictures = s->options.pictures && !o->no_pictures;
    const struct {
        const char *name;
        export_function *export;
        write_function *write;
        bool wanted;
    } part[] = {
        {"trajectory.txt", omma_map_write_tum, NULL, true},
        {"cloud.ply", NULL, write_cloud, true},
        {"mesh.ply", NULL, write_mesh, o->mesh},
        {"map.omma", omma_map_save, NULL, true},
        {"colmap", omma_map_write_colmap, NULL, !o->no_colmap},
        {"colmap", omma_map_write_colmap_depth, NULL, !o->no_colmap && o->colmap_depth},
        {"transforms.json", omma_map_write_transforms, NULL, !o->no_transforms},
        {"images", omma_map_write_pictures, NULL, pictures},
        {"depth", NULL, write_depth, o->depth && s->depths},
    };
    omma_error err = OMMA_OK;

    for (size_t i = 0; !err && i < sizeof(part) / sizeof(part[0]); i++) {
        if (!part[i].wanted)
            continue;
        if (is_abandoned(s))
            return omma_fail(OMMA_INTERRUPTED, "stopped while writing; nothing was kept");
        char *path = omma_text("%s/%s", staging, part[i].name);
        err = part[i].write ? part[i].write(s, o, path)
                            : part[i].export(s->map, path, &(omma_export_options){.replace = true});
        free(path);
    }
    return err ? err : write_report(s, staging);
}

/* -------------------------------------------------------------------------------------- move */

/* Trajectories of an older map's further submaps would be taken for ours, whoever wrote them. */
static void add_submaps(file_list *l, const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned submap;
        int end = 0;
        if (sscanf(e->d_name, "trajectory-submap%9u.txt%n", &submap, &end) == 1 && end &&
            !e->d_name[end] && !file_list_has(l, e->d_name))
            file_list_add(l, e->d_name);
    }
    if (d)
        closedir(d);
}

/* The files of the map that is replaced, but for pictures that are the input. */
static file_list list_old(const omma_outputs *o)
{
    file_list all = {0}, old = {0};
    bool keep = is_input_in_images(o);

    if (!o->replace)
        return old;
    file_list_read_report(&all, o->folder);
    add_submaps(&all, o->folder);
    for (size_t i = 0; i < all.n; i++)
        if (!keep || strncmp(all.path[i], "images/", 7) != 0)
            file_list_add(&old, all.path[i]);
    file_list_finish(&all);
    return old;
}

static void remove_if_empty(const char *folder, const char *name)
{
    char *path = omma_text("%s/%s", folder, name);
    rmdir(path);
    free(path);
}

static omma_error move_into(const char *staging, const omma_outputs *o)
{
    char *aside = NULL;
    omma_error err = make_staging(&aside, o->folder, true);
    if (err)
        return err;
    file_list old = list_old(o);
    replacement r = {.staging = staging,
                     .aside = aside,
                     .folder = o->folder,
                     .old = &old,
                     .replace = o->replace};
    err = replacement_run(&r);
    if (r.undone)
        remove_tree(aside);
    else
        err = omma_fail(err, "%s; files of the old map are in %s", omma_why(), aside);
    if (old.n) {
        remove_if_empty(o->folder, "colmap/stereo/depth_maps");
        remove_if_empty(o->folder, "colmap/stereo");
        remove_if_empty(o->folder, "colmap");
        remove_if_empty(o->folder, "images");
        remove_if_empty(o->folder, "depth");
    }
    file_list_finish(&old);
    free(aside);
    return err;
}

/* Says the reason with the name that a file was to get, and what helps. */
static omma_error explain(omma_error err, const char *staging, const char *folder)
{
    const char *why = omma_why(), *at = strstr(why, staging);
    const char *help =
        err == OMMA_FULL ? ": free some space, or choose another folder with -o" : "";

    if (at)
        return omma_fail(err, "%.*s%s%s%s", (int)(at - why), why, folder, at + strlen(staging),
                         help);
    return omma_fail(err, "%s%s", why, help);
}

/* Nothing but this session's journal is in it. */
static bool holds_journal_alone(const omma_session *s, const char *folder)
{
    DIR *d = s->journal ? opendir(folder) : NULL;
    bool alone = d != NULL;

    for (struct dirent *e; alone && (e = readdir(d));)
        alone = is_dot(e->d_name) || strcmp(e->d_name, OMMA_JOURNAL_NAME) == 0;
    if (d)
        closedir(d);
    return alone;
}

/* A whole new folder at once: for one with the journal in it, which is then staging, to be removed.
 * Where they cannot be exchanged the old one goes first. */
static omma_error take_place(omma_session *s, const char *staging, const char *folder)
{
    if (rename(staging, folder) == 0 ||
        renameat2(AT_FDCWD, staging, AT_FDCWD, folder, RENAME_EXCHANGE) == 0)
        return OMMA_OK;
    journal_remove(&s->journal);
    rmdir(folder);
    return rename(staging, folder) == 0
               ? OMMA_OK
               : omma_fail_errno("cannot give the folder %s its name", folder);
}

static omma_error write_and_move(omma_session *s, const omma_outputs *o)
{
    char *staging = NULL;
    bool there = is_folder(o->folder) && !holds_journal_alone(s, o->folder);
    omma_error err = OMMA_OK;

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
    if (err)
        explain(err, staging, o->folder);
    else if (there)
        err = move_into(staging, o);
    else
        err = take_place(s, staging, o->folder);
    remove_tree(staging);
    free(staging);
    return err;
}

omma_error omma_session_write(omma_session *s, const omma_outputs *outputs)
{
    omma_outputs o = *outputs;
    o.input = s->input;
    o.no_pictures = o.no_pictures || !s->options.pictures;
    omma_error err = s->journal ? check_files(&o) : omma_outputs_check(&o);
    if (!err)
        err = write_and_move(s, &o);
    if (!err)
        journal_remove(&s->journal);
    return err;
}
