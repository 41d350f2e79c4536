/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an rgb.txt: whatever it names lies inside its folder, and each line counts once. */
#include "picture_list.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER "folder"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    picture_list list = {0};
    char *text = malloc(size + 1);
    size_t lines = 1;

    require(text);
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    picture_list_parse(&list, FOLDER, text, size, NULL);
    require(list.n + list.damaged <= lines);
    for (size_t i = 0; i < list.n; i++) {
        const char *path = list.entry[i].path;
        size_t n = strlen(path);

        require(strncmp(path, FOLDER "/", strlen(FOLDER "/")) == 0 &&
                path[strlen(FOLDER "/")] != '/');
        require(!strstr(path, "/../") && !(n >= 3 && strcmp(path + n - 3, "/..") == 0));
    }
    picture_list_finish(&list);
    free(text);
    return 0;
}
