/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The journal of a map that is being made: a file beside its place that is only appended to, so
 * that a process that is killed leaves what it knew until a moment before (docs/map-file.md). Its
 * own thread writes, and syncs about once a second; the caller never waits for the disk, unless it
 * is a thousand groups behind. When the disk fails, that is said once and the map goes on without.
 */
#pragma once

#include <omma/map.h>

typedef struct journal journal;

/** Begins with all that the map holds. The folder is made when it is missing.
 *  @param replace a file that is there is replaced when the new one is whole
 *  @return OMMA_OK (*out given: journal_remove); OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO. */
omma_error journal_create(journal **out, const char *path, bool replace, const omma_map *map,
                          const omma_log *log);

/** The file has served: it goes, and the folder that was made for it, when there is nothing else in
 *  it. NULL is harmless. */
void journal_remove(journal **j);

/** Where to tell what was done to the map; borrowed. */
omma_map_changes *journal_changes(journal *j);

/** What was told since the last time is one group: it is there after a crash, or is not. */
void journal_hand_on(journal *j);

/** Whether the points and the tracker's memory should be told again: when as much was told since as
 *  they took the last time, so that they are half of the file at most; after a second at the
 *  earliest, and a hundred times as long as it took. */
bool journal_wants_checkpoint(const journal *j);
/** Tells them as the map holds them now; since_ns: when the caller began to gather them. */
void journal_checkpoint(journal *j, const omma_map *map, int64_t since_ns);
