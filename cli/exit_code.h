/* SPDX-License-Identifier: Apache-2.0 */
/* How every command ends. The list feeds the enum, the manual pages and `omma help`. */
#pragma once

#include <omma/base.h>

#define EXIT_CODES(X)                                                                              \
    X(DONE, 0, "all is well")                                                                      \
    X(FAILED, 1, "something failed: the message says what")                                        \
    X(USAGE, 2, "the command line is wrong")                                                       \
    X(INPUT, 3, "the input cannot be read")                                                        \
    X(NO_MAP, 4, "no reconstruction is possible from this input")                                  \
    X(NO_MODEL, 5, "a model file is missing")                                                      \
    X(NO_DEVICE, 6, "a device is missing or cannot be used")                                       \
    X(NETWORK, 7, "the network or the other side of it failed")                                    \
    X(NO_PLACE, 8, "a picture is not known in the map")                                            \
    X(INTERRUPTED, 130, "interrupted (Ctrl-C), after the map so far was written")                  \
    X(NO_READER, 141, "the reader of standard output left early; files are written all the same")

typedef enum exit_code {
#define X(name, number, text) CODE_##name = number,
    EXIT_CODES(X)
#undef X
} exit_code;

/* The code for an input that failed: what kind of thing it is decides between 3, 6 and 7. */
exit_code exit_code_of_input(omma_error err, const char *url);
