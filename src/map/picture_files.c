/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyframes' pictures as files. Their names come from the input, which is anybody's: they are
 * cut down to what is safe as a file name and unambiguous in COLMAP's text and in JSON.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_NAME_BYTES                                                                             \
    200 /* file systems allow 255, a suffix and .XXXXXX.part are still to come                     \
         */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-_.+=@,~", c) != NULL;
}

/* Length of the well-formed UTF-8 character at s that is no control or space, else 0. */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 0;

    if (n == 0 || (s[0] == 0xc2 && s[1] <= 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
        (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xe2 && s[1] == 0x80))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* The last part of a path without its ending, with '_' for everything that could be misread. Given.
 */
static char *safe_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *stem = omma_text("%s", slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    size_t i = 0;

    if (dot && dot != stem)
        *dot = 0;
    while (stem[i]) {
        size_t n = is_plain((unsigned char)stem[i]) ? 1 : utf8_length((unsigned char *)stem + i);

        if (i + n > MAX_NAME_BYTES)
            break;
        if (n == 0 || (i == 0 && (stem[0] == '.' || stem[0] == '-')))
            stem[i] = '_'; /* no hidden file, nothing that looks like an option */
        i += n ? n : 1;
    }
    stem[i] = 0;
    return stem;
}

/* jpg stays as it was written (JPG, jpeg); anything else was encoded anew and becomes jpg. */
static const char *jpeg_ending(const char *name)
{
    const char *dot = strrchr(name, '.');

    if (dot && (!strcmp(dot, ".JPG") || !strcmp(dot, ".jpeg") || !strcmp(dot, ".JPEG")))
        return dot;
    return ".jpg";
}

static char *wished_name(const omma_map_keyframe *k)
{
    char *stem = k->name ? safe_stem(k->name) : NULL;
    char *name;

    if (stem && stem[0])
        name = omma_text("%s%s", stem, jpeg_ending(k->name));
    else
        name = omma_text("%06" PRIu64 ".jpg", k->frame_index);
    free(stem);
    return name;
}

typedef struct named {
    char **name;
    uint32_t id;
} named;

/* Case does not tell names apart: the files may move to a system where it does not. */
static int compare_names(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int order = strcasecmp(*x->name, *y->name);

    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static void add_id(char **name, uint32_t id)
{
    const char *dot = strrchr(*name, '.');
    char *longer = omma_text("%.*s-%" PRIu32 "%s", (int)(dot - *name), *name, id, dot);

    free(*name);
    *name = longer;
}

/* Of equal names all but the first get the keyframe's id; that may meet another name, hence again.
 */
static void make_unique(named *all, size_t n)
{
    bool again = n > 0;

    while (again) {
        char *kept;

        qsort(all, n, sizeof *all, compare_names);
        again = false;
        kept = *all[0].name;
        for (size_t i = 1; i < n; i++)
            if (strcasecmp(kept, *all[i].name) == 0) {
                add_id(all[i].name, all[i].id);
                again = true;
            } else {
                kept = *all[i].name;
            }
    }
}

char **picture_names(const omma_map *m)
{
    size_t n = omma_map_keyframe_count(m);
    char **names = omma_new_array(char *, n + 1);
    named *all = omma_new_array(named, n + 1);

    for (size_t i = 0; i < n; i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        names[i] = wished_name(&k);
        all[i] = (named){&names[i], k.id};
    }
    make_unique(all, n);
    free(all);
    return names;
}

void picture_names_free(char **names, const omma_map *m)
{
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++)
        free(names[i]);
    free(names);
}

static omma_error write_picture(const char *path, const omma_buffer *jpeg, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    omma_file_write(f, jpeg->data, jpeg->bytes);
    return omma_file_commit(&f);
}

/* First all places are looked at, then all are written: no half of a folder where one is taken. */
omma_error omma_map_write_pictures(const omma_map *m, const char *folder,
                                   const omma_export_options *o)
{
    bool replace = o && o->replace;
    omma_error err = omma_make_folder(folder);

    if (err)
        return err;
    char **names = picture_names(m);

    for (int writing = 0; writing < 2; writing++)
        for (size_t i = 0; !err && i < omma_map_keyframe_count(m); i++) {
            omma_map_keyframe k = omma_map_get_keyframe(m, i);

            if (!k.jpeg)
                continue;
            char *path = omma_text("%s/%s", folder, names[i]);

            err = writing ? write_picture(path, k.jpeg, replace) : export_check_free(path, replace);
            free(path);
        }
    picture_names_free(names, m);
    return err;
}
