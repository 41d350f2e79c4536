/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <libavdevice/version_major.h>
#include <libavformat/avformat.h>
#include <libavutil/macros.h>

#include <dlfcn.h>

#define LIBRARY "libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR)

/* Linked in the usual way it costs every run 17 MB of resident memory and 35 ms (Debian 12: eighty
 * more libraries), also where there are only files. It is never unloaded: libavformat keeps its
 * list. */
static omma_error load_library(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return omma_fail(OMMA_UNSUPPORTED,
                         "cameras and screens need " LIBRARY " (Debian package libavdevice59): %s",
                         dlerror());
    void (*register_all)(void);
    *(void **)&register_all = dlsym(library, "avdevice_register_all");
    if (!register_all)
        return omma_fail(OMMA_UNSUPPORTED, LIBRARY ": %s", dlerror());
    register_all();
    return OMMA_OK;
}

omma_error device_find(const AVInputFormat **out, const char *name)
{
    omma_error err = load_library();
    if (err)
        return err;
    *out = av_find_input_format(name);
    if (!*out)
        return omma_fail(OMMA_UNSUPPORTED, LIBRARY " was built without %s", name);
    return OMMA_OK;
}
