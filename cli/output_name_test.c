/* SPDX-License-Identifier: Apache-2.0 */
#include "output_name.h"

#include <check.h>

static void names(const char *input, const char *want)
{
    char *got = output_name(input);
    CHECK_TEXT(got, want);
    free(got);
}

static void a_map_is_named_after_its_input(void)
{
    names("clip.mp4", "clip-omma");
    names("/videos/My Clip.MKV", "MyClip-omma");
    names("frames/", "frames-omma");
    names("data/kitchen//", "kitchen-omma");
    names("frames/*.jpg", "frames-omma");
    names("*.jpg", "input-omma");
    names("synthetic:room?seed=7&frames=3", "room-omma");
    names("rtsp://host:554/live/main?token=x", "main-omma");
    names("http://host/a.b/clip.mp4#t=3", "clip-omma");
    names("/dev/video0", "video0-omma");
    names("x11::0.0", "0-omma");
    names("-", "stdin-omma");
    names("..", "input-omma");
    names("/", "input-omma");
    names("archive.tar", "archive-omma");
    names("a.long-ending", "a.long-ending-omma");
}

int main(void)
{
    TEST(a_map_is_named_after_its_input);
    return check_done();
}
