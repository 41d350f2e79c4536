/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "console.h"
#include "index_actions.h"

#include <string.h>

#define ROW(field) .offset = offsetof(index_values, field)
static const option_row rows[] = {
    {0, "metric", OPTION_CHOICE, "METRIC", "what is near, when the folder is new; otherwise cosine",
     ROW(metric), .choices = "cosine|inner-product|l2", .only = "build"},
    {0, "codes-only", OPTION_FLAG,
     .help = "keep codes of eight bits per component and not the vectors: a third of the memory, "
             "scores are rounded",
     ROW(codes_only), .only = "build|bench"},
    {0, "first-id", OPTION_UNSIGNED, "N", "id of the first row, the others follow; otherwise 0",
     ROW(first_id), .only = "build"},
    {'j', "threads", OPTION_UNSIGNED, "N",
     "threads; otherwise as many as cores; the result does not depend on it", ROW(threads),
     .most = 256, .only = "build"},
    {'k', "nearest", OPTION_UNSIGNED, "K", "matches for each row; otherwise 10", ROW(k), .least = 1,
     .most = 100000, .only = "query"},
    {0, "ef", OPTION_UNSIGNED, "N",
     "candidates that the graph keeps: more find more and take longer; otherwise 32", ROW(ef),
     .least = 1, .most = 100000, .only = "query"},
    {0, "exact", OPTION_FLAG, .help = "look at every vector", ROW(exact), .only = "query"},
    {0, "audit", OPTION_FLAG,
     .help = "also say what share of the nearest the graph finds, by 200 queries", ROW(audit),
     .only = "verify"},
    {'n', "count", OPTION_UNSIGNED, "N", "vectors; otherwise 100000", ROW(count), .least = 100,
     .most = 1e7, .only = "bench"},
    {0, "dim", OPTION_UNSIGNED, "N", "components of each; otherwise 256", ROW(dim), .least = 1,
     .most = OMMA_INDEX_MAX_DIM, .only = "bench"},
    {0, "kind", OPTION_CHOICE, "KIND",
     "what the vectors are: seen along a path that comes back, or of all directions; otherwise "
     "trajectory",
     ROW(kind), .choices = "trajectory|uniform", .only = "bench"},
    {0, "order", OPTION_CHOICE, "ORDER", "in which they are added; otherwise time", ROW(order),
     .choices = "time|shuffled", .only = "bench"},
    {0, "mode", OPTION_CHOICE, "MODE", "how queries are answered; otherwise by the graph",
     ROW(mode), .choices = "graph|scan", .only = "bench"},
    {0, "queries", OPTION_UNSIGNED, "N", "queries that are never added; otherwise 1000",
     ROW(queries), .least = 10, .most = 1e6, .only = "bench"},
    {0, "seed", OPTION_UNSIGNED, "N", "of the numbers; otherwise 1", ROW(seed), .only = "bench"},
    {0, "peer", OPTION_TEXT, "NAME",
     "another library, measured in turn with this one; hnswlib, where it was built", ROW(peer),
     .only = "bench"},
    {0, "folder", OPTION_FOLDER, "DIR", "where the index is made; otherwise in $TMPDIR or /tmp",
     ROW(folder), .only = "bench"},
    {0, "json", OPTION_FLAG, .help = "print one JSON object", ROW(json)},
    {0},
};

typedef struct action {
    const char *name, *arguments;
    size_t count; /* of words behind the name */
} action;

static const action actions[] = {
    {"build", "FOLDER VECTORS.npy", 2},
    {"query", "FOLDER QUERIES.npy", 2},
    {"verify", "FOLDER", 1},
    {"bench", "", 0},
};

static const action *find_action(const invocation *call)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        const action *a = &actions[i];

        if (strcmp(a->name, call->arguments[0]) != 0)
            continue;
        if (call->count - 1 == a->count)
            return a;
        omma_fail(OMMA_INVALID, "omma index %s takes %zu words: omma index %s %s", a->name,
                  a->count, a->name, a->arguments);
        return NULL;
    }
    omma_fail(OMMA_INVALID, "omma index %.80s: it is one of build, query, verify, bench",
              call->arguments[0]);
    return NULL;
}

static int act(console *c, const index_values *v, const action *a, const char *const *words)
{
    switch (a->name[0]) {
    case 'b':
        return a->count ? index_build(c, v, words[1], words[2]) : index_bench(c, v);
    case 'q':
        return index_query(c, v, words[1], words[2]);
    default:
        return index_verify(c, v, words[1]);
    }
}

static int run(const invocation *call)
{
    const index_values *v = call->values;
    console c;

    console_init(&c, call, v->json);
    const action *a = find_action(call);
    int code = a ? act(&c, v, a, call->arguments) : console_fail(&c, CODE_USAGE, NULL);
    console_finish(&c);
    return code;
}

const command command_index = {
    .name = "index",
    .summary = "keep vectors on the disk and find the nearest of them",
    .arguments = "build|query|verify|bench [FOLDER [VECTORS]]",
    .completes = OPTION_FILE,
    .choices = "build|query|verify|bench",
    .least = 1,
    .most = 3,
    .description =
        "An index is a folder with vectors of one length and the graph that finds the nearest of "
        "them in microseconds. It survives crashes: each change is in a log before it is made. "
        "Vectors are rows of .npy files (float32 or float64).\n\n"
        "build FOLDER VECTORS.npy adds the rows; the folder may be new. query FOLDER QUERIES.npy "
        "prints for each row the nearest, a line each: row, rank, id, score (larger is nearer). "
        "verify FOLDER reads everything and compares all checksums. bench makes vectors, adds them "
        "to a new index and measures: additions with the log on, queries, opening, a writer beside "
        "a reader; CPU time of one core.",
    .options = rows,
    .examples =
        (const example_row[]){
            {"omma index build places descriptors.npy", "a new index, ids are row numbers"},
            {"omma index query places queries.npy -k 5 --json", "the five nearest of each row"},
            {"omma index verify places --audit",
             "is it sound, and does the graph find what is there"},
            {"omma index bench --dim 256 --peer hnswlib", "beside hnswlib, in turn"},
            {0}},
    .values_bytes = sizeof(index_values),
    .run = run,
};
