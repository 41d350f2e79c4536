/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZIP file of files that are there. Source: PKWARE, "APPNOTE.TXT - .ZIP File Format
 * Specification", 6.3. Pictures and the map file are stored, for they are compressed already. Every
 * file is gone through twice, first for its checksum and length, which stand before it: so neither
 * is ever in memory as a whole, and every reader takes the result. Nothing beyond 4 GiB (zip64).
 */
#include <omma/map.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK        65536
#define VERSION      20
#define UTF8_NAMES   (1 << 11)
#define STORED       0
#define DEFLATED     8
#define DOS_1980     (1 << 5 | 1) /* January 1st: the same files give the same bytes */
#define MOST_BYTES   UINT64_C(0xfffffffe)
#define MOST_ENTRIES 65534
#define PLAIN_FILE   (UINT32_C(0100644) << 16)

typedef struct entry {
    const char *name;
    int method;
    uint32_t checksum;
    uint64_t bytes, packed, at; /* at: of its header */
} entry;

typedef struct zip_writer {
    omma_file *file;
    uint64_t at;
    omma_byte_list directory;
    uint8_t in[BLOCK], out[BLOCK];
} zip_writer;

static bool is_packed_already(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".omma", ".mp4", ".zip"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static omma_error read_some(int fd, const char *path, uint8_t *to, size_t *n)
{
    ssize_t got = read(fd, to, BLOCK);

    if (got < 0)
        return omma_fail_errno("cannot read %s", path);
    *n = (size_t)got;
    return OMMA_OK;
}

/* What deflate gives for one block, to the file when there is one. */
static void deflate_block(zip_writer *z, z_stream *s, size_t n, bool last, omma_file *to,
                          uint64_t *packed)
{
    s->next_in = z->in;
    s->avail_in = (uInt)n;
    do {
        s->next_out = z->out;
        s->avail_out = BLOCK;
        deflate(s, last ? Z_FINISH : Z_NO_FLUSH);
        size_t made = BLOCK - s->avail_out;

        *packed += made;
        if (to)
            omma_file_write(to, z->out, made);
    } while (s->avail_out == 0);
}

/* Goes through the file: tells its checksum and sizes, and writes what it becomes to the file. */
static omma_error pack(zip_writer *z, int fd, const char *path, entry *e, omma_file *to)
{
    z_stream s = {0};
    omma_error err = OMMA_OK;
    size_t n = 1;

    if (lseek(fd, 0, SEEK_SET) != 0)
        return omma_fail_errno("cannot read %s", path);
    if (e->method == DEFLATED &&
        deflateInit2(&s, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return omma_fail(OMMA_NO_MEMORY, "no memory to compress %s", path);
    e->checksum = 0;
    e->bytes = e->packed = 0;
    while (!err && n > 0) {
        err = read_some(fd, path, z->in, &n);
        if (err)
            break;
        e->checksum = (uint32_t)crc32(e->checksum, z->in, (uInt)n);
        e->bytes += n;
        if (e->method == DEFLATED) {
            deflate_block(z, &s, n, n == 0, to, &e->packed);
        } else {
            e->packed += n;
            if (to)
                omma_file_write(to, z->in, n);
        }
    }
    if (e->method == DEFLATED)
        deflateEnd(&s);
    return err;
}

/* What the header before a file and its line in the directory share. */
static void put_common(omma_byte_list *b, const entry *e)
{
    omma_bytes_u16(b, VERSION);
    omma_bytes_u16(b, UTF8_NAMES);
    omma_bytes_u16(b, (unsigned)e->method);
    omma_bytes_u16(b, 0); /* midnight */
    omma_bytes_u16(b, DOS_1980);
    omma_bytes_u32(b, e->checksum);
    omma_bytes_u32(b, (uint32_t)e->packed);
    omma_bytes_u32(b, (uint32_t)e->bytes);
    omma_bytes_u16(b, (unsigned)strlen(e->name));
    omma_bytes_u16(b, 0); /* extra */
}

static void write_header(zip_writer *z, entry *e)
{
    omma_byte_list b = {0};

    omma_bytes_u32(&b, 0x04034b50);
    put_common(&b, e);
    omma_bytes_put(&b, e->name, strlen(e->name));
    omma_file_write(z->file, b.at, b.count);
    e->at = z->at;
    z->at += b.count;
    omma_bytes_finish(&b);
}

static void add_to_directory(zip_writer *z, const entry *e)
{
    omma_byte_list *b = &z->directory;

    omma_bytes_u32(b, 0x02014b50);
    omma_bytes_u16(b, 3 << 8 | VERSION); /* made on Unix */
    put_common(b, e);
    omma_bytes_u16(b, 0); /* comment */
    omma_bytes_u16(b, 0); /* disk */
    omma_bytes_u16(b, 0); /* internal attributes */
    omma_bytes_u32(b, PLAIN_FILE);
    omma_bytes_u32(b, (uint32_t)e->at);
    omma_bytes_put(b, e->name, strlen(e->name));
}

static omma_error add_open_file(zip_writer *z, int fd, const char *path, const char *name)
{
    entry e = {.name = name, .method = is_packed_already(name) ? STORED : DEFLATED};
    omma_error err = pack(z, fd, path, &e, NULL);
    uint64_t bytes = e.bytes;
    uint32_t checksum = e.checksum;

    if (err)
        return err;
    if (e.bytes > MOST_BYTES || e.packed > MOST_BYTES - z->at)
        return omma_fail(OMMA_INVALID,
                         "with %s of %" PRIu64 " bytes the ZIP file would be larger "
                         "than 4 GiB, which it cannot be",
                         path, e.bytes);
    write_header(z, &e);
    err = pack(z, fd, path, &e, z->file);
    if (!err && (e.bytes != bytes || e.checksum != checksum))
        err = omma_fail(OMMA_IO, "%s changed while it was read", path);
    z->at += e.packed;
    add_to_directory(z, &e);
    return err;
}

static omma_error add_file(zip_writer *z, const char *folder, const char *name)
{
    char *path = omma_text("%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    omma_error err = OMMA_OK;
    struct stat st;

    if (fd < 0)
        err = omma_fail_errno("cannot read %s", path);
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        err = omma_fail(OMMA_FORMAT, "%s is not a plain file", path);
    else
        err = add_open_file(z, fd, path, name);
    if (fd >= 0)
        close(fd);
    free(path);
    return err;
}

static void write_end(zip_writer *z, size_t entries)
{
    omma_byte_list b = {0};

    omma_file_write(z->file, z->directory.at, z->directory.count);
    omma_bytes_u32(&b, 0x06054b50);
    omma_bytes_u32(&b, 0); /* disks */
    omma_bytes_u16(&b, (unsigned)entries);
    omma_bytes_u16(&b, (unsigned)entries);
    omma_bytes_u32(&b, (uint32_t)z->directory.count);
    omma_bytes_u32(&b, (uint32_t)z->at);
    omma_bytes_u16(&b, 0); /* comment */
    omma_file_write(z->file, b.at, b.count);
    omma_bytes_finish(&b);
}

/* A name that can only lead into the folder it is unpacked in. */
static bool is_within(const char *name)
{
    for (const char *at = name;; at++) {
        size_t n = strcspn(at, "/");

        if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && strncmp(at, "..", 2) == 0))
            return false;
        at += n;
        if (!*at)
            return strlen(name) < 4096;
    }
}

omma_error omma_zip_write(const char *path, const char *folder, const char *const *names,
                          size_t count, const omma_export_options *o)
{
    zip_writer *z;
    omma_error err = OMMA_OK;

    if (count > MOST_ENTRIES)
        return omma_fail(OMMA_INVALID, "%s: %zu files, and a ZIP file holds %d", path, count,
                         MOST_ENTRIES);
    for (size_t i = 0; i < count; i++)
        if (!is_within(names[i]))
            return omma_fail(OMMA_INVALID, "%s: \"%s\" is no name of a file in a folder", path,
                             names[i]);
    z = omma_new(zip_writer);
    err = omma_file_create(&z->file, path, o && o->replace);
    for (size_t i = 0; !err && i < count; i++)
        err = add_file(z, folder, names[i]);
    if (!err && z->at + z->directory.count > MOST_BYTES)
        err = omma_fail(OMMA_INVALID, "%s would be larger than 4 GiB, which it cannot be", path);
    if (!err) {
        write_end(z, count);
        err = omma_file_commit(&z->file);
    }
    omma_file_abort(&z->file);
    omma_bytes_finish(&z->directory);
    free(z);
    return err;
}
