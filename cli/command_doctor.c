/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/media.h>

#include "commands.h"
#include "console.h"

#include <cjson/cJSON.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

typedef struct doctor_values {
    bool json;
} doctor_values;

static const option_row rows[] = {
    {0, "json", OPTION_FLAG, .help = "print one JSON object",
     .offset = offsetof(doctor_values, json)},
    {0},
};

/* good: works; note: missing and not needed by everybody; bad: Omma cannot do its work. */
typedef enum state { STATE_GOOD, STATE_NOTE, STATE_BAD } state;

static const char *const state_names[] = {"ok", "note", "bad"};

static void find(cJSON *findings, state st, const char *name, const char *says, const char *fix)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "state", state_names[st]);
    cJSON_AddStringToObject(o, "says", says);
    cJSON_AddStringToObject(o, "fix", fix);
    cJSON_AddItemToArray(findings, o);
}

static void check_cpu(cJSON *findings)
{
    char flags[128], *says;
    unsigned cpu = omma_cpu_flags();

    omma_cpu_describe(cpu, flags, sizeof(flags));
    says = omma_text("%u core%s, %s", omma_cpu_count(), omma_cpu_count() == 1 ? "" : "s",
                     flags[0] ? flags : "plain code");
    bool fast = cpu & OMMA_CPU_AVX2;
    find(findings, fast ? STATE_GOOD : STATE_NOTE, "processor", says,
         fast ? "" : "AVX2 makes tracking several times faster; unset OMMA_CPU if it is set");
    free(says);
}

static void check_libraries(cJSON *findings)
{
    char *text = omma_library_versions(), *rest = text, *line;
    while ((line = strsep(&rest, "\n")) && *line) {
        char *name = strsep(&line, " ");
        find(findings, STATE_GOOD, name, line ? line : "", "");
    }
    free(text);
}

static omma_frame *grey_frame(int64_t index)
{
    omma_frame *f = NULL;
    if (omma_frame_create(&f, OMMA_FORMAT_I420, 64, 64) != OMMA_OK)
        return NULL;
    for (int p = 0; p < 3; p++)
        memset(f->plane[p], 128, (size_t)f->stride[p] * (size_t)(p ? 32 : 64));
    f->time_ns = index * 33333333;
    f->index = (uint64_t)index;
    return f;
}

static omma_error encode(const char *path)
{
    omma_encoder *e = NULL;
    omma_error err = omma_encoder_open(
        &e, path, &(omma_encoder_options){.width = 64, .height = 64, .replace = true});

    for (int i = 0; !err && i < 3; i++) {
        omma_frame *f = grey_frame(i);
        err = f ? omma_encoder_write(e, f) : OMMA_NO_MEMORY;
        omma_frame_unref(&f);
    }
    if (err)
        omma_encoder_abort(&e);
    return err ? err : omma_encoder_close(&e);
}

static omma_error decode(const char *path)
{
    omma_source *s = NULL;
    omma_frame *f = NULL;
    omma_error err = omma_source_open(&s, path, NULL, NULL);

    if (!err)
        err = omma_source_read(s, &f);
    omma_frame_unref(&f);
    omma_source_close(&s);
    return err;
}

/* Three frames to H.264 and back. */
static void check_video(cJSON *findings)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = omma_text("%s/omma-doctor-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");

    if (!mkdtemp(folder)) {
        find(findings, STATE_NOTE, "video", "not tried: no temporary folder can be made",
             "set TMPDIR to a folder that you may write to");
        free(folder);
        return;
    }
    char *path = omma_text("%s/try.mp4", folder);
    omma_error err = encode(path);
    if (err)
        find(findings, STATE_NOTE, "h264 encoder", omma_why(),
             "omma demo needs it: install libavcodec-extra or a libavcodec with libx264");
    else
        find(findings, STATE_GOOD, "h264 encoder", "works", "");
    if (!err && (err = decode(path)))
        find(findings, STATE_BAD, "h264 decoder", omma_why(), "reinstall libavcodec59");
    else if (!err)
        find(findings, STATE_GOOD, "h264 decoder", "works", "");
    unlink(path);
    rmdir(folder);
    free(path);
    free(folder);
}

static void check_cameras(cJSON *findings)
{
    DIR *d = opendir("/dev");
    size_t seen = 0;

    for (struct dirent *e; d && (e = readdir(d));) {
        if (strncmp(e->d_name, "video", 5) != 0)
            continue;
        char *path = omma_text("/dev/%s", e->d_name);
        bool usable = access(path, R_OK | W_OK) == 0;
        find(findings, usable ? STATE_GOOD : STATE_NOTE, path,
             usable ? "can be opened" : strerror(errno),
             usable ? "" : "add yourself to the group video: sudo adduser $USER video");
        free(path);
        seen++;
    }
    if (d)
        closedir(d);
    if (!seen)
        find(findings, STATE_NOTE, "camera", "no /dev/video*",
             "only needed for live input; plug a camera in");
}

static void check_folder(cJSON *findings)
{
    struct statvfs fs;
    bool writable = access(".", W_OK | X_OK) == 0;
    double free_gb = statvfs(".", &fs) == 0 ? (double)fs.f_bavail * (double)fs.f_frsize * 1e-9 : 0;
    char *says = omma_text("%s, %.1f GB free", writable ? "writable" : "not writable", free_gb);

    find(findings, writable && free_gb > 0.1 ? STATE_GOOD : STATE_NOTE, "this folder", says,
         writable ? (free_gb > 0.1 ? "" : "make room, or write elsewhere with -o")
                  : "maps go elsewhere with -o DIR");
    free(says);
}

static bool print_findings(cJSON *findings, bool json)
{
    const cJSON *item;
    bool healthy = true;

    cJSON_ArrayForEach(item, findings)
    {
        const char *st = cJSON_GetObjectItem(item, "state")->valuestring;
        const char *fix = cJSON_GetObjectItem(item, "fix")->valuestring;
        healthy = healthy && strcmp(st, "bad") != 0;
        if (json)
            continue;
        printf("%-5s %-14s %s%s%s\n", st, cJSON_GetObjectItem(item, "name")->valuestring,
               cJSON_GetObjectItem(item, "says")->valuestring, fix[0] ? "; " : "", fix);
    }
    if (json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddBoolToObject(o, "healthy", healthy);
        cJSON_AddItemReferenceToObject(o, "findings", findings);
        console_print(o);
        cJSON_Delete(o);
    }
    return healthy;
}

static int run(const invocation *call)
{
    const doctor_values *v = call->values;
    cJSON *findings = cJSON_CreateArray();

    check_libraries(findings);
    check_cpu(findings);
    check_video(findings);
    check_cameras(findings);
    check_folder(findings);
    bool healthy = print_findings(findings, v->json);
    cJSON_Delete(findings);
    return healthy ? CODE_DONE : CODE_FAILED;
}

const command command_doctor = {
    .name = "doctor",
    .summary = "look whether this machine has what Omma needs",
    .arguments = "",
    .description = "Tries the libraries, the processor, the video encoder and decoder, the cameras "
                   "and this folder, and says what to do about what is missing. Ends with 1 when "
                   "Omma cannot do its work here.",
    .options = rows,
    .examples = (const example_row[]){{"omma doctor", "one line for each thing"}, {0}},
    .values_bytes = sizeof(doctor_values),
    .run = run,
};
