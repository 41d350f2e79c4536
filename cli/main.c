/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "exit_code.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(), not our end */
    int code = omma_main(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CODE_DONE) {
        perror("omma: cannot write the result to standard output");
        code = CODE_FAILED;
    }
    return code;
}
