/* SPDX-License-Identifier: Apache-2.0 */
/** What the writers of files share: which points go out, how pictures are called, plain numbers. */
#pragma once

#include <omma/map.h>

#include <locale.h>

/** The user's locale must not turn decimal points into commas: between begin and end this thread
 *  prints as "C" does. */
typedef struct plain_numbers {
    locale_t plain, before;
} plain_numbers;

void plain_numbers_begin(plain_numbers *p);
void plain_numbers_end(plain_numbers *p);

#define TIME_TEXT_BYTES 24
/** Seconds with nine decimals, every digit exact. */
const char *time_text(int64_t time_ns, char text[TIME_TEXT_BYTES]);

/** What the writers' options say, with the defaults filled in. */
typedef struct export_choice {
    bool replace;
    double max_error_px;
    uint32_t submap; /* the main one */
} export_choice;

export_choice export_choose(const omma_map *m, const omma_export_options *o);
/** The point is finite, of the main submap, and its error small enough. */
bool export_wants(const export_choice *c, const omma_map_point *point);

/** OMMA_EXISTS when there is something at path and it may not be replaced. */
omma_error export_check_free(const char *path, bool replace);

/** File names for the pictures of all keyframes, in their order: unique, free of folders, blanks
 * and quotes, ending in .jpg. Given: picture_names_free. */
char **picture_names(const omma_map *m);
void picture_names_free(char **names, const omma_map *m);
