/* SPDX-License-Identifier: Apache-2.0 */
#include "exit_code.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_device(const char *url)
{
    return begins(url, "/dev/") || begins(url, "x11:");
}

static bool is_network(const char *url)
{
    return strstr(url, "://") && !begins(url, "file://");
}

exit_code exit_code_of_input(omma_error err, const char *url)
{
    switch (err) {
    case OMMA_OK:
        return CODE_DONE;
    case OMMA_INVALID:
    case OMMA_UNSUPPORTED:
        return CODE_USAGE;
    case OMMA_DEGENERATE:
        return CODE_NO_MAP;
    case OMMA_INTERRUPTED:
        return CODE_INTERRUPTED;
    case OMMA_NOT_FOUND:
    case OMMA_DENIED:
    case OMMA_FORMAT:
    case OMMA_IO:
    case OMMA_END:
        return is_device(url) ? CODE_NO_DEVICE : is_network(url) ? CODE_NETWORK : CODE_INPUT;
    default:
        return CODE_FAILED;
    }
}
