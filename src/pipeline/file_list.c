/* SPDX-License-Identifier: Apache-2.0 */
#include "file_list.h"

#include <cjson/cJSON.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_REPORT_BYTES ((size_t)1 << 28)

void file_list_add(file_list *l, const char *path)
{
    void *array = l->path;
    omma_grow(&array, &l->capacity, l->n + 1, sizeof(char *));
    l->path = array;
    l->path[l->n++] = omma_text("%s", path);
}

bool file_list_has(const file_list *l, const char *path)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->path[i], path) == 0)
            return true;
    return false;
}

bool file_list_has_in(const file_list *l, const char *folder)
{
    size_t n = strlen(folder);
    for (size_t i = 0; i < l->n; i++)
        if (strncmp(l->path[i], folder, n) == 0 && l->path[i][n] == '/')
            return true;
    return false;
}

void file_list_finish(file_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->path[i]);
    free(l->path);
    *l = (file_list){0};
}

/* ---------------------------------------------------------------------------------- folders */

static omma_error read_folder(file_list *l, const char *root, const char *below);

static omma_error read_entry(file_list *l, const char *root, const char *below, const char *name)
{
    char *path = below ? omma_text("%s/%s", below, name) : omma_text("%s", name);
    char *full = omma_text("%s/%s", root, path);
    struct stat st;
    omma_error err = OMMA_OK;

    if (lstat(full, &st) != 0)
        err = omma_fail_errno("cannot look at %s", full);
    else if (S_ISDIR(st.st_mode))
        err = read_folder(l, root, path);
    else
        file_list_add(l, path);
    free(full);
    free(path);
    return err;
}

static omma_error read_folder(file_list *l, const char *root, const char *below)
{
    char *folder = below ? omma_text("%s/%s", root, below) : omma_text("%s", root);
    DIR *d = opendir(folder);
    omma_error err = d ? OMMA_OK : omma_fail_errno("cannot read the folder %s", folder);

    while (!err) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e && errno)
            err = omma_fail_errno("cannot read the folder %s", folder);
        if (!e)
            break;
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            err = read_entry(l, root, below, e->d_name);
    }
    if (d)
        closedir(d);
    free(folder);
    return err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

omma_error file_list_read_tree(file_list *l, const char *folder)
{
    omma_error err = read_folder(l, folder, NULL);
    if (l->n)
        qsort(l->path, l->n, sizeof(char *), by_name);
    return err;
}

/* ----------------------------------------------------------------------------------- reports */

/* A report is a file like any other: it cannot make us touch what no map is made of. */
static bool is_ours(const char *path)
{
    static const char *const files[] = {"trajectory.txt", "cloud.ply", "transforms.json",
                                        "report.json",    "map.omma",  "mesh.ply"};
    static const char *const folders[] = {"colmap/stereo/depth_maps/", "colmap/", "images/",
                                          "depth/"};
    unsigned submap;
    int end = 0;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(path, files[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n) == 0)
            return path[n] && path[n] != '.' && !strchr(path + n, '/');
    }
    return sscanf(path, "trajectory-submap%9u.txt%n", &submap, &end) == 1 && end && !path[end];
}

void file_list_read_report(file_list *l, const char *folder)
{
    char *path = omma_text("%s/report.json", folder), *text = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MAX_REPORT_BYTES, &text, &bytes);

    free(path);
    if (err)
        return;
    cJSON *report = cJSON_ParseWithLength(text, bytes);
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(report, "format");
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(report, "outputs"), *file;
    if (cJSON_IsString(format) && strcmp(format->valuestring, "omma-report") == 0)
        cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(
                                     outputs, "files")) if (cJSON_IsString(file) &&
                                                            is_ours(file->valuestring))
            file_list_add(l, file->valuestring);
    cJSON_Delete(report);
    free(text);
}

char *file_list_write_report(const file_list *l, const char *report)
{
    cJSON *r = cJSON_Parse(report);
    cJSON *outputs = cJSON_AddObjectToObject(r, "outputs");
    size_t pictures = 0;

    for (size_t i = 0; i < l->n; i++)
        pictures += strncmp(l->path[i], "images/", 7) == 0;
    cJSON_AddNumberToObject(outputs, "pictures", (double)pictures);
    cJSON_AddItemToObject(outputs, "files",
                          cJSON_CreateStringArray((const char *const *)l->path, (int)l->n));
    char *text = cJSON_Print(r);
    cJSON_Delete(r);
    return text;
}
