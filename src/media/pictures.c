/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures as a source: a folder, a pattern, an rgb.txt or one file. */
#define OMMA_MODULE "media"
#include "picture_list.h"
#include "source.h"
#include "still.h"
#include "url.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RATE  30.0
#define MAX_WARNINGS  5
#define NS_PER_SECOND 1e9

typedef struct pictures {
    const omma_log *log;
    const atomic_bool *stopped;
    picture_list list;
    still_decoder *decoder;
    size_t next;       /* entry to read */
    omma_frame *first; /* decoded at open, given by the read that comes to its index */
    int width, height; /* px, of the first */
    uint64_t damaged;
} pictures;

static void count_damaged(pictures *p)
{
    p->damaged++;
    if (p->damaged <= MAX_WARNINGS)
        omma_warn(p->log, "%s: left out", omma_why());
    else if (p->damaged == MAX_WARNINGS + 1)
        omma_warn(p->log, "more damaged pictures: counted, no longer told");
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The picture at p->next, which it steps over either way. */
static omma_error read_next(pictures *p, omma_frame **out)
{
    const picture_entry *entry = &p->list.entry[p->next];
    omma_frame *frame = NULL;
    omma_error err = still_decode(p->decoder, &frame, entry->path);
    size_t index = p->next++;
    if (err)
        return err;
    if (p->width && (frame->width != p->width || frame->height != p->height)) {
        err = omma_fail(OMMA_FORMAT, "%s: %d x %d px where the first picture has %d x %d",
                        entry->path, frame->width, frame->height, p->width, p->height);
        omma_frame_unref(&frame);
        return err;
    }
    frame->time_ns = entry->time_ns;
    frame->index = index;
    omma_frame_set_name(frame, file_name(entry->path));
    *out = frame;
    return OMMA_OK;
}

static omma_error pictures_read(void *self, omma_frame **out)
{
    pictures *p = self;
    if (p->first && p->first->index >= p->next) {
        p->next = p->first->index + 1;
        *out = p->first;
        p->first = NULL;
        return OMMA_OK;
    }
    omma_frame_unref(&p->first);
    while (p->next < p->list.n) {
        if (atomic_load_explicit(p->stopped, memory_order_relaxed))
            return OMMA_INTERRUPTED;
        omma_error err = read_next(p, out);
        if (err == OMMA_OK || err == OMMA_NO_MEMORY)
            return err;
        count_damaged(p);
    }
    return OMMA_END;
}

static omma_error pictures_skip(void *self, uint64_t n)
{
    pictures *p = self;
    size_t left = p->list.n - p->next;
    p->next += n < left ? (size_t)n : left;
    return OMMA_OK;
}

static uint64_t pictures_damaged(const void *self)
{
    const pictures *p = self;
    return p->damaged + p->list.damaged;
}

static void pictures_close(void *self)
{
    pictures *p = self;
    omma_frame_unref(&p->first);
    still_destroy(&p->decoder);
    picture_list_finish(&p->list);
    free(p);
}

/* ----------------------------------------------------------------------------------- opening */

/* EXIF times count only when every picture has one and they increase. */
static bool take_exif_times(picture_list *list)
{
    exif_facts facts;
    int64_t last = INT64_MIN;
    if (list->n < 2)
        return false;
    int64_t *times = omma_new_array(int64_t, list->n);
    size_t i = 0;
    for (; i < list->n; i++) {
        if (!still_read_exif(list->entry[i].path, &facts) || !facts.has_time ||
            facts.time_ns <= last)
            break;
        times[i] = last = facts.time_ns;
    }
    bool all = i == list->n;
    for (i = 0; all && i < list->n; i++)
        list->entry[i].time_ns = times[i];
    free(times);
    return all;
}

static void make_times(picture_list *list, double rate)
{
    for (size_t i = 0; i < list->n; i++)
        list->entry[i].time_ns = llround((double)i * NS_PER_SECOND / rate);
}

/* Frames per second as the median gap tells it; 0 for fewer than two. */
static int compare_gaps(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double measure_rate(const picture_list *list)
{
    if (list->n < 2)
        return 0;
    size_t n = list->n - 1;
    int64_t *gap = omma_new_array(int64_t, n);
    for (size_t i = 0; i < n; i++)
        gap[i] = list->entry[i + 1].time_ns - list->entry[i].time_ns;
    qsort(gap, n, sizeof(*gap), compare_gaps);
    int64_t median = gap[n / 2];
    free(gap);
    return median > 0 ? NS_PER_SECOND / (double)median : 0;
}

static omma_error list_pictures(picture_list *list, const char *url, const omma_log *log)
{
    switch (url_classify(url)) {
    case URL_FOLDER:
        return picture_list_folder(list, url, log);
    case URL_GLOB:
        return picture_list_glob(list, url);
    default:
        return picture_list_single(list, url);
    }
}

/* The first picture that can be read says how large all are. */
static omma_error read_first(pictures *p, const char *url)
{
    omma_error err = OMMA_END;
    char *why = NULL;
    while (p->next < p->list.n && (err = read_next(p, &p->first)) != OMMA_OK) {
        if (!why)
            why = omma_text("%s", omma_why());
        if (p->list.n > 1)
            count_damaged(p);
        if (atomic_load_explicit(p->stopped, memory_order_relaxed))
            break;
    }
    if (err && p->list.n > 1)
        err = omma_fail(err, "%s: none of its %zu pictures could be read; the first: %s", url,
                        p->list.n, why ? why : "");
    free(why);
    if (err)
        return err;
    p->width = p->first->width;
    p->height = p->first->height;
    p->next = 0;
    return OMMA_OK;
}

static void describe(const pictures *p, const char *times, double rate, omma_source_info *info)
{
    *info = (omma_source_info){
        .width = p->width,
        .height = p->height,
        .rate = rate,
        .frames = p->list.n,
        .focal_px = exif_focal_px(still_exif(p->decoder), p->width, p->height),
    };
    if (p->list.n == 1)
        snprintf(info->description, sizeof(info->description), "1 picture (%s)",
                 still_kind(p->decoder));
    else
        snprintf(info->description, sizeof(info->description), "%zu pictures (%s, %s)", p->list.n,
                 still_kind(p->decoder), times);
}

omma_error pictures_open(source_backend *out, omma_source_info *info, const char *url,
                         const source_context *context)
{
    double rate = context->options->rate > 0 ? context->options->rate : DEFAULT_RATE;
    char times[48] = "TUM layout";
    pictures *p = omma_new(pictures);
    p->log = context->log;
    p->stopped = context->stopped;
    p->decoder = still_create();

    omma_error err = list_pictures(&p->list, url, context->log);
    if (!err)
        err = read_first(p, url);
    if (err) {
        pictures_close(p);
        return err;
    }
    if (p->list.has_times) {
        rate = measure_rate(&p->list);
    } else if (context->options->rate <= 0 && take_exif_times(&p->list)) {
        snprintf(times, sizeof(times), "EXIF times");
        rate = measure_rate(&p->list);
    } else {
        make_times(&p->list, rate);
        snprintf(times, sizeof(times), "%.4g per second", rate);
    }
    p->first->time_ns = p->list.entry[p->first->index].time_ns;
    describe(p, times, rate, info);
    *out = (source_backend){.self = p,
                            .read = pictures_read,
                            .skip = pictures_skip,
                            .damaged = pictures_damaged,
                            .close = pictures_close};
    return OMMA_OK;
}
