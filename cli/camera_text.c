/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_text.h"

#include <cjson/cJSON.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NUMBERS 12
#define MOST_BYTES   (1u << 20)

/* ------------------------------------------------------------------------------------- plain */

typedef struct numbers {
    double value[MOST_NUMBERS];
    size_t count;
    bool fisheye;
} numbers;

static bool is_separator(char c)
{
    return isspace((unsigned char)c) || c == ',' || c == ';';
}

static omma_error read_word(numbers *n, const char *word, size_t length)
{
    char text[64], *end;

    if (length >= sizeof(text))
        return omma_fail(OMMA_FORMAT, "camera: \"%.20s...\" is not a number", word);
    memcpy(text, word, length);
    text[length] = 0;
    if (n->count == 0 && strcasecmp(text, "fisheye") == 0) {
        n->fisheye = true;
        return OMMA_OK;
    }
    if (n->count == 0 && strcasecmp(text, "pinhole") == 0)
        return OMMA_OK;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return omma_fail(OMMA_FORMAT, "camera: \"%s\" is not a finite number", text);
    if (n->count == MOST_NUMBERS)
        return omma_fail(OMMA_FORMAT, "camera: more than %d numbers", MOST_NUMBERS);
    n->value[n->count++] = value;
    return OMMA_OK;
}

static omma_error read_numbers(numbers *n, const char *text, size_t bytes)
{
    const char *end = text + bytes;

    while (text < end) {
        if (*text == '#') {
            while (text < end && *text != '\n')
                text++;
        } else if (is_separator(*text)) {
            text++;
        } else {
            const char *word = text;
            while (text < end && *text != '#' && !is_separator(*text))
                text++;
            omma_error err = read_word(n, word, (size_t)(text - word));
            if (err)
                return err;
        }
    }
    return OMMA_OK;
}

/* How many numbers there are says which they are: w and h stand before any distortion. */
static omma_error camera_of_numbers(omma_camera *out, const numbers *n)
{
    size_t distortion = 0, size = 0;

    switch (n->count) {
    case 4:
        break;
    case 6:
        size = 2;
        break;
    case 8:
        distortion = 4;
        break;
    case 9:
        distortion = n->fisheye ? 0 : 5;
        break;
    case 10:
        size = 2;
        distortion = 4;
        break;
    case 11:
        size = 2;
        distortion = n->fisheye ? 0 : 5;
        break;
    default:
        distortion = SIZE_MAX;
        break;
    }
    if (distortion == SIZE_MAX || 4 + size + distortion != n->count ||
        (n->fisheye && distortion != 4))
        return omma_fail(OMMA_FORMAT,
                         "camera: %zu numbers; it takes fx,fy,cx,cy[,w,h][,k1,k2,p1,p2[,k3]], or "
                         "fisheye,fx,fy,cx,cy[,w,h],k1,k2,k3,k4",
                         n->count);
    const double *v = n->value;
    if (size && !(v[4] >= 1 && v[4] <= 65536 && v[5] >= 1 && v[5] <= 65536))
        return omma_fail(OMMA_FORMAT, "camera: a size of %g x %g is not a picture's", v[4], v[5]);
    if (!(v[0] > 0 && v[1] > 0))
        return omma_fail(OMMA_FORMAT, "camera: a focal length of %g, %g px is not above 0", v[0],
                         v[1]);
    *out = (omma_camera){.model = n->fisheye ? OMMA_CAMERA_FISHEYE : OMMA_CAMERA_PINHOLE,
                         .fx = v[0],
                         .fy = v[1],
                         .cx = v[2],
                         .cy = v[3],
                         .width = size ? (int)v[4] : 0,
                         .height = size ? (int)v[5] : 0};
    memcpy(out->k, v + 4 + size, distortion * sizeof(double));
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- JSON */

static void take_number(const cJSON *object, const char *name, numbers *n)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
        n->value[n->count++] = item->valuedouble;
}

static omma_error camera_of_json(omma_camera *out, const char *text, size_t bytes)
{
    cJSON *root = cJSON_ParseWithLength(text, bytes);
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, "camera");
    const cJSON *model, *item;
    numbers n = {0};
    omma_error err = OMMA_OK;

    if (!cJSON_IsObject(object))
        object = root;
    static const char *const names[] = {"fx", "fy", "cx", "cy", "width", "height"};
    for (size_t i = 0; i < 6; i++)
        take_number(object, names[i], &n);
    if (n.count != 6)
        err = omma_fail(OMMA_FORMAT, "camera: the JSON has no fx, fy, cx, cy, width and height as "
                                     "report.json has them");
    model = cJSON_GetObjectItemCaseSensitive(object, "model");
    n.fisheye = cJSON_IsString(model) && strcmp(model->valuestring, "fisheye") == 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "k"))
    {
        if (n.count < (n.fisheye ? 10u : 11u))
            n.value[n.count++] =
                cJSON_IsNumber(item) && isfinite(item->valuedouble) ? item->valuedouble : 0;
    }
    cJSON_Delete(root);
    return err ? err : camera_of_numbers(out, &n);
}

omma_error camera_text_parse(omma_camera *out, const char *text, size_t bytes)
{
    size_t at = 0;
    numbers n = {0};

    while (at < bytes && isspace((unsigned char)text[at]))
        at++;
    if (at < bytes && text[at] == '{')
        return camera_of_json(out, text, bytes);
    omma_error err = read_numbers(&n, text, bytes);
    return err ? err : camera_of_numbers(out, &n);
}

omma_error camera_option_read(omma_camera *out, const char *value)
{
    char *text = NULL;
    size_t bytes = 0;

    /* Numbers have commas; a file of that name would have to be given as ./NAME. */
    bool numeric = strchr(value, ',') && !strchr(value, '/');
    if (numeric)
        return camera_text_parse(out, value, strlen(value));
    omma_error err = omma_file_read(value, MOST_BYTES, &text, &bytes);
    if (err)
        return err;
    err = camera_text_parse(out, text, bytes);
    if (err) {
        char *why = omma_text("%s", omma_why());
        omma_fail(err, "%s: %s", value, why);
        free(why);
    }
    free(text);
    return err;
}
