/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is written beside its place and renamed over it when it is whole and on the disk: after a
 * crash one finds the old file or the new one, never half of it. The part file is opened with the
 * mode any new file gets (0666 less the umask), which mkstemp cannot do.
 */
#include <omma/base.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM     65536
#define ATTEMPTS 100

struct omma_file {
    int fd;
    bool replace;
    char *path, *part;
    omma_error err; /* the first one stays, with its reason */
    char why[512];
    size_t used;
    char buffer[ROOM];
};

static void remember(omma_file *f, omma_error err)
{
    f->err = err;
    snprintf(f->why, sizeof(f->why), "%s", omma_why());
}

static void fill_random_name(char name[6])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint64_t seed = (uint64_t)omma_clock_now_ns();

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed ^= (uint64_t)getpid() << 40;
    for (int i = 0; i < 6; i++)
        name[i] = letters[omma_random_below(&seed, sizeof(letters) - 1)];
}

static omma_error open_part(omma_file *f)
{
    size_t letters_at = strlen(f->path) + 1;

    f->part = omma_text("%s.XXXXXX.part", f->path);
    for (int i = 0; i < ATTEMPTS; i++) {
        fill_random_name(f->part + letters_at);
        f->fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0)
            return OMMA_OK;
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    return omma_fail_errno("cannot write %s", f->path);
}

/* Says at the start what rename would say at the end, after minutes of work; and a rename would put
 * a plain file in the place of /dev/null. */
static omma_error check_place(const char *path, bool replace)
{
    struct stat there;

    if (!path || !*path)
        return omma_fail(OMMA_INVALID, "a file needs a name");
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return omma_fail(replace ? OMMA_INVALID : OMMA_EXISTS, "%s is not a plain file", path);
    if (!replace && lstat(path, &there) == 0)
        return omma_fail(OMMA_EXISTS, "%s exists already", path);
    return OMMA_OK;
}

static void destroy(omma_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->part);
    free(f->path);
    free(f);
}

omma_error omma_file_create(omma_file **out, const char *path, bool replace)
{
    omma_error err = check_place(path, replace);
    if (err)
        return err;
    omma_file *f = omma_new(omma_file);
    f->fd = -1;
    f->replace = replace;
    f->path = omma_text("%s", path);
    err = open_part(f);
    if (err) {
        destroy(f);
        return err;
    }
    *out = f;
    return OMMA_OK;
}

static void write_through(omma_file *f, const char *data, size_t bytes)
{
    while (bytes > 0 && !f->err) {
        ssize_t written = write(f->fd, data, bytes);
        if (written > 0) {
            data += written;
            bytes -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            remember(f, omma_fail_errno("cannot write %s", f->path));
        }
    }
}

static void flush(omma_file *f)
{
    write_through(f, f->buffer, f->used);
    f->used = 0;
}

void omma_file_write(omma_file *f, const void *data, size_t bytes)
{
    if (f->err || bytes == 0)
        return;
    if (bytes > ROOM - f->used)
        flush(f);
    if (bytes > ROOM) {
        write_through(f, data, bytes);
        return;
    }
    memcpy(f->buffer + f->used, data, bytes);
    f->used += bytes;
}

