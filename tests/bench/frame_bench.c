/* SPDX-License-Identifier: Apache-2.0 */
/* What a 1920 x 1080 picture costs: frame_bench [REPEATS] prints the median time of each operation,
 * and the quartiles. Compare with OMMA_CPU=scalar|avx2|avx512. */
#include <omma/frame.h>

#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 1920, HEIGHT = 1080 };

typedef struct work {
    omma_frame *from, *to;
    omma_pyramid pyramid;
    int argument;
} work;

static omma_frame *noise(omma_format format)
{
    omma_frame *f = NULL;
    uint64_t seed = 1;

    if (omma_frame_create(&f, format, WIDTH, HEIGHT))
        exit(1);
    for (int p = 0; p < omma_format_planes(format); p++) {
        int height = omma_format_plane_height(format, p, HEIGHT);
        for (int i = 0; i < height * f->stride[p]; i++)
            f->plane[p][i] = (uint8_t)omma_random_u64(&seed);
    }
    return f;
}

static void convert(work *w)
{
    omma_frame_convert(w->to, w->from);
}

static void resize(work *w)
{
    omma_frame_resize(w->to, w->from);
}

static void rotate(work *w)
{
    omma_frame_rotate(w->to, w->from, w->argument);
}

static void build(work *w)
{
    omma_pyramid_build(&w->pyramid, w->from, w->argument);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, void (*run)(work *w), work *w, int repeats)
{
    int64_t *took = omma_new_array(int64_t, (size_t)repeats);

    run(w);
    for (int i = 0; i < repeats; i++) {
        int64_t begin = omma_clock_thread_ns();
        run(w);
        took[i] = omma_clock_thread_ns() - begin;
    }
    qsort(took, (size_t)repeats, sizeof(took[0]), by_time);
    printf("%-28s %8.3f ms (%.3f to %.3f)\n", name, (double)took[repeats / 2] / 1e6,
           (double)took[repeats / 4] / 1e6, (double)took[repeats * 3 / 4] / 1e6);
    free(took);
}

static void bench_convert(omma_format to, omma_format from, bool limited, int repeats)
{
    work w = {.from = noise(from), .to = noise(to)};
    char name[64];

    w.from->limited_range = limited;
    snprintf(name, sizeof(name), "%s to %s%s", omma_format_name(from), omma_format_name(to),
             limited ? ", limited" : "");
    measure(name, convert, &w, repeats);
    omma_frame_unref(&w.from);
    omma_frame_unref(&w.to);
}

static void bench_resize(omma_format format, int width, int height, int repeats)
{
    work w = {.from = noise(format)};
    char name[64];

    if (omma_frame_create(&w.to, format, width, height))
        exit(1);
    snprintf(name, sizeof(name), "resize %s to %d x %d", omma_format_name(format), width, height);
    measure(name, resize, &w, repeats);
    omma_frame_unref(&w.from);
    omma_frame_unref(&w.to);
}

static void bench_rotate(omma_format format, int degrees, int repeats)
{
    work w = {.from = noise(format), .argument = degrees};
    bool swaps = degrees % 180 != 0;
    char name[64];

    if (omma_frame_create(&w.to, format, swaps ? HEIGHT : WIDTH, swaps ? WIDTH : HEIGHT))
        exit(1);
    snprintf(name, sizeof(name), "rotate %s by %d", omma_format_name(format), degrees);
    measure(name, rotate, &w, repeats);
    omma_frame_unref(&w.from);
    omma_frame_unref(&w.to);
}

static void bench_pyramid(omma_format format, int levels, int repeats)
{
    work w = {.from = noise(format), .argument = levels};
    char name[64];

    snprintf(name, sizeof(name), "pyramid of %d from %s", levels, omma_format_name(format));
    measure(name, build, &w, repeats);
    omma_frame_unref(&w.from);
    omma_pyramid_finish(&w.pyramid);
}

int main(int argc, char **argv)
{
    int repeats = argc > 1 ? atoi(argv[1]) : 100;
    char cpu[64];

    repeats = repeats < 1 ? 1 : repeats;
    omma_cpu_describe(omma_cpu_flags(), cpu, sizeof(cpu));
    printf("%d x %d px, %s, %d times\n", WIDTH, HEIGHT, cpu, repeats);
    bench_convert(OMMA_FORMAT_GRAY8, OMMA_FORMAT_I420, true, repeats);
    bench_convert(OMMA_FORMAT_GRAY8, OMMA_FORMAT_RGB24, false, repeats);
    bench_convert(OMMA_FORMAT_GRAY8, OMMA_FORMAT_RGBA32, false, repeats);
    bench_convert(OMMA_FORMAT_RGB24, OMMA_FORMAT_I420, true, repeats);
    bench_convert(OMMA_FORMAT_RGB24, OMMA_FORMAT_NV12, true, repeats);
    bench_convert(OMMA_FORMAT_RGBA32, OMMA_FORMAT_I420, true, repeats);
    bench_convert(OMMA_FORMAT_I420, OMMA_FORMAT_NV12, false, repeats);
    bench_convert(OMMA_FORMAT_I420, OMMA_FORMAT_RGB24, false, repeats);
    bench_convert(OMMA_FORMAT_RGBA32, OMMA_FORMAT_RGB24, false, repeats);
    bench_convert(OMMA_FORMAT_RGB24, OMMA_FORMAT_GRAY8, false, repeats);
    bench_resize(OMMA_FORMAT_GRAY8, 640, 360, repeats);
    bench_resize(OMMA_FORMAT_I420, 640, 360, repeats);
    bench_resize(OMMA_FORMAT_RGB24, 640, 360, repeats);
    bench_resize(OMMA_FORMAT_RGB24, 960, 540, repeats);
    bench_resize(OMMA_FORMAT_GRAY8, 3840, 2160, repeats);
    bench_rotate(OMMA_FORMAT_I420, 90, repeats);
    bench_rotate(OMMA_FORMAT_RGB24, 90, repeats);
    bench_rotate(OMMA_FORMAT_I420, 180, repeats);
    bench_pyramid(OMMA_FORMAT_I420, 6, repeats);
    bench_pyramid(OMMA_FORMAT_RGB24, 6, repeats);
    return 0;
}
