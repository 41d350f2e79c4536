/* SPDX-License-Identifier: Apache-2.0 */
/** Loops over several threads. */
#pragma once

#include <stddef.h>

/** run(user, i) for every i below n, each once, in no order, by so many threads (0 = as many as
 *  cores); returns when all are done. Where no thread can be had, this one does it. */
void fuse_workers_run(unsigned threads, size_t n, void (*run)(void *user, size_t i), void *user);
