/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "media_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void times_count_and_pixels_come_back(void)
{
    static const char *const names[] = {"clip.mp4", "clip.mkv"};
    for (int k = 0; k < 2; k++) {
        fixture_clip(names[k], 160, 96, 40, NULL, 0);
        omma_source *s = fixture_open(names[k], NULL);
        CHECK(s && omma_source_get_info(s)->frames == 40);
        CHECK(s && fabs(omma_source_get_info(s)->rate - 30) < 0.5);
        CHECK(s && omma_source_get_info(s)->width == 160 && !omma_source_get_info(s)->live);
        for (int i = 0; s && i < 40; i++) {
            omma_frame *f = NULL;
            CHECK_OK(omma_source_read(s, &f));
            if (!f)
                break;
            /* mp4 has microseconds here, Matroska milliseconds */
            CHECK_CLOSE((double)f->time_ns, i * 1e9 / 30, .abs = k ? 0.51e6 : 501);
            CHECK(f->index == (uint64_t)i && !f->limited_range);
            CHECK(f->matrix == OMMA_MATRIX_BT601);
            CHECK(fixture_error(f, i) < 2.5); /* measured 0.9 */
            omma_frame_unref(&f);
        }
        CHECK(fixture_count(s) == 0);
        CHECK(s && omma_source_damaged(s) == 0);
        omma_source_close(&s);
    }
}

static void a_variable_rate_is_kept(void)
{
    const int64_t times[] = {0, 10000000, 110000000, 111000000, 500000000, 2000000000};
    fixture_clip("vfr.mp4", 64, 64, 6, times, 0);
    omma_source *s = fixture_open("vfr.mp4", NULL);
    for (int i = 0; s && i < 6; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        CHECK(f && f->time_ns == times[i]);
        omma_frame_unref(&f);
    }
    CHECK(fixture_count(s) == 0);
    omma_source_close(&s);
}

/* A clip that says "turn me by 90 degrees clockwise": its left column becomes the top row. */
static void rotation_is_done(void)
{
    for (int degrees = 90; degrees < 360; degrees += 90) {
        fixture_clip("turned.mp4", 160, 96, 3, NULL, degrees);
        omma_source *s = fixture_open("turned.mp4", NULL);
        omma_frame *f = NULL;
        int width = degrees == 180 ? 160 : 96, height = degrees == 180 ? 96 : 160;
        CHECK(s && omma_source_get_info(s)->width == width);
        CHECK(s && omma_source_get_info(s)->height == height);
        if (s)
            CHECK_OK(omma_source_read(s, &f));
        CHECK(f && f->width == width && f->height == height);
        for (int k = 0; f && k < 20; k++) {
            int x = 7 + 7 * k, y = 11 + 4 * k; /* in the clip */
            int to_x = degrees == 90 ? 95 - y : degrees == 180 ? 159 - x : y;
            int to_y = degrees == 90 ? x : degrees == 180 ? 95 - y : 159 - x;
            CHECK_CLOSE(f->plane[0][to_y * f->stride[0] + to_x], fixture_luma(x, y, 0), .abs = 10);
        }
        omma_frame_unref(&f);
        omma_source_close(&s);
    }
}

static void a_cut_file_ends_after_its_last_good_frame(void)
{
    size_t bytes = 0;
    fixture_clip("whole.mkv", 160, 96, 60, NULL, 0);
    fixture_clip("whole.mp4", 160, 96, 60, NULL, 0);
    for (int k = 0; k < 2; k++) {
        char *data = fixture_read(k ? "whole.mp4" : "whole.mkv", &bytes);
        fixture_write(k ? "cut.mp4" : "cut.mkv", data, bytes * 2 / 3);
        free(data);
        omma_source *s = fixture_open(k ? "cut.mp4" : "cut.mkv", NULL);
        omma_frame *f = NULL;
        omma_error err = OMMA_OK;
        int n = 0;
        for (; s && (err = omma_source_read(s, &f)) == OMMA_OK; n++) {
            CHECK(fixture_error(f, n) < 3);
            omma_frame_unref(&f);
        }
        CHECK(err == OMMA_END);
        CHECK(n >= 10 && n < 60);
        fprintf(stderr, "cut: %d frames, %d damaged\n", n, s ? (int)omma_source_damaged(s) : -1);
        omma_source_close(&s);
    }
}

