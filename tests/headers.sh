#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, and twice: headers.sh ROOT c|c++ COMPILER [OPTION...]
root=$1 language=$2
shift 2
if [ $# -eq 0 ]; then
    echo "skipped: no compiler for $language"
    exit 77
fi
failed=0
for header in "$root"/include/omma/*.h; do
    name=omma/$(basename "$header")
    printf '#include <%s>\n#include <%s>\n' "$name" "$name" |
        "$@" -x "$language" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$root/include" - || {
        echo "$name does not compile alone as $language"
        failed=1
    }
done
exit $failed
