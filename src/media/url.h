/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of source a URL names (the syntax is in omma/media.h). */
#pragma once

#include <stdbool.h>

typedef enum url_kind {
    URL_FILE,      /* anything that is left: one file for libavformat */
    URL_STDIN,     /* -                                               */
    URL_FOLDER,    /* folder/                                         */
    URL_GLOB,      /* folder/x*.jpg, and no file is called so         */
    URL_PICTURE,   /* picture.png                                     */
    URL_NETWORK,   /* rtsp:// http:// ...                             */
    URL_CAMERA,    /* /dev/video0                                     */
    URL_SCREEN,    /* x11::0.0                                        */
    URL_SYNTHETIC, /* synthetic:room?seed=7                           */
    URL_UNKNOWN,   /* a scheme that nobody knows                      */
} url_kind;

/** Looks at the text first and at the file system last. */
url_kind url_classify(const char *url);

/** True when a file name ends like a picture that we can decode. */
bool url_is_picture(const char *path);
