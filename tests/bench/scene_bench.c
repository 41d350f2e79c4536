/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast synthetic scenes are made, on one core:
 *
 *   scene_bench [URL [frames [FOLDER]]]    default: all three scenes, 120 frames each
 *
 * says the time to open and the median, 10 % and 90 % time of a frame. With FOLDER every 20th frame
 * is written there as a PNG, to be looked at. OMMA_CPU=scalar|avx2|avx512 chooses the kernels.
 */
#include <omma/media.h>

#include <stdio.h>
#include <stdlib.h>

static bool read_one(omma_source *s, const char *folder, double *ms)
{
    omma_frame *f = NULL;
    int64_t start = omma_clock_thread_ns();
    if (omma_source_read(s, &f))
        return false;
    *ms = (double)(omma_clock_thread_ns() - start) * 1e-6;
    if (folder && f->index % 20 == 0) {
        char *path = omma_text("%s/%04d.png", folder, (int)f->index);
        if (omma_image_write(path, f, true))
            fprintf(stderr, "%s: %s\n", path, omma_why());
        free(path);
    }
    omma_frame_unref(&f);
    return true;
}

static int bench(const char *url, int frames, const char *folder)
{
    omma_source *s = NULL;
    int64_t start = omma_clock_now_ns();
    if (omma_source_open(&s, url, NULL, NULL)) {
        fprintf(stderr, "%s\n", omma_why());
        return 1;
    }
    double open_s = (double)(omma_clock_now_ns() - start) * 1e-9;
    double *ms = omma_new_array(double, (size_t)frames);
    int n = 0;
    while (n < frames && read_one(s, folder, &ms[n]))
        n++;
    omma_sort(ms, (size_t)n);
    if (n > 0)
        printf("%-40s open %.2f s; frame %.2f ms (%.2f .. %.2f), %.0f frames/s\n", url, open_s,
               ms[n / 2], ms[n / 10], ms[n * 9 / 10], 1000 / ms[n / 2]);
    free(ms);
    omma_source_close(&s);
    return 0;
}

int main(int argc, char **argv)
{
    int frames = argc > 2 ? atoi(argv[2]) : 120, failed = 0;
    char text[64];
    omma_cpu_describe(omma_cpu_flags(), text, sizeof text);
    printf("kernels: %s\n", text);
    if (frames < 1)
        return 2;
    if (argc > 1)
        return bench(argv[1], frames, argc > 3 ? argv[3] : NULL);
    for (const char *const *name = omma_source_scenes(); *name; name++) {
        char *url = omma_text("synthetic:%s", *name);
        failed |= bench(url, frames, NULL);
        free(url);
    }
    return failed;
}
