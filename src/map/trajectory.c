/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading trajectories: "timestamp tx ty tz qx qy qz qw", one pose a line, '#' for comments. The
 * bytes are anybody's.
 */
#include <omma/map.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS        8
#define NUMBER_BYTES   64   /* longest number that is read; doubles need 24 */
#define FARTHEST       1e12 /* in any unit a camera has not gone further: no squares overflow */
#define MAX_FILE_BYTES ((size_t)1 << 31)

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\v' || c == '\f';
}

/* The number in [at, end), all of it; the decimal point is a point whatever the user's locale. */
static bool read_number(const char *at, const char *end, locale_t plain, double *value)
{
    char text[NUMBER_BYTES];
    size_t length = (size_t)(end - at);

    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, at, length);
    text[length] = 0;
    if (strpbrk(text, "xX") || strlen(text) != length) /* no hexadecimal, no 0 byte */
        return false;
    char *rest;

    *value = strtod_l(text, &rest, plain);
    return *rest == 0 && isfinite(*value);
}

/* The first eight columns; false when one is missing or is no finite number. */
static bool read_columns(const char *at, const char *end, locale_t plain, double column[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        while (at < end && is_gap(*at))
            at++;
        const char *begin = at;

        while (at < end && !is_gap(*at))
            at++;
        if (!read_number(begin, at, plain, &column[i]))
            return false;
    }
    return true;
}

static bool pose_of_columns(const double column[COLUMNS], omma_stamped_pose *pose)
{
    double q[4], largest = 0;

    for (int i = 1; i < 4; i++)
        if (fabs(column[i]) > FARTHEST)
            return false;
    for (int i = 0; i < 4; i++)
        largest = fmax(largest, fabs(column[4 + i]));
    if (!(largest > 1e-150)) /* squares below would be lost */
        return false;
    for (int i = 0; i < 4; i++)
        q[i] = column[4 + i] / largest; /* huge ones would overflow when squared */
    pose->time_s = column[0];
    pose->world_from_camera = omma_se3_from_quaternion(q, column + 1);
    return true;
}

static bool is_blank_or_comment(const char *at, const char *end)
{
    while (at < end && is_gap(*at))
        at++;
    return at == end || *at == '#';
}

typedef struct numbered_pose {
    omma_stamped_pose pose;
    size_t line;
} numbered_pose;

static int compare_times(const void *a, const void *b)
{
    const numbered_pose *x = a, *y = b;

    if (x->pose.time_s != y->pose.time_s)
        return x->pose.time_s < y->pose.time_s ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line); /* qsort is not stable */
}

/* Sorts by time and keeps the first of equal times. */
static void keep_increasing(omma_trajectory *out, numbered_pose *read, size_t n)
{
    qsort(read, n, sizeof *read, compare_times);
    out->poses = omma_new_array(omma_stamped_pose, n);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || read[i].pose.time_s > read[i - 1].pose.time_s)
            out->poses[out->count++] = read[i].pose;
}

omma_error omma_trajectory_parse(omma_trajectory *out, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes;
    numbered_pose *read = NULL;
    size_t n = 0, capacity = 0, line = 0;
    omma_trajectory parsed = {0};
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!plain)
        return omma_fail(OMMA_NO_MEMORY, "trajectory: no memory for a locale");
    for (const char *next; at < end; at = next, line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        double column[COLUMNS];
        omma_stamped_pose pose;

        next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        if (is_blank_or_comment(at, stop))
            continue;
        if (!read_columns(at, stop, plain, column) || !pose_of_columns(column, &pose)) {
            parsed.skipped_lines++;
            continue;
        }
        omma_grow((void **)&read, &capacity, n + 1, sizeof *read);
        read[n++] = (numbered_pose){pose, line};
    }
    freelocale(plain);
    if (n > 0)
        keep_increasing(&parsed, read, n);
    free(read);
    if (n == 0)
        return omma_fail(OMMA_FORMAT,
                         "trajectory: none of %zu lines is \"time tx ty tz qx qy qz qw\"", line);
    *out = parsed;
    return OMMA_OK;
}

omma_error omma_trajectory_read(omma_trajectory *out, const char *path)
{
    char *text;
    size_t bytes;
    omma_error err = omma_file_read(path, MAX_FILE_BYTES, &text, &bytes);

    if (err)
        return err;
    err = omma_trajectory_parse(out, text, bytes);
    free(text);
    if (err == OMMA_FORMAT)
        return omma_fail(
            OMMA_FORMAT,
            "%s: no line is \"time tx ty tz qx qy qz qw\": a trajectory in TUM format is "
            "expected, such as trajectory.txt of omma map",
            path);
    return err;
}

void omma_trajectory_finish(omma_trajectory *t)
{
    free(t->poses);
    *t = (omma_trajectory){0};
}
