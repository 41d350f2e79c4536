/* SPDX-License-Identifier: Apache-2.0 */
#include "index_actions.h"

#include <inttypes.h>

enum { AUDIT_QUERIES = 200 };

/* What the graph finds of what is there. */
static omma_error audit(console *c, const char *folder, omma_index_stats *stats)
{
    omma_index *x = NULL;
    omma_index_reader *r = NULL;
    omma_error err = omma_index_open(
        &x, folder,
        &(omma_index_options){.read_only = true, .mode = OMMA_INDEX_GRAPH, .log = &c->log});

    if (!err)
        err = omma_index_reader_create(&r, x);
    if (!err)
        err = omma_index_audit(r, AUDIT_QUERIES);
    if (!err)
        omma_index_get_stats(x, stats);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    return err;
}

static void tell_lines(console *c, const char *folder, const omma_index_check *k,
                       const omma_index_stats *audited)
{
    console_say(c,
                "%s is sound: %" PRIu64 " vectors; a checkpoint of %" PRIu64 " bytes, %" PRIu64
                " logs of %" PRIu64 " bytes with %" PRIu64 " changes",
                folder, k->vectors, k->checkpoint_bytes, k->logs, k->log_bytes, k->changes);
    if (k->torn_bytes && !k->unused)
        console_say(c, "the last %" PRIu64 " bytes are of a change that was not whole",
                    k->torn_bytes);
    if (audited)
        console_say(
            c,
            "the graph finds %.2f %% of the ten nearest, none of them in %.2f %% of %" PRIu64
            " queries",
            100 * audited->recall, 100 * audited->missed, audited->audited);
}

static void tell_json(const char *folder, const omma_index_check *k,
                      const omma_index_stats *audited)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "folder", folder);
    cJSON_AddNumberToObject(o, "vectors", (double)k->vectors);
    cJSON_AddNumberToObject(o, "checkpoint_bytes", (double)k->checkpoint_bytes);
    cJSON_AddNumberToObject(o, "logs", (double)k->logs);
    cJSON_AddNumberToObject(o, "log_bytes", (double)k->log_bytes);
    cJSON_AddNumberToObject(o, "changes", (double)k->changes);
    cJSON_AddNumberToObject(o, "torn_bytes", (double)k->torn_bytes);
    cJSON_AddNumberToObject(o, "unused_changes", (double)k->unused);
    if (audited) {
        cJSON_AddNumberToObject(o, "audited", (double)audited->audited);
        cJSON_AddNumberToObject(o, "recall", audited->recall);
        cJSON_AddNumberToObject(o, "missed", audited->missed);
    }
    console_print(o);
    cJSON_Delete(o);
}

int index_verify(console *c, const index_values *v, const char *folder)
{
    omma_index_check check;
    omma_index_stats stats;
    omma_error err = omma_index_verify(folder, &c->log, &check);

    if (!err && v->audit)
        err = audit(c, folder, &stats);
    if (err)
        return console_fail(c, index_exit_code(err), NULL);
    if (v->json)
        tell_json(folder, &check, v->audit ? &stats : NULL);
    else
        tell_lines(c, folder, &check, v->audit ? &stats : NULL);
    return check.unused ? CODE_INPUT : CODE_DONE;
}
