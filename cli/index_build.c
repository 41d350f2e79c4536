/* SPDX-License-Identifier: Apache-2.0 */
#include "index_actions.h"
#include "index_vectors.h"

#include <inttypes.h>
#include <stdlib.h>

exit_code index_exit_code(omma_error err)
{
    switch (err) {
    case OMMA_OK:
        return CODE_DONE;
    case OMMA_INVALID:
        return CODE_USAGE;
    case OMMA_NOT_FOUND:
    case OMMA_FORMAT:
    case OMMA_UNSUPPORTED:
        return CODE_INPUT;
    default:
        return CODE_FAILED;
    }
}

static omma_error import(omma_index *x, const index_values *v, const index_vectors *rows)
{
    omma_index_entry *entries = calloc(rows->count, sizeof(*entries));

    if (!entries)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu vectors", rows->count);
    for (size_t i = 0; i < rows->count; i++)
        entries[i].id = entries[i].frame = v->first_id + i;
    omma_error err =
        omma_index_import(x, rows->rows, rows->count, rows->dim, entries, (unsigned)v->threads);
    free(entries);
    return err;
}

static void tell(console *c, const char *folder, size_t added, const omma_index_stats *s)
{
    if (!c->json) {
        console_say(c, "%s: %zu vectors added, %" PRIu64 " there now, %u components", folder, added,
                    s->vectors, s->dim);
        return;
    }
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "folder", folder);
    cJSON_AddNumberToObject(o, "added", (double)added);
    cJSON_AddNumberToObject(o, "vectors", (double)s->vectors);
    cJSON_AddNumberToObject(o, "dim", s->dim);
    cJSON_AddNumberToObject(o, "checkpoint_bytes", (double)s->checkpoint_bytes);
    console_print(o);
    cJSON_Delete(o);
}

int index_build(console *c, const index_values *v, const char *folder, const char *vectors)
{
    index_vectors rows;
    omma_index *x = NULL;
    omma_index_stats stats;

    if (index_vectors_read(&rows, vectors))
        return console_fail(c, CODE_INPUT, NULL);
    const omma_index_options o = {.dim = rows.dim,
                                  .metric = (omma_index_metric)v->metric,
                                  .codes_only = v->codes_only,
                                  .log = &c->log};
    omma_error err = omma_index_open(&x, folder, &o);
    if (!err)
        err = import(x, v, &rows);
    if (!err)
        err = omma_index_checkpoint(x);
    if (!err)
        omma_index_get_stats(x, &stats);
    int code = err ? console_fail(c, index_exit_code(err), NULL) : CODE_DONE;
    if (!err)
        tell(c, folder, rows.count, &stats);
    omma_index_close(&x);
    index_vectors_finish(&rows);
    return code;
}
