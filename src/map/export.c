/* SPDX-License-Identifier: Apache-2.0 */
#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

void plain_numbers_begin(plain_numbers *p)
{
    p->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    p->before = p->plain ? uselocale(p->plain) : (locale_t)0;
}

void plain_numbers_end(plain_numbers *p)
{
    if (!p->plain)
        return;
    uselocale(p->before);
    freelocale(p->plain);
}

const char *time_text(int64_t time_ns, char text[TIME_TEXT_BYTES])
{
    uint64_t size = time_ns < 0 ? -(uint64_t)time_ns : (uint64_t)time_ns;

    snprintf(text, TIME_TEXT_BYTES, "%s%" PRIu64 ".%09" PRIu64, time_ns < 0 ? "-" : "",
             size / 1000000000, size % 1000000000);
    return text;
}

export_choice export_choose(const omma_map *m, const omma_export_options *o)
{
    return (export_choice){
        .replace = o && o->replace,
        .max_error_px = o && o->max_error_px > 0 ? o->max_error_px : 4,
        .submap = omma_map_main_submap(m),
    };
}

bool export_wants(const export_choice *c, const omma_map_point *point)
{
    return point->submap == c->submap && point->error_px <= c->max_error_px &&
           isfinite(point->world[0]) && isfinite(point->world[1]) && isfinite(point->world[2]);
}

omma_error export_check_free(const char *path, bool replace)
{
    struct stat st;

    if (replace || (lstat(path, &st) != 0 && errno == ENOENT))
        return OMMA_OK;
    if (lstat(path, &st) != 0)
        return omma_fail_errno("%s", path);
    return omma_fail(OMMA_EXISTS, "%s is there already", path);
}
