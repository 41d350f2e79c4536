/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "exit_code.h"

#include <libavutil/log.h>

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    av_log_set_level(AV_LOG_QUIET); /* what FFmpeg has to say comes back as omma_why() */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(), not our end */
    int code = omma_main(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CODE_DONE) {
        perror("omma: cannot write the result to standard output");
        code = CODE_FAILED;
    }
    return code;
}