static void damage_in_the_middle_costs_only_frames(void)
{
    size_t bytes = 0;
    uint64_t seed = 5;
    fixture_clip("good.mp4", 320, 240, 60, NULL, 0);
    char *data = fixture_read("good.mp4", &bytes);
    for (size_t i = bytes / 2; i < bytes / 2 + bytes / 50; i++)
        data[i] = (char)omma_random_u64(&seed);
    fixture_write("damaged.mp4", data, bytes);
    free(data);
    omma_source *s = fixture_open("damaged.mp4", NULL);
    int n = fixture_count(s);
    int damaged = s ? (int)omma_source_damaged(s) : 0;
    fprintf(stderr, "damaged: %d given, %d damaged\n", n, damaged);
    CHECK(n >= 40 && damaged >= 1 && n + damaged <= 61);
    omma_source_close(&s);
}

/* Whatever is broken: no crash, no hang, an end. */
static void random_damage_never_ends_badly(void)
{
    size_t bytes = 0;
    uint64_t seed = 11;
    fixture_clip("small.mp4", 64, 64, 20, NULL, 0);
    char *data = fixture_read("small.mp4", &bytes), *path = fixture_path("fuzz.mp4");
    char *copy = malloc(bytes);
    for (int round = 0; round < 150; round++) {
        memcpy(copy, data, bytes);
        for (int k = 0; k < 1 + round % 20; k++)
            copy[omma_random_below(&seed, (uint32_t)bytes)] = (char)omma_random_u64(&seed);
        fixture_write("fuzz.mp4", copy, bytes - (size_t)(round % 5) * bytes / 20);
        omma_source *s = NULL;
        omma_frame *f = NULL;
        omma_error err = omma_source_open(&s, path, NULL, NULL);
        int n = 0;
        for (; !err && (err = omma_source_read(s, &f)) == OMMA_OK; n++)
            omma_frame_unref(&f);
        if (!CHECK(n <= 20 && err != OMMA_OK))
            fprintf(stderr, "    round %d: %d frames, %s\n", round, n, omma_why());
        omma_source_close(&s);
    }
    free(copy);
    free(data);
    free(path);
}

static void what_is_no_video_is_said(void)
{
    static const char text[] = "Dear diary,\nthis is a text that somebody called a film.\n";
    size_t bytes = 0;
    fixture_write("text.mp4", text, strlen(text));
    fixture_write("empty.mp4", "", 0);
    fixture_clip("headless.mp4", 64, 64, 10, NULL, 0);
    char *data = fixture_read("headless.mp4", &bytes);
    fixture_write("headless.mp4", data + bytes - 100, 100);
    fixture_write("stub.mp4", data, 40);
    free(data);
    CHECK(fixture_refusal("text.mp4") == OMMA_FORMAT);
    CHECK(fixture_refusal("empty.mp4") == OMMA_FORMAT);
    CHECK(fixture_refusal("headless.mp4") == OMMA_FORMAT);
    CHECK(fixture_refusal("stub.mp4") == OMMA_FORMAT);
    CHECK(fixture_refusal("missing.mp4") == OMMA_NOT_FOUND);
    CHECK(fixture_refusal("/dev/video99") == OMMA_NOT_FOUND);
    omma_source *s = NULL;
    CHECK(omma_source_open(&s, "gopher://there/clip", NULL, NULL) == OMMA_UNSUPPORTED);
    CHECK(omma_source_open(&s, "", NULL, NULL) == OMMA_INVALID);
    char *path = fixture_path("small.mp4");
    CHECK(omma_source_open(&s, path, &(omma_source_options){.format = "nonsense"}, NULL) ==
          OMMA_UNSUPPORTED);
    if (geteuid() != 0) {
        chmod(path, 0);
        CHECK(fixture_refusal("small.mp4") == OMMA_DENIED);
        chmod(path, 0600);
    }
    free(path);
}

