/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a map is made of, relative to its folder. report.json keeps the list, so that a later
 * map knows which files are its predecessor's and which are somebody else's. */
#pragma once

#include <omma/base.h>

#include <stddef.h>

typedef struct file_list {
    char **path;
    size_t n, capacity;
} file_list;

void file_list_add(file_list *l, const char *path);
bool file_list_has(const file_list *l, const char *path);
/* Whether one of the files lies in this folder of the map. */
bool file_list_has_in(const file_list *l, const char *folder);
void file_list_finish(file_list *l);

/* Adds the files below a folder. @return OMMA_OK; OMMA_IO and the like: the list is not whole. */
omma_error file_list_read_tree(file_list *l, const char *folder);
/* Adds what the map in this folder says it is made of: nothing when there is none. */
void file_list_read_report(file_list *l, const char *folder);
/* The report with the member "outputs". Given: free(). */
char *file_list_write_report(const file_list *l, const char *report);
