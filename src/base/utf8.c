/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Bytes of the character at text, 0 when there is none (RFC 3629, section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF). The byte after each is read only when it may belong to it.
 */
static size_t character_bytes(const unsigned char *text)
{
    const unsigned char first = text[0];
    size_t n = first < 0x80                    ? 1
               : first >= 0xc2 && first < 0xe0 ? 2
               : first >= 0xe0 && first < 0xf0 ? 3
               : first >= 0xf0 && first < 0xf5 ? 4
                                               : 0;
    unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

    for (size_t i = 1; i < n; i++) {
        if (text[i] < least || text[i] > most)
            return 0;
        least = 0x80;
        most = 0xbf;
    }
    return n;
}

char *omma_text_utf8(const char *text)
{
    char *out = omma_new_array(char, 3 * strlen(text) + 1), *end = out;

    while (*text) {
        size_t n = character_bytes((const unsigned char *)text);
        memcpy(end, n ? text : replacement, n ? n : 3);
        end += n ? n : 3;
        text += n ? n : 1;
    }
    return out;
}
