/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "exit_code.h"

#include <libavutil/log.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static bool reader_has_gone(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

/* "omma ... | head" has seen enough: it ends like any program whose reader leaves, and silently. */
static exit_code code_of_lost_output(void)
{
    if (reader_has_gone(STDOUT_FILENO))
        return CODE_NO_READER;
    perror("omma: cannot write the result to standard output");
    return CODE_FAILED;
}

int main(int argc, char **argv)
{
    av_log_set_level(AV_LOG_QUIET); /* what FFmpeg has to say comes back as omma_why() */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(), not our end */
    signal(SIGPIPE, SIG_IGN); /* a map is worth more than somebody to tell about it */
    int code = omma_main(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CODE_DONE)
        code = code_of_lost_output();
    return code;
}
