/* SPDX-License-Identifier: Apache-2.0 */
#include "index_actions.h"
#include "index_measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 100000, DIM = 256, QUERIES = 1000 };

static const char *const kinds[] = {"trajectory", "uniform"};
static const char *const orders[] = {"time", "shuffled"};
static const char *const modes[] = {"graph", "scan"};

/* With what the options leave open. */
static index_values filled_in(const index_values *given)
{
    index_values v = *given;

    v.count = v.count ? v.count : COUNT;
    v.dim = v.dim ? v.dim : DIM;
    v.queries = v.queries ? v.queries : QUERIES;
    v.seed = v.seed ? v.seed : 1;
    return v;
}

static omma_error measure_all(console *c, measure *m)
{
    omma_error err;

    console_line(c, "looking at all vectors for each query");
    measure_truth(m);
    console_line(c, "adding");
    err = measure_inserts(m);
    console_line(c, "asking");
    if (!err)
        err = measure_queries(m);
    if (!err)
        err = measure_open(m);
    console_line(c, "a writer beside a reader");
    if (!err)
        err = measure_beside(m);
    console_line(c, "");
    return err;
}

/* --------------------------------------------------------------------------------------- telling
 */

static void print_side(const char *name, const index_figures *f)
{
    printf("%s\n  %.0f inserts per CPU-s, %.0f bytes per vector\n", name, f->inserts_per_s,
           f->bytes_each);
    for (int i = 0; i < MEASURE_EFS; i++)
        printf("  ef %3u: %7.1f us, recall@%d %.4f, %.2f %% of queries without a true neighbour\n",
               measure_efs[i], f->queries[i].us, MEASURE_K, f->queries[i].recall,
               100 * f->queries[i].zero_hit);
}

static void print(const index_values *v, const measure *m)
{
    printf("%" PRIu64 " x %" PRIu64 " %s, %s order, %" PRIu64 " queries, %s\n", v->count, v->dim,
           kinds[v->kind], orders[v->order], v->queries, modes[v->mode]);
    print_side("omma, with its log", &m->ours);
    printf("  checkpoint %.0f ms, open %.1f ms (%.1f ms CPU) with %" PRIu64
           " changes made again, then %.1f us per query at ef %u\n",
           1e3 * m->checkpoint_s, 1e3 * m->open_s, 1e3 * m->open_cpu_s, m->open_changes,
           m->reopened_us, measure_efs[0]);
    printf("  %.0f inserts per CPU-s alone, %.0f beside a reader; its queries at ef %u: median "
           "%.0f us, 99 %% within %.0f us\n",
           m->alone_inserts_per_s, m->beside_inserts_per_s, measure_efs[2], m->beside_p50_us,
           m->beside_p99_us);
    if (m->peer)
        print_side(m->peer->name, &m->peers);
}

static cJSON *side_json(const index_figures *f)
{
    cJSON *o = cJSON_CreateObject(), *queries = cJSON_AddArrayToObject(o, "queries");

    cJSON_AddNumberToObject(o, "inserts_per_cpu_s", f->inserts_per_s);
    cJSON_AddNumberToObject(o, "bytes_per_vector", f->bytes_each);
    for (int i = 0; i < MEASURE_EFS; i++) {
        cJSON *q = cJSON_CreateObject();

        cJSON_AddNumberToObject(q, "ef", measure_efs[i]);
        cJSON_AddNumberToObject(q, "cpu_us", f->queries[i].us);
        cJSON_AddNumberToObject(q, "recall_at_10", f->queries[i].recall);
        cJSON_AddNumberToObject(q, "zero_hit", f->queries[i].zero_hit);
        cJSON_AddItemToArray(queries, q);
    }
    return o;
}

static cJSON *disk_json(const measure *m)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(o, "checkpoint_s", m->checkpoint_s);
    cJSON_AddNumberToObject(o, "open_s", m->open_s);
    cJSON_AddNumberToObject(o, "open_cpu_s", m->open_cpu_s);
    cJSON_AddNumberToObject(o, "replayed", (double)m->open_changes);
    cJSON_AddNumberToObject(o, "query_cpu_us_then", m->reopened_us);
    return o;
}

static cJSON *beside_json(const measure *m)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(o, "inserts_per_cpu_s_alone", m->alone_inserts_per_s);
    cJSON_AddNumberToObject(o, "inserts_per_cpu_s_beside", m->beside_inserts_per_s);
    cJSON_AddNumberToObject(o, "query_p50_us", m->beside_p50_us);
    cJSON_AddNumberToObject(o, "query_p99_us", m->beside_p99_us);
    return o;
}

static void print_json(const index_values *v, const measure *m)
{
    char cpu[128];
    cJSON *o = cJSON_CreateObject(), *data = cJSON_AddObjectToObject(o, "data");

    omma_cpu_describe(omma_cpu_flags(), cpu, sizeof(cpu));
    cJSON_AddStringToObject(o, "omma", omma_version());
    cJSON_AddStringToObject(o, "cpu", cpu);
    cJSON_AddNumberToObject(data, "count", (double)v->count);
    cJSON_AddNumberToObject(data, "dim", (double)v->dim);
    cJSON_AddStringToObject(data, "kind", kinds[v->kind]);
    cJSON_AddStringToObject(data, "order", orders[v->order]);
    cJSON_AddNumberToObject(data, "queries", (double)v->queries);
    cJSON_AddNumberToObject(data, "seed", (double)v->seed);
    cJSON_AddStringToObject(o, "mode", modes[v->mode]);
    cJSON_AddItemToObject(o, "index", side_json(&m->ours));
    cJSON_AddItemToObject(o, "disk", disk_json(m));
    cJSON_AddItemToObject(o, "beside", beside_json(m));
    if (m->peer) {
        cJSON *peer = side_json(&m->peers);

        cJSON_AddStringToObject(peer, "name", m->peer->name);
        cJSON_AddItemToObject(o, "peer", peer);
    }
    console_print(o);
    cJSON_Delete(o);
}

int index_bench(console *c, const index_values *given)
{
    const index_values v = filled_in(given);
    const char *tmp = getenv("TMPDIR");
    const index_peer *peer = v.peer ? index_peer_load(v.peer) : NULL;
    index_data data;
    measure m = {0};

    if (v.peer && !peer)
        return console_fail(c, CODE_USAGE, NULL);
    console_line(c, "making vectors");
    if (index_data_make(&data, (index_data_kind)v.kind, v.count, v.count / 10, v.queries,
                        (uint32_t)v.dim, v.order == 1, v.seed))
        return console_fail(c, CODE_FAILED, NULL);
    const omma_index_options o = {.dim = data.dim,
                                  .codes_only = v.codes_only,
                                  .mode = v.mode ? OMMA_INDEX_SCAN : OMMA_INDEX_GRAPH,
                                  .log = &c->log};
    omma_error err = measure_begin(&m, &data, &o, peer,
                                   v.folder      ? v.folder
                                   : tmp && *tmp ? tmp
                                                 : "/tmp");
    if (!err)
        err = measure_all(c, &m);
    int code = err ? console_fail(c, CODE_FAILED, NULL) : CODE_DONE;
    if (!err && v.json)
        print_json(&v, &m);
    else if (!err)
        print(&v, &m);
    measure_finish(&m);
    index_data_finish(&data);
    return code;
}
