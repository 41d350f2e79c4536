/* SPDX-License-Identifier: Apache-2.0 */
#include "index_actions.h"
#include "index_vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_K = 10 };

/* One row of the file: a line for each match, or an array of them. */
static void tell(cJSON *rows, size_t row, const omma_index_match *matches, uint32_t found)
{
    cJSON *list = rows ? cJSON_CreateArray() : NULL;

    for (uint32_t i = 0; i < found; i++) {
        if (!rows) {
            printf("%zu\t%u\t%" PRIu64 "\t%.6f\n", row, i, matches[i].entry.id,
                   (double)matches[i].score);
            continue;
        }
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "id", (double)matches[i].entry.id);
        cJSON_AddNumberToObject(o, "score", (double)matches[i].score);
        cJSON_AddItemToArray(list, o);
    }
    if (rows)
        cJSON_AddItemToArray(rows, list);
}

static omma_error ask(omma_index_reader *r, const index_values *v, const index_vectors *queries,
                      cJSON *rows)
{
    const omma_index_search search = {
        .k = v->k ? (uint32_t)v->k : DEFAULT_K, .ef = (uint32_t)v->ef, .exact = v->exact};
    omma_index_match *matches = omma_new_array(omma_index_match, search.k);
    omma_error err = OMMA_OK;

    for (size_t i = 0; i < queries->count && !err; i++) {
        uint32_t found = 0;

        err = omma_index_query(r, queries->rows + i * queries->dim, queries->dim, &search, matches,
                               &found);
        if (!err)
            tell(rows, i, matches, found);
    }
    free(matches);
    return err;
}

int index_query(console *c, const index_values *v, const char *folder, const char *queries)
{
    index_vectors asked;
    omma_index *x = NULL;
    omma_index_reader *r = NULL;

    if (index_vectors_read(&asked, queries))
        return console_fail(c, CODE_INPUT, NULL);
    cJSON *rows = v->json ? cJSON_CreateArray() : NULL;
    omma_error err =
        omma_index_open(&x, folder, &(omma_index_options){.read_only = true, .log = &c->log});
    if (!err)
        err = omma_index_reader_create(&r, x);
    if (!err)
        err = ask(r, v, &asked, rows);
    int code = err ? console_fail(c, index_exit_code(err), NULL) : CODE_DONE;
    if (!err && rows) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemReferenceToObject(o, "matches", rows);
        console_print(o);
        cJSON_Delete(o);
    }
    cJSON_Delete(rows);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    index_vectors_finish(&asked);
    return code;
}
