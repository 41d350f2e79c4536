/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers places, and says which of them look most like one. Run again it knows those of before.
 *
 *   cc index_ten_lines.c $(pkg-config --cflags --libs --static omma) -o index_ten_lines
 *   ./index_ten_lines places
 */
#include <omma/index.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    const float places[][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0.8F, 0.6F, 0, 0}},
                seen[4] = {1, 0.1F, 0, 0};
    const char *folder = argc > 1 ? argv[1] : "places";
    omma_index *index = NULL;
    omma_index_reader *reader = NULL;
    omma_index_match nearest[10];
    uint32_t found = 0;

    omma_error err = omma_index_open(&index, folder, &(omma_index_options){.dim = 4});
    for (uint64_t id = 0; !err && id < 3; id++) {
        err = omma_index_add(index, places[id], 4, &(omma_index_entry){.id = id});
        if (err == OMMA_EXISTS) /* from the last time */
            err = OMMA_OK;
    }
    if (!err)
        err = omma_index_reader_create(&reader, index);
    if (!err)
        err = omma_index_query(reader, seen, 4, NULL, nearest, &found);
    for (uint32_t i = 0; i < found; i++)
        printf("place %d, cosine %.3f\n", (int)nearest[i].entry.id, (double)nearest[i].score);
    if (err)
        fprintf(stderr, "index_ten_lines: %s\n", omma_why());
    omma_index_reader_destroy(&reader);
    omma_index_close(&index);
    return err ? 1 : 0;
}
