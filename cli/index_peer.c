/* SPDX-License-Identifier: Apache-2.0 */
#include "index_peer.h"

#include <omma/base.h>

#include <dlfcn.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_PATH 4096

/* Where a build has it: beside the program, below tests/bench. */
static char *module_path(const char *name)
{
    char program[MOST_PATH];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

    program[n > 0 ? n : 0] = 0;
    return omma_text("%s/tests/bench/peer_%s.so", dirname(program), name);
}

const index_peer *index_peer_load(const char *name)
{
    char *path = module_path(name);
    const index_peer *peer = NULL;

    if (strchr(name, '/') || access(path, F_OK)) {
        omma_fail(
            OMMA_NOT_FOUND,
            "the peer %.40s is not there (%s): it is for measurements in a build folder, made "
            "with libhnswlib-dev and a C++ compiler",
            name, path);
    } else {
        void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

        peer = module ? dlsym(module, "omma_index_peer_table") : NULL;
        if (!peer)
            omma_fail(OMMA_FORMAT, "the peer %.40s cannot be loaded: %s", name, dlerror());
    }
    free(path);
    return peer;
}
