/* SPDX-License-Identifier: Apache-2.0 */
#include "map_run.h"

#include "interrupt.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REPORT_BYTES ((size_t)1 << 28)

static int write_files(console *c, omma_session *s, const omma_outputs *outputs, bool *written)
{
    console_line(c, "writing files");
    interrupt_set_writing(true);
    omma_error err = omma_session_write(s, outputs);
    if (!err)
        interrupt_set_leftovers(NULL); /* they belong to what is written now */
    interrupt_set_writing(false);
    console_line(c, "");
    *written = err == OMMA_OK;
    if (err == OMMA_INTERRUPTED)
        return console_fail(c, (exit_code)interrupt_exit_code(), NULL);
    if (err)
        return console_fail(c, err == OMMA_INVALID ? CODE_USAGE : CODE_FAILED, NULL);
    return CODE_DONE;
}

/* An option or picture size that the tracker cannot take shows itself with the first frame. */
static exit_code code_of_run(omma_error err, const char *input, bool posed)
{
    if (posed && err == OMMA_INVALID)
        return CODE_INPUT;
    return exit_code_of_input(err, input);
}

/* What the report warns of, said after everything else about the run. */
static void say_warnings(console *c, omma_session *s)
{
    char *report = omma_session_report(s);
    cJSON *r = cJSON_Parse(report);
    const cJSON *warning;

    cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(r, "warnings"))
        omma_warn(&c->log, "%s", warning->valuestring);
    cJSON_Delete(r);
    free(report);
}

int map_run(console *c, omma_session *s, const char *input, const omma_outputs *outputs,
            bool *written)
{
    int code = CODE_DONE;
    *written = false;

    interrupt_watch(s);
    if (interrupt_signal()) /* it came while the input was opened */
        omma_session_stop(s);
    omma_error err = omma_session_run(s);
    char *why = omma_text("%s", omma_why());
    console_line(c, "");
    bool posed = omma_session_posed(s) > 0;
    if (posed)
        code = write_files(c, s, outputs, written);
    interrupt_watch(NULL);
    if (code)
        err = OMMA_OK; /* said already */
    else if (interrupt_signal())
        code = interrupt_exit_code();
    else if (err)
        code = code_of_run(err, input, posed);
    if (err == OMMA_INTERRUPTED)
        console_say(c, "%s; the map so far is written", why);
    else if (err && !*written)
        console_fail(c, (exit_code)code, why);
    else if (err)
        console_say(c, "%s; the map up to there is written", why);
    if (*written)
        say_warnings(c, s);
    free(why);
    return code;
}

/* ----------------------------------------------------------------------------------- results */

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static void add_name(cJSON *names, const char *name, size_t bytes, bool is_folder)
{
    const cJSON *there;
    char *text = omma_text("%.*s%s", (int)bytes, name, is_folder ? "/" : "");

    cJSON_ArrayForEach(there, names) if (strcmp(there->valuestring, text) == 0) break;
    if (!there)
        cJSON_AddItemToArray(names, cJSON_CreateString(text));
    free(text);
}

/* What was written into the folder, as its report tells, and what the caller added. Given. */
static cJSON *names_of_files(const char *folder, const char *const *more)
{
    char *path = omma_text("%s/report.json", folder), *report = NULL;
    size_t bytes = 0;
    cJSON *names = cJSON_CreateArray(), *r = NULL;
    const cJSON *file;

    for (; more && *more; more++)
        add_name(names, *more, strlen(*more), false);
    if (omma_file_read(path, MAX_REPORT_BYTES, &report, &bytes) == OMMA_OK)
        r = cJSON_ParseWithLength(report, bytes);
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(r, "outputs");
    cJSON_ArrayForEach(file,
                       cJSON_GetObjectItemCaseSensitive(outputs, "files")) if (cJSON_IsString(file))
    {
        size_t n = strcspn(file->valuestring, "/");
        add_name(names, file->valuestring, n, file->valuestring[n] != 0);
    }
    cJSON_Delete(r);
    free(report);
    free(path);
    return names;
}

static void print_files(const char *folder, const char *const *more)
{
    cJSON *names = names_of_files(folder, more);
    const cJSON *name;

    printf("  files    ");
    cJSON_ArrayForEach(name, names) printf(" %s", name->valuestring);
    printf("\n");
    cJSON_Delete(names);
}

static void print_camera(const cJSON *camera)
{
    printf("  camera    %s: focal %.1f px", text(camera, "source"), number(camera, "fx"));
    if (number(camera, "focal_sigma_px") > 0)
        printf(" +- %.1f", number(camera, "focal_sigma_px"));
    printf(", pictures %g x %g\n", number(camera, "width"), number(camera, "height"));
}

static void print_points(const cJSON *r)
{
    const cJSON *dense = cJSON_GetObjectItemCaseSensitive(r, "dense");

    printf("\n  points    %.0f", number(r, "points"));
    if (number(dense, "points") > 0)
        printf(" sparse; %.0f dense, of %.0f depth maps", number(dense, "points"),
               number(dense, "depth_maps"));
    printf("\n");
}

void map_summary(const char *report, const char *folder, const char *const *more)
{
    cJSON *r = cJSON_Parse(report);
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(r, "time");
    double frames = number(r, "frames");

    printf("%s: map of %s\n", folder, text(r, "input"));
    printf("  frames    %g of %g with a pose (%.1f %%), %g keyframes", number(r, "posed"),
           frames + number(r, "dropped"), 100 * number(r, "coverage"), number(r, "keyframes"));
    if (number(r, "submaps") > 1)
        printf(", %g separate parts (the largest is in trajectory.txt)", number(r, "submaps"));
    if (number(r, "damaged") > 0)
        printf(", %g damaged", number(r, "damaged"));
    print_points(r);
    print_camera(cJSON_GetObjectItemCaseSensitive(r, "camera"));
    printf("  time      %.1f s, %.1f frames/s, %.4f CPU s per frame, %.0f MB\n",
           number(time, "wall_s"), number(time, "frames_per_s"), number(time, "cpu_s_per_frame"),
           number(r, "peak_memory_bytes") / 1e6);
    print_files(folder, more);
    cJSON_Delete(r);
}

char *map_report_json(const char *report, const char *folder, const char *const *more)
{
    cJSON *r = cJSON_Parse(report);
    cJSON *output = cJSON_AddObjectToObject(r, "output");
    cJSON *names = names_of_files(folder, more), *files = cJSON_AddArrayToObject(output, "files");
    const cJSON *name;

    cJSON_AddStringToObject(output, "folder", folder);
    cJSON_ArrayForEach(name, names)
    {
        size_t n = strcspn(name->valuestring, "/");
        char *plain = omma_text("%.*s", (int)n, name->valuestring);
        cJSON_AddItemToArray(files, cJSON_CreateString(plain));
        free(plain);
    }
    cJSON_Delete(names);
    char *printed = cJSON_Print(r), *valid = omma_text_utf8(printed);
    free(printed);
    cJSON_Delete(r);
    return valid;
}
