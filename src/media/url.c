/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_one_of(const char *text, size_t length, const char *const *names)
{
    for (; *names; names++) {
        if (strlen(*names) == length && strncasecmp(text, *names, length) == 0)
            return true;
    }
    return false;
}

bool url_is_picture(const char *path)
{
    static const char *const endings[] = {"jpg", "jpeg", "png", "webp", "bmp",
                                          "tif", "tiff", "ppm", "pgm",  NULL};
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') && is_one_of(dot + 1, strlen(dot + 1), endings);
}

/* The length of "scheme" in "scheme://...", 0 when there is none. */
static size_t scheme_length(const char *url)
{
    size_t n = 0;
    while (isalnum((unsigned char)url[n]) || url[n] == '+' || url[n] == '-' || url[n] == '.')
        n++;
    return starts_with(url + n, "://") ? n : 0;
}

url_kind url_classify(const char *url)
{
    static const char *const network[] = {"rtsp", "rtsps", "http", "https", "rtmp", "rtmps",
                                          "rtp",  "udp",   "tcp",  "srt",   NULL};
    if (strcmp(url, "-") == 0)
        return URL_STDIN;
    if (starts_with(url, "synthetic:"))
        return URL_SYNTHETIC;
    if (starts_with(url, "x11:"))
        return URL_SCREEN;
    size_t scheme = scheme_length(url);
    if (scheme)
        return is_one_of(url, scheme, network) ? URL_NETWORK : URL_UNKNOWN;
    if (starts_with(url, "/dev/video") || starts_with(url, "/dev/v4l/"))
        return URL_CAMERA;

    struct stat st;
    bool there = stat(url, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return URL_FOLDER;
    if (!there && strpbrk(url, "*?["))
        return URL_GLOB;
    return url_is_picture(url) ? URL_PICTURE : URL_FILE;
}
