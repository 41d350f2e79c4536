/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reasons live in a small ring of texts per thread, so that a caller may wrap the reason it was
 * given, return omma_fail(err, "%s: %s", path, omma_why()); and the argument is still there while
 * the new text is written.
 */
#include <omma/base.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REASONS      4
#define REASON_BYTES 512

static _Thread_local struct {
    char text[REASONS][REASON_BYTES];
    unsigned latest;
} reasons;

const char *omma_error_name(omma_error err)
{
    switch (err) {
#define X(name, number, text)                                                                      \
    case OMMA_##name:                                                                              \
        return "OMMA_" #name;
        OMMA_ERRORS(X)
#undef X
    }
    return "OMMA_?";
}

const char *omma_error_text(omma_error err)
{
    switch (err) {
#define X(name, number, text)                                                                      \
    case OMMA_##name:                                                                              \
        return text;
        OMMA_ERRORS(X)
#undef X
    }
    return "unknown error";
}

static char *next_reason(void)
{
    reasons.latest = (reasons.latest + 1) % REASONS;
    return reasons.text[reasons.latest];
}

omma_error omma_fail(omma_error err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(next_reason(), REASON_BYTES, format, arguments);
    va_end(arguments);
    return err;
}

static omma_error error_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
        return OMMA_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return OMMA_DENIED;
    case EEXIST:
        return OMMA_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return OMMA_FULL;
    case ENOMEM:
        return OMMA_NO_MEMORY;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
        return OMMA_INVALID;
    case ENOSYS:
    case EOPNOTSUPP:
        return OMMA_UNSUPPORTED;
    case EAGAIN:
        return OMMA_AGAIN;
    case EINTR:
        return OMMA_INTERRUPTED;
    case EPIPE:
    case ECONNRESET:
        return OMMA_CLOSED;
    default:
        return OMMA_IO;
    }
}

omma_error omma_fail_errno(const char *format, ...)
{
    int number = errno;
    char scratch[128];
    char *reason = next_reason();

    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason, REASON_BYTES, format, arguments);
    va_end(arguments);
    if (length >= 0 && length < REASON_BYTES)
        snprintf(reason + length, REASON_BYTES - (size_t)length, ": %s",
                 strerror_r(number, scratch, sizeof(scratch)));
    return error_of_errno(number);
}

const char *omma_why(void)
{
    return reasons.text[reasons.latest];
}