static void a_change_of_size_is_said(void)
{
    size_t a_bytes = 0, b_bytes = 0;
    fixture_clip("a.h264", 160, 96, 10, NULL, 0);
    fixture_clip("b.h264", 96, 64, 10, NULL, 0);
    char *a = fixture_read("a.h264", &a_bytes), *b = fixture_read("b.h264", &b_bytes);
    a = realloc(a, a_bytes + b_bytes);
    memcpy(a + a_bytes, b, b_bytes);
    fixture_write("both.h264", a, a_bytes + b_bytes);
    free(a);
    free(b);
    omma_source *s = fixture_open("both.h264", NULL);
    omma_frame *f = NULL;
    omma_error err = OMMA_OK;
    int n = 0;
    for (; s && (err = omma_source_read(s, &f)) == OMMA_OK; n++)
        omma_frame_unref(&f);
    CHECK(n == 10 && err == OMMA_FORMAT);
    CHECK(strstr(omma_why(), "160 x 96") && strstr(omma_why(), "96 x 64"));
    CHECK(omma_source_read(s, &f) == OMMA_FORMAT);
    omma_source_close(&s);
}

/* All pictures of the clip are overwritten, its index is not. */
static void a_clip_without_one_good_frame_is_no_success(void)
{
    size_t bytes = 0;
    fixture_clip("zero.mp4", 96, 64, 10, NULL, 0);
    char *data = fixture_read("zero.mp4", &bytes);
    char *mdat = memmem(data, bytes, "mdat", 4);
    CHECK(mdat);
    if (mdat)
        memset(mdat + 4, 0xff, (size_t)(data + bytes - mdat) - 4);
    fixture_write("zero.mp4", data, bytes);
    free(data);
    omma_source *s = fixture_open("zero.mp4", NULL);
    omma_frame *f = NULL;
    CHECK(s && omma_source_read(s, &f) == OMMA_FORMAT);
    CHECK(s && omma_source_damaged(s) == 10);
    omma_source_close(&s);
}

/* Frames read from standard input, which a child thread fills from a file. */
typedef struct feeder {
    char *data;
    size_t bytes;
    int fd;
} feeder;

