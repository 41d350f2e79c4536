/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *omma_version(void)
{
    return TEXT(OMMA_VERSION_MAJOR) "." TEXT(OMMA_VERSION_MINOR) "." TEXT(OMMA_VERSION_PATCH);
}
