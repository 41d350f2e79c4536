/* SPDX-License-Identifier: Apache-2.0 */
/* EXIF 2.32 (CIPA DC-008-2019): a TIFF structure inside JPEG's APP1 segment. Every offset in it
 * comes from outside; all reading goes through u16_at and u32_at, which give 0 beyond the end. */
#include "exif.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_EXIF_IFD = 0x8769,
    TAG_DATE_TIME_ORIGINAL = 0x9003,
    TAG_SUB_SEC_TIME_ORIGINAL = 0x9291,
    TAG_FOCAL_LENGTH_35MM = 0xa405,
};

typedef struct tiff {
    const uint8_t *data;
    size_t bytes;
    bool big_endian;
} tiff;

static uint32_t u16_at(const tiff *t, size_t at)
{
    if (at > t->bytes || t->bytes - at < 2)
        return 0;
    const uint8_t *p = t->data + at;
    return t->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t u32_at(const tiff *t, size_t at)
{
    uint32_t first = u16_at(t, at), second = u16_at(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

/* Offset of the 12-byte entry of a tag in the directory at ifd; 0 when it is not there. */
static size_t find_entry(const tiff *t, size_t ifd, uint32_t tag)
{
    uint32_t entries = u16_at(t, ifd);
    for (uint32_t i = 0; i < entries; i++) {
        size_t entry = ifd + 2 + 12 * (size_t)i;
        if (entry + 12 > t->bytes)
            return 0;
        if (u16_at(t, entry) == tag)
            return entry;
    }
    return 0;
}

/* SHORT or LONG; 0 when it is neither or not there. */
static uint32_t read_number(const tiff *t, size_t ifd, uint32_t tag)
{
    size_t entry = find_entry(t, ifd, tag);
    if (!entry)
        return 0;
    uint32_t type = u16_at(t, entry + 2);
    return type == 3 ? u16_at(t, entry + 8) : type == 4 ? u32_at(t, entry + 8) : 0;
}

/* ASCII; "" when it is not there or does not fit. */
static void read_text(const tiff *t, size_t ifd, uint32_t tag, char *text, size_t size)
{
    text[0] = 0;
    size_t entry = find_entry(t, ifd, tag);
    if (!entry || u16_at(t, entry + 2) != 2)
        return;
    size_t count = u32_at(t, entry + 4);
    size_t at = count <= 4 ? entry + 8 : u32_at(t, entry + 8);
    if (count >= size || at > t->bytes || t->bytes - at < count)
        return;
    memcpy(text, t->data + at, count);
    text[count] = 0;
}

/* n decimal digits, -1 when one of them is none. */
static int digits(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = 10 * value + text[i] - '0';
    }
    return value;
}

/* "2024:05:17 12:34:56" */
static bool parse_date(const char *text, int64_t *ns)
{
    if (strlen(text) != 19)
        return false;
    struct tm tm = {.tm_year = digits(text, 4) - 1900,
                    .tm_mon = digits(text + 5, 2) - 1,
                    .tm_mday = digits(text + 8, 2),
                    .tm_hour = digits(text + 11, 2),
                    .tm_min = digits(text + 14, 2),
                    .tm_sec = digits(text + 17, 2)};
    if (tm.tm_year < 70 || tm.tm_year > 200 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
        tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
        tm.tm_sec < 0 || tm.tm_sec > 60)
        return false;
    *ns = (int64_t)timegm(&tm) * 1000000000;
    return true;
}

/* "5" is half a second, "042" is 42 ms. */
static int64_t parse_sub_seconds(const char *text)
{
    int64_t ns = 0, unit = 100000000;
    for (; *text >= '0' && *text <= '9' && unit; text++, unit /= 10)
        ns += unit * (*text - '0');
    return ns;
}

static void read_facts(const tiff *t, exif_facts *out)
{
    static const int degrees[9] = {[3] = 180, [4] = 180, [5] = 90, [6] = 90, [7] = 270, [8] = 270};
    char date[24], sub_seconds[16];
    size_t ifd = u32_at(t, 4);
    uint32_t orientation = read_number(t, ifd, TAG_ORIENTATION);
    if (orientation <= 8)
        out->degrees_clockwise = degrees[orientation];

    size_t exif = read_number(t, ifd, TAG_EXIF_IFD);
    if (!exif)
        return;
    out->focal_35mm = read_number(t, exif, TAG_FOCAL_LENGTH_35MM);
    read_text(t, exif, TAG_DATE_TIME_ORIGINAL, date, sizeof(date));
    read_text(t, exif, TAG_SUB_SEC_TIME_ORIGINAL, sub_seconds, sizeof(sub_seconds));
    out->has_time = parse_date(date, &out->time_ns);
    if (out->has_time)
        out->time_ns += parse_sub_seconds(sub_seconds);
}

/* Walks the segments before the scan (ITU-T T.81 B.1.1.4) to APP1 "Exif". */
static bool find_exif(const uint8_t *data, size_t bytes, tiff *out)
{
    if (bytes < 4 || data[0] != 0xff || data[1] != 0xd8)
        return false;
    for (size_t at = 2; at + 4 <= bytes && data[at] == 0xff && data[at + 1] != 0xda;) {
        size_t length = (size_t)data[at + 2] << 8 | data[at + 3];
        if (length < 2 || length > bytes - at - 2)
            return false;
        const uint8_t *body = data + at + 4;
        if (data[at + 1] == 0xe1 && length >= 2 + 6 + 8 && memcmp(body, "Exif\0", 6) == 0) {
            *out = (tiff){.data = body + 6, .bytes = length - 8, .big_endian = body[6] == 'M'};
            return memcmp(body + 6, "II*\0", 4) == 0 || memcmp(body + 6, "MM\0*", 4) == 0;
        }
        at += 2 + length;
    }
    return false;
}

bool exif_read(const uint8_t *data, size_t bytes, exif_facts *out)
{
    tiff t;
    *out = (exif_facts){0};
    if (!find_exif(data, bytes, &t))
        return false;
    read_facts(&t, out);
    return true;
}

double exif_focal_px(const exif_facts *facts, int width, int height)
{
    const double diagonal_35mm = hypot(36, 24);
    return facts->focal_35mm * hypot(width, height) / diagonal_35mm;
}
