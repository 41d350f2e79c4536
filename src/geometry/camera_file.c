/* SPDX-License-Identifier: Apache-2.0 */
/* Cameras as text, from people and from COLMAP: nothing about it is trusted. */
#include <omma/geometry.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 16, WORD_BYTES = 48, SIZE_MAX_PX = 65535, FILE_MAX_BYTES = 1 << 20 };

typedef struct line {
    int number; /* from 1 */
    int count;
    char words[WORDS_MAX][WORD_BYTES];
} line;

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r';
}

/* Splits one line; what follows a '#' is a comment. */
static omma_error split_line(const char *text, size_t bytes, line *out)
{
    size_t at = 0;
    out->count = 0;
    while (at < bytes && text[at] != '#') {
        if (is_separator(text[at])) {
            at++;
            continue;
        }
        size_t end = at;
        while (end < bytes && !is_separator(text[end]) && text[end] != '#')
            end++;
        if (out->count == WORDS_MAX)
            return omma_fail(OMMA_FORMAT, "camera: line %d has more than %d words", out->number,
                             (int)WORDS_MAX);
        if (end - at >= WORD_BYTES)
            return omma_fail(OMMA_FORMAT,
                             "camera: line %d has a word of %zu characters; numbers are expected",
                             out->number, end - at);
        char *word = out->words[out->count++];
        for (size_t i = at; i < end; i++) /* readable in a message, and wrong as a number */
            word[i - at] = isprint((unsigned char)text[i]) ? text[i] : '?';
        word[end - at] = 0;
        at = end;
    }
    return OMMA_OK;
}

/* The only line that says something; count is 0 when there is none. */
static omma_error find_line(const char *text, size_t bytes, line *out)
{
    size_t at = 0;
    int number = 0;
    *out = (line){.number = 0};
    while (at < bytes) {
        const char *newline = memchr(text + at, '\n', bytes - at);
        size_t end = newline ? (size_t)(newline - text) : bytes;
        line next = {.number = number < 1000000000 ? ++number : number};
        omma_error err = split_line(text + at, end - at, &next);
        if (err)
            return err;
        if (next.count && out->count)
            return omma_fail(OMMA_FORMAT,
                             "camera: line %d begins a second camera (\"%s\"); one is expected",
                             next.number, next.words[0]);
        if (next.count)
            *out = next;
        at = end + 1;
    }
    return OMMA_OK;
}

static omma_error read_numbers(const line *l, int first, double *values)
{
    for (int i = first; i < l->count; i++) {
        char *end;
        values[i - first] = strtod(l->words[i], &end);
        if (end == l->words[i] || *end || !isfinite(values[i - first]))
            return omma_fail(OMMA_FORMAT,
                             "camera: line %d: word %d is \"%s\", a number is expected", l->number,
                             i + 1, l->words[i]);
    }
    return OMMA_OK;
}

static omma_error read_size(const line *l, double width, double height, omma_camera *c)
{
    if (!(width >= 1 && width <= SIZE_MAX_PX && width == floor(width)) ||
        !(height >= 1 && height <= SIZE_MAX_PX && height == floor(height)))
        return omma_fail(OMMA_FORMAT,
                         "camera: line %d: size %g x %g; whole pixels from 1 to %d are expected",
                         l->number, width, height, (int)SIZE_MAX_PX);
    c->width = (int)width;
    c->height = (int)height;
    return OMMA_OK;
}

/* [fisheye | pinhole] fx fy cx cy [w h] [k...]: how many numbers there are says which they are. */
static omma_error read_own(const line *l, omma_camera *c)
{
    double v[WORDS_MAX];
    int first = isalpha((unsigned char)l->words[0][0]) ? 1 : 0, n = l->count - first;
    if (first && strcmp(l->words[0], "fisheye") == 0)
        c->model = OMMA_CAMERA_FISHEYE;
    else if (first && strcmp(l->words[0], "pinhole") != 0)
        return omma_fail(
            OMMA_FORMAT,
            "camera: line %d begins with \"%s\"; fisheye, pinhole or a number is expected",
            l->number, l->words[0]);
    omma_error err = read_numbers(l, first, v);
    if (err)
        return err;
    bool fisheye = c->model == OMMA_CAMERA_FISHEYE;
    if (n != 4 && n != 6 && n != 8 && n != 10 && ((n != 9 && n != 11) || fisheye))
        return omma_fail(
            OMMA_FORMAT,
            "camera: line %d has %d numbers; expected are fx fy cx cy [width height] [%s]",
            l->number, n, fisheye ? "k1 k2 k3 k4" : "k1 k2 p1 p2 [k3]");
    int distortion = n == 6 || n > 9 ? 6 : 4;
    c->fx = v[0];
    c->fy = v[1];
    c->cx = v[2];
    c->cy = v[3];
    for (int i = distortion; i < n; i++)
        c->k[i - distortion] = v[i];
    return distortion == 6 ? read_size(l, v[4], v[5], c) : OMMA_OK;
}

