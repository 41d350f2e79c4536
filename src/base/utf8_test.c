/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define FFFD "\xef\xbf\xbd"

static bool becomes(const char *text, const char *want)
{
    char *got = omma_text_utf8(text);
    bool same = strcmp(got, want) == 0;
    free(got);
    return same;
}

static void utf8_stays(void)
{
    static const char *const texts[] = {
        "",         "plain\n",          "\xc2\x80",         "gr\xc3\xbc\xc3\x9f",
        "\xdf\xbf", "\xe0\xa0\x80",     "\xed\x9f\xbf",     "\xee\x80\x80",
        FFFD,       "\xf0\x90\x80\x80", "\xf0\x9f\x8e\xa5", "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        CHECK(becomes(texts[i], texts[i]));
}

static void every_other_byte_is_replaced(void)
{
    CHECK(becomes("a\xff.mp4", "a" FFFD ".mp4"));
    CHECK(becomes("\x80\xbf", FFFD FFFD));                   /* no first byte */
    CHECK(becomes("\xc3", FFFD));                            /* ends in the middle */
    CHECK(becomes("\xe2\x82\"", FFFD FFFD "\""));            /* what follows is kept */
    CHECK(becomes("\xc0\xaf\xc1\xbf", FFFD FFFD FFFD FFFD)); /* overlong */
    CHECK(becomes("\xe0\x9f\xbf", FFFD FFFD FFFD));
    CHECK(becomes("\xf0\x8f\xbf\xbf", FFFD FFFD FFFD FFFD));
    CHECK(becomes("\xed\xa0\x80", FFFD FFFD FFFD));          /* a surrogate */
    CHECK(becomes("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD)); /* above U+10FFFF */
    CHECK(becomes("\xf5\x80\x80\x80", FFFD FFFD FFFD FFFD));
}

int main(void)
{
    TEST(utf8_stays);
    TEST(every_other_byte_is_replaced);
    return check_done();
}
