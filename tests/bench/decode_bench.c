/* SPDX-License-Identifier: Apache-2.0 */
/* What a source costs: decode_bench URL [FRAMES] prints the CPU time per frame of omma_source_read.
 */
#include <omma/media.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: decode_bench URL [FRAMES]\n");
        return 2;
    }
    omma_source *source = NULL;
    omma_source_options options = {.limit = argc > 2 ? strtoull(argv[2], NULL, 10) : 0};
    int64_t start = omma_clock_cpu_ns();
    omma_error err = omma_source_open(&source, argv[1], &options, NULL);
    if (err) {
        fprintf(stderr, "%s: %s\n", omma_error_name(err), omma_why());
        return 1;
    }
    int64_t opened = omma_clock_cpu_ns();
    uint64_t frames = 0;
    for (omma_frame *frame = NULL; (err = omma_source_read(source, &frame)) == OMMA_OK; frames++)
        omma_frame_unref(&frame);
    int64_t end = omma_clock_cpu_ns();
    printf("%s: %s\n", argv[1], omma_source_get_info(source)->description);
    printf("open %.2f ms, %" PRIu64 " frames, %.3f ms CPU per frame, %" PRIu64
           " damaged, peak %.1f MB, end: %s\n",
           (double)(opened - start) / 1e6, frames,
           frames ? (double)(end - opened) / 1e6 / (double)frames : 0, omma_source_damaged(source),
           (double)omma_peak_memory_bytes() / 1e6, omma_error_name(err));
    omma_source_close(&source);
    return err == OMMA_END ? 0 : 1;
}