static void feed(void *user)
{
    feeder *f = user;
    for (size_t done = 0; done < f->bytes;) {
        ssize_t n = write(f->fd, f->data + done, f->bytes - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    close(f->fd);
}

static int count_from_pipe(const char *name, const omma_source_options *options)
{
    int fd[2], n = -1, saved = dup(STDIN_FILENO);
    omma_thread *thread = NULL;
    omma_source *s = NULL;
    feeder f = {0};
    f.data = fixture_read(name, &f.bytes);
    if (!CHECK(pipe(fd) == 0))
        return -1;
    f.fd = fd[1];
    dup2(fd[0], STDIN_FILENO);
    close(fd[0]);
    CHECK_OK(omma_thread_start(&thread, "feeder", feed, &f));
    CHECK_OK(omma_source_open(&s, "-", options, NULL));
    if (s)
        n = fixture_count(s);
    omma_source_close(&s);
    dup2(saved, STDIN_FILENO);
    close(saved);
    omma_thread_join(&thread);
    free(f.data);
    return n;
}

static void a_pipe_is_read(void)
{
    fixture_clip("pipe.mp4", 160, 96, 30, NULL, 0);
    fixture_clip("pipe.mkv", 160, 96, 30, NULL, 0);
    fixture_clip("pipe.h264", 160, 96, 30, NULL, 0);
    CHECK(count_from_pipe("pipe.mp4", NULL) == 30);
    CHECK(count_from_pipe("pipe.mkv", NULL) == 30);
    CHECK(count_from_pipe("pipe.h264", NULL) == 30);
    CHECK(count_from_pipe("pipe.h264", &(omma_source_options){.format = "h264"}) == 30);
}

static void stop_later(void *user)
{
    omma_sleep_until_ns(omma_clock_now_ns() + 50000000);
    omma_source_stop(user);
}

/* A pipe that gives half a film and then nothing more: only stop ends the wait. */
static void a_waiting_read_can_be_stopped(void)
{
    int fd[2], saved = dup(STDIN_FILENO);
    size_t bytes = 0;
    omma_source *s = NULL;
    omma_thread *thread = NULL;
    omma_frame *f = NULL;
    omma_error err = OMMA_OK;
    fixture_clip("wait.mkv", 64, 64, 60, NULL, 0);
    char *data = fixture_read("wait.mkv", &bytes);
    if (!CHECK(pipe(fd) == 0))
        return;
    dup2(fd[0], STDIN_FILENO);
    CHECK(bytes < 60000 && write(fd[1], data, bytes * 3 / 4) > 0); /* a pipe holds 64 KiB */
    CHECK_OK(omma_source_open(&s, "-", &(omma_source_options){.format = "matroska"}, NULL));
    if (s) {
        CHECK_OK(omma_thread_start(&thread, "stopper", stop_later, s));
        while ((err = omma_source_read(s, &f)) == OMMA_OK)
            omma_frame_unref(&f);
        CHECK(err == OMMA_INTERRUPTED);
        omma_thread_join(&thread);
    }
    omma_source_close(&s);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd[0]);
    close(fd[1]);
    free(data);
}

/* Raw H.264 has no times: they come from the rate. */
static void raw_h264_gets_times_from_the_rate(void)
{
    omma_source *s = fixture_open("pipe.h264", NULL);
    int64_t last = -1;
    for (int i = 0; s && i < 30; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        if (i > 0)
            CHECK_CLOSE((double)(f->time_ns - last), 1e9 / 30, .abs = 1);
        last = f->time_ns;
        omma_frame_unref(&f);
    }
    omma_source_close(&s);
}

static void skip_and_step_work_on_streams(void)
{
    omma_source *s = fixture_open("pipe.mp4", &(omma_source_options){.skip = 3, .step = 5});
    CHECK(s && omma_source_get_info(s)->frames == 6);
    for (uint64_t i = 0; s && i < 6; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        CHECK(f && f->index == 3 + 5 * i && fixture_error(f, (int)f->index) < 3);
        omma_frame_unref(&f);
    }
    CHECK(fixture_count(s) == 0);
    omma_source_close(&s);
}

static void threads_change_nothing(void)
{
    omma_source *one = fixture_open("pipe.mp4", NULL);
    omma_source *three = fixture_open("pipe.mp4", &(omma_source_options){.threads = 3});
    omma_frame *a = NULL, *b = NULL;
    omma_error err = OMMA_OK;
    while (one && three && (err = omma_source_read(one, &a)) == OMMA_OK) {
        CHECK_OK(omma_source_read(three, &b));
        if (!b)
            break;
        CHECK(a->time_ns == b->time_ns);
        int differ = 0;
        for (int y = 0; y < a->height; y++)
            differ += memcmp(a->plane[0] + y * a->stride[0], b->plane[0] + y * b->stride[0],
                             (size_t)a->width) != 0;
        CHECK(differ == 0);
        omma_frame_unref(&a);
        omma_frame_unref(&b);
    }
    CHECK(err == OMMA_END);
    CHECK(three && omma_source_read(three, &b) == OMMA_END);
    omma_source_close(&one);
    omma_source_close(&three);
}

static void any_frame_format_is_encoded(void)
{
    omma_encoder *e = NULL;
    char *path = fixture_path("formats.mp4");
    omma_frame *base = fixture_frame(96, 64, 4);
    base->limited_range = true; /* the file's colours from now on */
    base->matrix = OMMA_MATRIX_BT709;
    CHECK_OK(omma_encoder_open(&e, path, &(omma_encoder_options){.width = 96, .height = 64}));
    for (int format = OMMA_FORMAT_I420; e && format <= OMMA_FORMAT_RGBA32; format++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_frame_create(&f, (omma_format)format, 96, 64));
        CHECK_OK(omma_frame_convert(f, base));
        f->time_ns = format * INT64_C(100000000);
        CHECK_OK(omma_encoder_write(e, format == OMMA_FORMAT_I420 ? base : f));
        omma_frame_unref(&f);
    }
    CHECK_OK(omma_encoder_close(&e));
    omma_source *s = fixture_open("formats.mp4", NULL);
    omma_frame *f = NULL;
    uint8_t want[3], got[3];
    for (int n = 0; s && n < 4; n++) {
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        CHECK(f->limited_range && f->matrix == OMMA_MATRIX_BT709);
        omma_frame_rgb_at(base, 40, 30, want);
        omma_frame_rgb_at(f, 40, 30, got);
        for (int c = 0; c < 3; c++)
            CHECK_CLOSE(got[c], want[c], .abs = 8);
        omma_frame_unref(&f);
    }
    omma_source_close(&s);
    omma_frame_unref(&base);
    free(path);
}

