/* SPDX-License-Identifier: Apache-2.0 */
#include "identify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    ply_header h;

    identify(text, size, true);
    identify(text, size, false);
    if (ply_header_parse(&h, text, size) == OMMA_OK && (h.bytes > size || !h.format[0]))
        abort();
    return 0;
}
