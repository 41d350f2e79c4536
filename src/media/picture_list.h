/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a folder, a pattern or an rgb.txt (TUM layout), in order and with their times. */
#pragma once

#include <omma/base.h>

typedef struct picture_entry {
    char *path;
    int64_t time_ns;
} picture_entry;

typedef struct picture_list {
    picture_entry *entry;
    size_t n, capacity;
    bool has_times;   /* the times are measured (rgb.txt), not made from a rate */
    uint64_t damaged; /* lines of rgb.txt that mean nothing */
} picture_list;

/** Lists what url names. @return OMMA_OK (picture_list_finish); OMMA_NOT_FOUND, OMMA_DENIED,
 *  OMMA_FORMAT (no pictures there). *out is untouched on failure. */
omma_error picture_list_folder(picture_list *out, const char *folder, const omma_log *log);
omma_error picture_list_glob(picture_list *out, const char *pattern);
omma_error picture_list_single(picture_list *out, const char *path);
void picture_list_finish(picture_list *list);

/** Appends what the lines of an rgb.txt in folder say and counts those that mean nothing. Fuzzed.
 *  @param text bytes of them and a 0 behind; changed. */
void picture_list_parse(picture_list *list, const char *folder, char *text, size_t bytes,
                        const omma_log *log);

/** "1305031102.175304" to nanoseconds, by decimal arithmetic: no digit is lost. Digits behind the
 * ninth are rounded. @return the first character behind it, NULL when there is no number or it is
 * too large. */
const char *picture_parse_seconds(const char *text, int64_t *ns);

/** Compares file names so that x9 comes before x10. */
int picture_compare_names(const char *a, const char *b);
