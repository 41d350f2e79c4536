/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/map.h>

#include "check.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static void put(const char *folder, const char *name, const void *data, size_t n)
{
    char *path = omma_text("%s/%s", folder, name);
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
    free(path);
}

static unsigned u16(const char *at)
{
    return (unsigned)(uint8_t)at[0] | (unsigned)(uint8_t)at[1] << 8;
}

static uint32_t u32(const char *at)
{
    return u16(at) | u16(at + 2) << 16;
}

/* One entry by its line in the directory; its bytes, given. */
static uint8_t *unpack(const char *zip, const char *line, size_t *n)
{
    const char *head = zip + u32(line + 42), *data = head + 30 + u16(head + 26) + u16(head + 28);
    uint8_t *out = malloc(u32(line + 24) + 1);

    CHECK(u32(line) == 0x02014b50 && u32(head) == 0x04034b50);
    CHECK(memcmp(head + 6, line + 8, 20) == 0); /* flags to sizes are told twice */
    *n = u32(line + 24);
    if (u16(line + 10) == 0) {
        memcpy(out, data, *n);
    } else {
        z_stream s = {.next_in = (Bytef *)(uintptr_t)data,
                      .avail_in = u32(line + 20),
                      .next_out = out,
                      .avail_out = (uInt)*n + 1};

        CHECK(inflateInit2(&s, -15) == Z_OK && inflate(&s, Z_FINISH) == Z_STREAM_END);
        CHECK(s.total_out == *n && s.avail_in == 0);
        inflateEnd(&s);
    }
    CHECK(crc32(0, out, (uInt)*n) == u32(line + 16));
    return out;
}

static void files_come_back(void)
{
    static const char *const names[] = {"a.txt", "sub/b.jpg", "empty"};
    char *folder = scratch_make(), *sub = omma_text("%s/sub", folder);
    char *path = omma_text("%s/x.zip", folder), *text = malloc(200000);
    size_t n = 0;

    for (size_t i = 0; i < 200000; i++)
        text[i] = (char)('a' + i * i % 7);
    CHECK(mkdir(sub, 0777) == 0);
    put(folder, "a.txt", text, 200000);
    put(folder, "sub/b.jpg", text, 70000);
    put(folder, "empty", "", 0);
    CHECK_OK(omma_zip_write(path, folder, names, 3, NULL));
    CHECK(omma_zip_write(path, folder, names, 3, NULL) == OMMA_EXISTS);
    char *zip = scratch_read(folder, "x.zip", &n);
    const char *end = zip + n - 22, *line = zip + u32(end + 16);

    CHECK(u32(end) == 0x06054b50 && u16(end + 8) == 3 && u16(end + 10) == 3);
    for (int i = 0; i < 3; i++) {
        const size_t want[] = {200000, 70000, 0};
        size_t got = 0;
        uint8_t *data = unpack(zip, line, &got);

        CHECK(got == want[i] && memcmp(data, text, got) == 0);
        CHECK(memcmp(line + 46, names[i], strlen(names[i])) == 0);
        CHECK(u16(line + 10) == (i == 1 ? 0 : 8)); /* pictures are not packed again */
        line += 46 + u16(line + 28);
        free(data);
    }
    CHECK(line == end && n < 80000);
    free(zip);
    free(text);
    free(path);
    free(sub);
    scratch_remove(folder);
}

static void names_stay_inside(void)
{
    static const char *const bad[] = {"../a", "/a", "a/../b", "", "a//b", "./a", "a/"};
    char *folder = scratch_make(), *path = omma_text("%s/x.zip", folder);
    char *link = omma_text("%s/link", folder);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(omma_zip_write(path, folder, &bad[i], 1, NULL) == OMMA_INVALID);
    CHECK(omma_zip_write(path, folder, (const char *[]){"nosuch"}, 1, NULL) == OMMA_NOT_FOUND);
    CHECK(symlink("/etc/hostname", link) == 0);
    CHECK(omma_zip_write(path, folder, (const char *[]){"link"}, 1, NULL) != OMMA_OK);
    CHECK(access(path, F_OK) != 0);
    free(link);
    free(path);
    scratch_remove(folder);
}

int main(void)
{
    TEST(files_come_back);
    TEST(names_stay_inside);
    return check_done();
}
