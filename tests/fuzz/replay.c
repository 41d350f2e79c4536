/* SPDX-License-Identifier: Apache-2.0 */
/* Gives every file of the folders named on the command line to a fuzz target, so that a corpus is a
 * test without libFuzzer. Each file is also tried cut short, which is where parsers break first. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_BYTES (1u << 20)
#define CUTS       64

/* From a heap block of exactly that size, so that the sanitizer sees one byte too many. */
static void try_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay_file(const char *path)
{
    uint8_t *data = malloc(MOST_BYTES);
    FILE *f = fopen(path, "rb");
    size_t size = f && data ? fread(data, 1, MOST_BYTES, f) : 0;

    try_bytes(data, size);
    for (size_t i = 1; size && i <= CUTS; i++)
        try_bytes(data, size * i / (CUTS + 1));
    if (f)
        fclose(f);
    free(data);
}

int main(int argc, char **argv)
{
    size_t files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            if (e->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            replay_file(path);
            files++;
        }
        if (d)
            closedir(d);
    }
    fprintf(stderr, "%zu files replayed\n", files);
    return files ? 0 : 1;
}