/* What stands where in COLMAP's models: one focal length or two, and how many distortions. */
static const struct colmap_model {
    const char *name, *parameters;
    omma_camera_model model;
    int focals, distortions;
} colmap_models[] = {
    {"SIMPLE_PINHOLE", "f cx cy", OMMA_CAMERA_PINHOLE, 1, 0},
    {"PINHOLE", "fx fy cx cy", OMMA_CAMERA_PINHOLE, 2, 0},
    {"SIMPLE_RADIAL", "f cx cy k", OMMA_CAMERA_PINHOLE, 1, 1},
    {"RADIAL", "f cx cy k1 k2", OMMA_CAMERA_PINHOLE, 1, 2},
    {"OPENCV", "fx fy cx cy k1 k2 p1 p2", OMMA_CAMERA_PINHOLE, 2, 4},
    {"OPENCV_FISHEYE", "fx fy cx cy k1 k2 k3 k4", OMMA_CAMERA_FISHEYE, 2, 4},
};

static const struct colmap_model *find_colmap_model(const char *name)
{
    for (size_t i = 0; i < sizeof(colmap_models) / sizeof(*colmap_models); i++) {
        if (strcmp(colmap_models[i].name, name) == 0)
            return &colmap_models[i];
    }
    return NULL;
}

/* "1 PINHOLE ..." and not "500 nan ...": models are in capitals. */
static bool is_colmap(const line *l)
{
    return l->count > 1 && isdigit((unsigned char)l->words[0][0]) &&
           isupper((unsigned char)l->words[1][0]);
}

/* ID MODEL WIDTH HEIGHT PARAMS... */
static omma_error read_colmap(const line *l, omma_camera *c)
{
    double v[WORDS_MAX];
    const struct colmap_model *m = find_colmap_model(l->words[1]);
    if (!m)
        return omma_fail(OMMA_FORMAT,
                         "camera: line %d: model \"%s\"; expected is SIMPLE_PINHOLE, PINHOLE, "
                         "SIMPLE_RADIAL, RADIAL, OPENCV or OPENCV_FISHEYE",
                         l->number, l->words[1]);
    int expected = 2 + m->focals + 2 + m->distortions;
    if (l->count - 2 != expected)
        return omma_fail(OMMA_FORMAT,
                         "camera: line %d has %d numbers after %s; expected are width height %s",
                         l->number, l->count - 2, m->name, m->parameters);
    omma_error err = read_numbers(l, 2, v);
    if (err)
        return err;
    const double *p = v + 2;
    c->model = m->model;
    c->fx = p[0];
    c->fy = p[m->focals - 1];
    c->cx = p[m->focals] - 0.5; /* COLMAP's (0, 0) is the corner, ours the centre of that pixel */
    c->cy = p[m->focals + 1] - 0.5;
    for (int i = 0; i < m->distortions; i++)
        c->k[i] = p[m->focals + 2 + i];
    return read_size(l, v[0], v[1], c);
}

/* A camera without a size: whether a picture with the centre in its middle suits the focal lengths.
 * Those that are not positive are for omma_camera_check to refuse. */
static bool is_likely(const omma_camera *c)
{
    const double side = fmax(2 * fmax(c->cx, c->cy) + 1, 1);
    const double least = fmin(c->fx, c->fy), most = fmax(c->fx, c->fy);
    return !(least > 0) ||
           (c->cx >= -1 && c->cy >= -1 && least >= 0.05 * side && most <= 100 * side);
}

/* Without a size, the picture is taken that has the centre in its middle. */
static omma_error check(const omma_camera *c, int line_number)
{
    static const char prefix[] = "camera: ";
    omma_camera sized = *c;
    if (c->width == 0) {
        sized.width = (int)fmin(fmax(2 * c->cx + 1, 1), SIZE_MAX_PX);
        sized.height = (int)fmin(fmax(2 * c->cy + 1, 1), SIZE_MAX_PX);
        if (!is_likely(c))
            return omma_fail(OMMA_FORMAT,
                             "camera: line %d: no picture has focal lengths %g, %g px and the "
                             "centre (principal point) at %g, %g px: expected are fx fy cx cy in "
                             "this order, the centre near the middle of the picture",
                             line_number, c->fx, c->fy, c->cx, c->cy);
    }
    if (omma_camera_check(&sized)) {
        const char *why = omma_why();
        bool twice = strncmp(why, prefix, strlen(prefix)) == 0;
        return omma_fail(OMMA_FORMAT, "camera: line %d: %s", line_number,
                         twice ? why + strlen(prefix) : why);
    }
    return OMMA_OK;
}

omma_error omma_camera_parse(omma_camera *out, const char *text, size_t bytes)
{
    line l;
    omma_camera c = {.model = OMMA_CAMERA_PINHOLE};
    omma_error err = find_line(text, bytes, &l);
    if (err)
        return err;
    if (!l.count)
        return omma_fail(OMMA_FORMAT, "camera: the text is empty; expected is a line "
                                      "fx fy cx cy [width height] [k1 k2 p1 p2 [k3]]");
    err = is_colmap(&l) ? read_colmap(&l, &c) : read_own(&l, &c);
    if (!err)
        err = check(&c, l.number);
    if (err)
        return err;
    *out = c;
    return OMMA_OK;
}

omma_error omma_camera_read(omma_camera *out, const char *path)
{
    char *text = NULL;
    size_t bytes;
    omma_error err = omma_file_read(path, FILE_MAX_BYTES, &text, &bytes);
    if (err)
        return err;
    err = omma_camera_parse(out, text, bytes);
    free(text);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}
