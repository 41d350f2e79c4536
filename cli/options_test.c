/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <check.h>

typedef struct values {
    bool flag, more;
    const char *text;
    int choice;
    uint64_t count;
    double real;
} values;

#define ROW(field) .offset = offsetof(values, field)
static const option_row rows[] = {
    {'f', "flag", OPTION_FLAG, .help = "a flag", ROW(flag)},
    {'o', "output", OPTION_FOLDER, "DIR", "a folder", ROW(text)},
    {0, "kind", OPTION_CHOICE, NULL, "a choice", ROW(choice), "one|two|three"},
    {'n', "count", OPTION_UNSIGNED, "N", "a count", ROW(count), .excludes = "flag"},
    {0, "real", OPTION_REAL, "X", "a real", ROW(real), .least = 1, .most = 10},
    {0, "more", OPTION_FLAG, .help = "more of it", ROW(more), .needs = "count"},
    {0},
};
static const command try = {.name = "try",
                            .arguments = "A [B]",
                            .least = 1,
                            .most = 2,
                            .options = rows,
                            .values_bytes = sizeof(values)};

#define PARSE(call, ...)                                                                           \
    invocation_parse(call, &try, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)),          \
                     (char *[]){__VA_ARGS__})

static void every_spelling_is_understood(void)
{
    invocation call;
    CHECK_OK(PARSE(&call, "-f", "a", "--kind", "two", "--real=2.5", "-oout", "b", "-vv"));
    const values *v = call.values;
    CHECK(v->flag && v->choice == 1 && v->real == 2.5);
    CHECK_TEXT(v->text, "out");
    CHECK(call.count == 2 && !call.common.quiet && call.common.verbose == 2);
    CHECK_TEXT(call.arguments[1], "b");
    invocation_finish(&call);

    CHECK_OK(PARSE(&call, "-fo", "x", "--", "-b"));
    CHECK_TEXT(((const values *)call.values)->text, "x");
    CHECK_TEXT(call.arguments[0], "-b");
    invocation_finish(&call);

    CHECK_OK(PARSE(&call, "-", "-n18446744073709551615"));
    CHECK(((const values *)call.values)->count == UINT64_MAX);
    invocation_finish(&call);
}

static void help_wins_over_what_is_missing(void)
{
    invocation call;
    CHECK_OK(PARSE(&call, "--help"));
    CHECK(call.common.help);
    invocation_finish(&call);
}

static void refused(const char *says, omma_error err)
{
    CHECK(err == OMMA_INVALID);
    if (!CHECK(strstr(omma_why(), says) != NULL))
        fprintf(stderr, "    wanted \"%s\" in: %s\n", says, omma_why());
}

static void wrong_words_are_named(void)
{
    invocation call;
    refused("did you mean --output", PARSE(&call, "a", "--ouptut", "x"));
    refused("no option -x", PARSE(&call, "a", "-x"));
    refused("--output DIR", PARSE(&call, "a", "-o"));
    refused("--output DIR", PARSE(&call, "a", "-o", "--flag"));
    refused("given nothing", PARSE(&call, "a", "--output="));
    refused("takes no value", PARSE(&call, "a", "--flag=1"));
    refused("one|two|three", PARSE(&call, "a", "--kind", "four"));
    refused("whole number", PARSE(&call, "a", "-n", "1.5"));
    refused("whole number", PARSE(&call, "a", "-n", "-1"));
    refused("whole number", PARSE(&call, "a", "-n", "18446744073709551616"));
    refused("between 1 and 10", PARSE(&call, "a", "--real", "11"));
    refused("a number", PARSE(&call, "a", "--real", "nan"));
    refused("together", PARSE(&call, "a", "-f", "-n", "1"));
    refused("--more means nothing without --count", PARSE(&call, "a", "--more"));
    refused("needs A [B]", PARSE(&call, "-f"));
    refused("what to do with c", PARSE(&call, "a", "b", "c"));
}

static void near_words_are_found(void)
{
    static const char *const words[] = {"map", "demo", "info", "eval"};
    CHECK_TEXT(nearest_word("mpa", words, 4), "map");
    CHECK_TEXT(nearest_word("ifno", words, 4), "info");
    CHECK(nearest_word("frobnicate", words, 4) == NULL);
}

static void choices_are_counted(void)
{
    char word[8];
    CHECK(choice_word("a|bc|d", 1, word, sizeof(word)));
    CHECK_TEXT(word, "bc");
    CHECK(!choice_word("a|bc|d", 3, word, sizeof(word)));
}

int main(void)
{
    TEST(every_spelling_is_understood);
    TEST(help_wins_over_what_is_missing);
    TEST(wrong_words_are_named);
    TEST(near_words_are_found);
    TEST(choices_are_counted);
    return check_done();
}
