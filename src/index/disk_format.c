/* SPDX-License-Identifier: Apache-2.0 */
#include "disk_format.h"

#include <string.h>

omma_error disk_check_magic(const char *what, const void *magic, const char *want_magic,
                            uint32_t version)
{
    if (memcmp(magic, want_magic, DISK_MAGIC_BYTES) != 0)
        return omma_fail(OMMA_FORMAT, "this is not the %s of an index", what);
    if (version != DISK_VERSION)
        return omma_fail(OMMA_UNSUPPORTED,
                         "the %s is of version %u, and this Omma reads version %d", what, version,
                         DISK_VERSION);
    return OMMA_OK;
}

static const char *metric_name(uint32_t metric)
{
    static const char *const names[] = {"cosine", "inner product", "L2"};
    return metric < sizeof(names) / sizeof(names[0]) ? names[metric] : "unknown";
}

omma_error disk_check_shape(const char *what, const disk_shape *has, const disk_shape *want)
{
    if (!want || want->dim == 0)
        return OMMA_OK;
    if (has->dim != want->dim)
        return omma_fail(OMMA_INVALID, "the %s is of vectors of %u components, not %u", what,
                         has->dim, want->dim);
    if (has->metric != want->metric)
        return omma_fail(OMMA_INVALID, "the %s is by %s, not by %s", what, metric_name(has->metric),
                         metric_name(want->metric));
    if (has->codes_only != want->codes_only)
        return omma_fail(OMMA_INVALID, "the %s is %s vectors beside the codes", what,
                         has->codes_only ? "without" : "with");
    return OMMA_OK;
}