static void the_encoder_refuses_and_leaves_no_trace(void)
{
    omma_encoder *e = NULL;
    char *path = fixture_path("never.mp4"), *there = fixture_path("pipe.mp4");
    char *avi = fixture_path("never.avi"), *nowhere = fixture_path("no/such/clip.mp4");
    omma_encoder_options options = {.width = 64, .height = 64};
    CHECK(omma_encoder_open(&e, avi, &options) == OMMA_UNSUPPORTED);
    CHECK(omma_encoder_open(&e, there, &options) == OMMA_EXISTS);
    CHECK(omma_encoder_open(&e, nowhere, &options) == OMMA_NOT_FOUND);
    CHECK(omma_encoder_open(&e, path, &(omma_encoder_options){.width = 65, .height = 64}) ==
          OMMA_INVALID);
    CHECK_OK(omma_encoder_open(&e, path, &options));
    omma_frame *small = fixture_frame(32, 32, 0);
    CHECK(omma_encoder_write(e, small) == OMMA_INVALID);
    CHECK(omma_encoder_close(&e) == OMMA_INVALID && !e);
    CHECK_OK(omma_encoder_open(&e, path, &options));
    CHECK(omma_encoder_close(&e) == OMMA_INVALID); /* no frames */
    CHECK_OK(omma_encoder_open(&e, path, &options));
    omma_encoder_abort(&e);
    CHECK(access(path, F_OK) != 0);
    char *pattern = omma_text("ls %s | grep -q part", fixture_folder);
    CHECK(system(pattern) != 0);
    free(pattern);
    omma_frame_unref(&small);
    free(path);
    free(there);
    free(avi);
    free(nowhere);
}

int main(void)
{
    fixture_make_folder();
    TEST(times_count_and_pixels_come_back);
    TEST(a_variable_rate_is_kept);
    TEST(rotation_is_done);
    TEST(a_cut_file_ends_after_its_last_good_frame);
    TEST(damage_in_the_middle_costs_only_frames);
    TEST(random_damage_never_ends_badly);
    TEST(a_change_of_size_is_said);
    TEST(a_clip_without_one_good_frame_is_no_success);
    TEST(what_is_no_video_is_said);
    TEST(a_pipe_is_read);
    TEST(a_waiting_read_can_be_stopped);
    TEST(raw_h264_gets_times_from_the_rate);
    TEST(skip_and_step_work_on_streams);
    TEST(threads_change_nothing);
    TEST(any_frame_format_is_encoded);
    TEST(the_encoder_refuses_and_leaves_no_trace);
    fixture_remove_folder();
    return check_done();
}
