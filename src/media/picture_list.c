/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "media"
#include "picture_list.h"

#include "url.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RGB_TXT_BYTES (256u << 20)
#define MAX_LINES_SHOWN   5

/* path is taken. */
static void add(picture_list *list, char *path, int64_t time_ns)
{
    omma_grow((void **)&list->entry, &list->capacity, list->n + 1, sizeof(*list->entry));
    list->entry[list->n++] = (picture_entry){.path = path, .time_ns = time_ns};
}

void picture_list_finish(picture_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->entry[i].path);
    free(list->entry);
    *list = (picture_list){0};
}

int picture_compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            while (*a == '0')
                a++;
            while (*b == '0')
                b++;
            size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
            int order = na != nb ? (na < nb ? -1 : 1) : strncmp(a, b, na);
            if (order)
                return order;
            a += na;
            b += nb;
        } else if (*a == *b) {
            a++;
            b++;
        } else {
            break;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int compare_entries(const void *a, const void *b)
{
    const picture_entry *left = a, *right = b;
    int order = picture_compare_names(left->path, right->path);
    return order ? order : strcmp(left->path, right->path);
}

const char *picture_parse_seconds(const char *text, int64_t *ns)
{
    const char *p = text;
    bool negative = *p == '-';
    int64_t seconds = 0, fraction = 0, unit = 100000000;
    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1])))
        return NULL;
    for (; isdigit((unsigned char)*p); p++) {
        if (seconds > 900000000) /* 9e9 s + 9 still fit an int64 of nanoseconds */
            return NULL;
        seconds = 10 * seconds + (*p - '0');
    }
    if (*p == '.') {
        p++;
        for (; isdigit((unsigned char)*p) && unit; p++, unit /= 10)
            fraction += unit * (*p - '0');
        fraction += !unit && *p >= '5' && *p <= '9';
        p += strspn(p, "0123456789");
    }
    *ns = (seconds * 1000000000 + fraction) * (negative ? -1 : 1);
    return p;
}

/* Stays inside the folder: the file comes from outside and must not make us read anything else. */
static bool is_inside(const char *name)
{
    if (*name == '/')
        return false;
    for (const char *p = name; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == 0))
            return false;
    }
    return true;
}

/* Cuts white space off both ends; gives the start. */
static char *trim(char *line)
{
    size_t n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1]))
        line[--n] = 0;
    while (isspace((unsigned char)*line))
        line++;
    return line;
}

/* One line of rgb.txt that is neither empty nor a comment. NULL, or what is wrong with it. */
static const char *parse_line(picture_list *list, const char *folder, const char *line)
{
    int64_t time_ns;
    const char *name = picture_parse_seconds(line, &time_ns);
    if (!name || !isspace((unsigned char)*name))
        return "does not begin with a time in seconds";
    while (isspace((unsigned char)*name))
        name++;
    if (!*name)
        return "has no file name";
    if (!is_inside(name))
        return "names a file outside the folder";
    add(list, omma_text("%s/%s", folder, name), time_ns);
    return NULL;
}

void picture_list_parse(picture_list *list, const char *folder, char *text, size_t bytes,
                        const omma_log *log)
{
    unsigned number = 0;
    for (char *zero = text; (zero = memchr(zero, 0, bytes - (size_t)(zero - text)));)
        *zero = '?'; /* not the end of the text, and in no name */
    for (char *line, *rest = text; (line = strsep(&rest, "\n"));) {
        number++;
        line = trim(line);
        if (!*line || *line == '#')
            continue;
        const char *wrong = parse_line(list, folder, line);
        if (wrong && ++list->damaged <= MAX_LINES_SHOWN)
            omma_warn(log, "%s/rgb.txt: line %u %s: left out", folder, number, wrong);
    }
}

/* TUM layout: https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats */
static omma_error read_rgb_txt(picture_list *list, const char *folder, const char *path,
                               const omma_log *log)
{
    char *text = NULL;
    size_t bytes;
    omma_error err = omma_file_read(path, MAX_RGB_TXT_BYTES, &text, &bytes);
    if (err)
        return err;
    list->has_times = true;
    picture_list_parse(list, folder, text, bytes, log);
    free(text);
    if (list->n == 0)
        return omma_fail(OMMA_FORMAT,
                         "%s: none of its lines says \"time file\" (%" PRIu64
                         " other lines): write one line for each picture, such as "
                         "\"0.033333 rgb/0001.png\", or remove the file to take the pictures in "
                         "the order of their names",
                         path, list->damaged);
    return OMMA_OK;
}

static omma_error scan_folder(picture_list *list, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return omma_fail_errno("cannot read the folder %s", folder);
    for (struct dirent *item; (item = readdir(dir));) {
        if (item->d_name[0] != '.' && url_is_picture(item->d_name))
            add(list, omma_text("%s/%s", folder, item->d_name), 0);
    }
    closedir(dir);
    if (list->n == 0)
        return omma_fail(OMMA_FORMAT,
                         "%s: no pictures in this folder (jpg, jpeg, png, webp, bmp, tif, tiff, "
                         "ppm or pgm): give the folder that holds them or a file rgb.txt",
                         folder);
    qsort(list->entry, list->n, sizeof(*list->entry), compare_entries);
    return OMMA_OK;
}

omma_error picture_list_folder(picture_list *out, const char *url, const omma_log *log)
{
    picture_list list = {0};
    char *folder = omma_text("%s", url);
    for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/';)
        folder[--n] = 0;
    char *path = omma_text("%s/rgb.txt", folder);
    omma_error err = read_rgb_txt(&list, folder, path, log);
    if (err == OMMA_NOT_FOUND)
        err = scan_folder(&list, folder);
    free(path);
    free(folder);
    if (err)
        picture_list_finish(&list);
    else
        *out = list;
    return err;
}

omma_error picture_list_glob(picture_list *out, const char *pattern)
{
    picture_list list = {0};
    glob_t found = {0};
    int status = glob(pattern, GLOB_NOSORT, NULL, &found);
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++) {
        if (url_is_picture(found.gl_pathv[i]))
            add(&list, omma_text("%s", found.gl_pathv[i]), 0);
    }
    globfree(&found);
    if (list.n == 0)
        return omma_fail(OMMA_NOT_FOUND,
                         "%s: no picture has such a name: check the path, and quote the pattern so "
                         "that the shell leaves it alone",
                         pattern);
    qsort(list.entry, list.n, sizeof(*list.entry), compare_entries);
    *out = list;
    return OMMA_OK;
}

omma_error picture_list_single(picture_list *out, const char *path)
{
    *out = (picture_list){0};
    add(out, omma_text("%s", path), 0);
    return OMMA_OK;
}
