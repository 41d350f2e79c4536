/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for scene.c until it is here. */
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
