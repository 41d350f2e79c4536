/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "base"
#include <omma/base.h>

#include "check.h"

typedef struct heard {
    int messages;
    omma_log_level level;
    char text[2048];
} heard;

static void hear(void *user, omma_log_level level, const char *module, const char *text)
{
    heard *h = user;
    h->messages++;
    h->level = level;
    snprintf(h->text, sizeof(h->text), "%s: %s", module, text);
}

static void a_message_arrives_with_its_module(void)
{
    heard h = {0};
    omma_log log = {hear, &h, OMMA_LOG_INFO};

    omma_info(&log, "client %d joined", 3);
    CHECK(h.messages == 1);
    CHECK(h.level == OMMA_LOG_INFO);
    CHECK_TEXT(h.text, "base: client 3 joined");
}

static void the_level_is_a_ceiling(void)
{
    heard h = {0};
    omma_log log = {hear, &h, OMMA_LOG_WARN};

    omma_log_error(&log, "a");
    omma_warn(&log, "b");
    omma_info(&log, "c");
    omma_debug(&log, "d");
    omma_trace(&log, "e");
    CHECK(h.messages == 2);
    CHECK_TEXT(h.text, "base: b");
}

static void silence_is_no_log(void)
{
    omma_info(NULL, "nobody hears %d", 1);
    omma_info(&(omma_log){.level = OMMA_LOG_TRACE}, "nor this %s", "one");
    CHECK(true);
}

static void a_long_message_is_cut(void)
{
    heard h = {0};
    omma_log log = {hear, &h, OMMA_LOG_INFO};

    omma_info(&log, "%2000d", 1);
    CHECK(strlen(h.text) == strlen("base: ") + 1023);
}

int main(void)
{
    TEST(a_message_arrives_with_its_module);
    TEST(the_level_is_a_ceiling);
    TEST(silence_is_no_log);
    TEST(a_long_message_is_cut);
    return check_done();
}