void omma_file_printf(omma_file *f, const char *format, ...)
{
    char line[1024], *text = line;
    va_list arguments;

    assert(format);
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof(line)) {
        text = omma_new_array(char, (size_t)length + 1);
        va_start(arguments, format);
        vsnprintf(text, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    if (length > 0)
        omma_file_write(f, text, (size_t)length);
    if (text != line)
        free(text);
}

static omma_error move_into_place(omma_file *f)
{
    if (f->replace)
        return rename(f->part, f->path) ? omma_fail_errno("cannot write %s", f->path) : OMMA_OK;
    if (renameat2(AT_FDCWD, f->part, AT_FDCWD, f->path, RENAME_NOREPLACE) == 0)
        return OMMA_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return omma_fail_errno("cannot write %s", f->path);
    /* A file system without that flag (NFS, some FUSE): link refuses just as atomically. */
    if (link(f->part, f->path))
        return omma_fail_errno("cannot write %s", f->path);
    unlink(f->part);
    return OMMA_OK;
}

/* Makes the rename itself durable. The file is visible and whole by now, so this does not fail. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash          ? omma_text(".")
                   : slash == path ? omma_text("/")
                                   : omma_text("%.*s", (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

omma_error omma_file_commit(omma_file **file)
{
    omma_file *f = *file;
    *file = NULL;

    flush(f);
    if (!f->err && fsync(f->fd))
        remember(f, omma_fail_errno("cannot write %s", f->path));
    int fd = f->fd;
    f->fd = -1;
    if (close(fd) && !f->err)
        remember(f, omma_fail_errno("cannot write %s", f->path));
    if (!f->err) {
        omma_error err = move_into_place(f);
        if (err)
            remember(f, err);
    }
    omma_error err = f->err;
    if (err) {
        unlink(f->part);
        omma_fail(err, "%s", f->why);
    } else {
        sync_folder(f->path);
    }
    destroy(f);
    return err;
}

void omma_file_abort(omma_file **file)
{
    if (!file || !*file)
        return;
    unlink((*file)->part);
    destroy(*file);
    *file = NULL;
}

static omma_error read_all(int fd, const char *path, size_t max_bytes, size_t expected, char **data,
                           size_t *bytes)
{
    size_t room = expected + 1, used = 0; /* one more, to see the end without growing */
    char *text = malloc(room + 1);

    while (text) {
        ssize_t n = read(fd, text + used, room - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return omma_fail_errno("cannot read %s", path);
        }
        used += (size_t)n;
        if (used > max_bytes) {
            free(text);
            return omma_fail(OMMA_FORMAT, "%s is larger than %zu bytes", path, max_bytes);
        }
        if (n == 0) {
            text[used] = 0;
            *data = text;
            *bytes = used;
            return OMMA_OK;
        }
        if (used == room) { /* it grows, or never had a size: a pipe, /proc */
            room = room + room / 2 + 4096;
            char *grown = realloc(text, room + 1);
            if (!grown)
                free(text);
            text = grown;
        }
    }
    return omma_fail(OMMA_NO_MEMORY, "no memory to read %s", path);
}

int omma_file_nameless(void)
{
    const char *folder = getenv("TMPDIR");

    if (!folder || !folder[0])
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Not every file system can make one that never had a name. */
    char *path = omma_text("%s/omma-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    else
        omma_fail_errno("cannot make a temporary file in %s (set TMPDIR to a folder that can be "
                        "written)",
                        folder);
    free(path);
    return fd;
}

omma_error omma_file_read(const char *path, size_t max_bytes, char **data, size_t *bytes)
{
    struct stat there;
    omma_error err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return omma_fail_errno("cannot read %s", path);
    if (fstat(fd, &there))
        err = omma_fail_errno("cannot read %s", path);
    else if (S_ISDIR(there.st_mode))
        err = omma_fail(OMMA_FORMAT, "%s is a folder: a file is expected", path);
    else if ((uintmax_t)there.st_size > max_bytes || (uintmax_t)there.st_size > PTRDIFF_MAX / 2)
        err = omma_fail(OMMA_FORMAT, "%s is larger than %zu bytes", path, max_bytes);
    else
        err = read_all(fd, path, max_bytes, (size_t)there.st_size, data, bytes);
    close(fd);
    return err;
}

static bool is_folder(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

omma_error omma_make_folder(const char *path)
{
    char *partial = omma_text("%s", path);
    omma_error err = OMMA_OK;

    for (char *end = partial; *end && !err;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char separator = *end;
        *end = 0;
        /* is_folder after a failure, not before: a read-only parent says EROFS, not EEXIST. */
        if (mkdir(partial, 0777) && !is_folder(partial))
            err = omma_fail_errno("cannot make the folder %s", partial);
        *end = separator;
    }
    free(partial);
    return err;
}
