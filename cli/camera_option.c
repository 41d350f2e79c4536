/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_option.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (16u << 20) /* a report lists every interval without a pose */

/* NaN when there is no such number, which omma_camera_check refuses. */
static double number_of(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int size_of(const cJSON *object, const char *name)
{
    double size = number_of(object, name);
    return size >= 1 && size <= 65535 ? (int)size : 0;
}

static omma_camera camera_of_json(const cJSON *object)
{
    const cJSON *k = cJSON_GetObjectItemCaseSensitive(object, "k");
    const char *model = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "model"));
    omma_camera c = {.model = model && strcmp(model, "fisheye") == 0 ? OMMA_CAMERA_FISHEYE
                                                                     : OMMA_CAMERA_PINHOLE,
                     .width = size_of(object, "width"),
                     .height = size_of(object, "height"),
                     .fx = number_of(object, "fx"),
                     .fy = number_of(object, "fy"),
                     .cx = number_of(object, "cx"),
                     .cy = number_of(object, "cy")};

    for (int i = 0; i < 5 && i < cJSON_GetArraySize(k); i++)
        c.k[i] = cJSON_GetNumberValue(cJSON_GetArrayItem(k, i));
    return c;
}

omma_error camera_report_parse(omma_camera *out, const char *text, size_t bytes)
{
    cJSON *root = cJSON_ParseWithLength(text, bytes);
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, "camera");
    omma_camera c = camera_of_json(object);
    bool found = cJSON_IsObject(object);

    cJSON_Delete(root);
    if (!found)
        return omma_fail(OMMA_FORMAT, "the JSON has no object \"camera\" as report.json has it");
    if (omma_camera_check(&c))
        return omma_fail(OMMA_FORMAT, "%s", omma_why());
    *out = c;
    return OMMA_OK;
}

static omma_error read_report(omma_camera *out, const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_BYTES, &text, &bytes);

    if (err)
        return err;
    err = camera_report_parse(out, text, bytes);
    free(text);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}

omma_error camera_option_read(omma_camera *out, const char *value)
{
    const char *ending = strrchr(value, '.');
    omma_error err;

    /* Numbers have commas; a file of that name would have to be given as ./NAME. */
    if (strchr(value, ',') && !strchr(value, '/'))
        return omma_camera_parse(out, value, strlen(value));
    if (ending && strcmp(ending, ".json") == 0)
        return read_report(out, value);
    err = omma_camera_read(out, value);
    if (err == OMMA_NOT_FOUND)
        return omma_fail(err,
                         "%s: --camera takes a camera file, a report.json or the numbers "
                         "fx,fy,cx,cy in pixels",
                         omma_why());
    return err;
}
