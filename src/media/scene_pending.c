/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for scene.c, and for stream.c, until they are here. */
#include "source.h"

omma_error scene_open(source_backend *out, omma_source_info *info, const char *spec,
                      const omma_source_options *options)
{
    (void)out, (void)info, (void)options;
    return omma_fail(OMMA_UNSUPPORTED, "synthetic:%s: there are no scenes in this build", spec);
}

const char *const *omma_source_scenes(void)
{
    static const char *const none[] = {NULL};
    return none;
}

omma_error stream_open(source_backend *out, omma_source_info *info, const char *url,
                       const source_context *context)
{
    (void)out, (void)info, (void)context;
    return omma_fail(OMMA_UNSUPPORTED, "%s: streams are not in this build", url);
}
