#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# installed.sh BUILD SOURCE: installs into an empty folder and uses what lies there as others would.
set -eu
build=$1
source=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

DESTDIR=$place meson install -C "$build" --no-rebuild --quiet >/dev/null
prefix=$place$(sed -n 's/^prefix=//p' "$(find "$place" -name omma.pc)")
PKG_CONFIG_PATH=$(dirname "$(find "$place" -name omma.pc)")
export PKG_CONFIG_PATH

"$prefix/bin/omma" --version | grep -q '^omma [0-9]'
for file in share/bash-completion/completions/omma share/zsh/site-functions/_omma \
    share/fish/vendor_completions.d/omma.fish include/omma/omma.h; do
    [ -s "$prefix/$file" ] || { echo "not installed: $file"; exit 1; }
done
if command -v scdoc >/dev/null; then
    [ -s "$prefix/share/man/man1/omma-map.1" ] || { echo "no manual page"; exit 1; }
fi

# Whoever links the library may call his own functions as he likes.
find "$place" -name 'libomma*' >"$place/libraries"
[ -s "$place/libraries" ] || { echo "no library"; exit 1; }
while read -r library; do
    nm -g --defined-only "$library" | awk 'NF == 3 && $3 !~ /^omma_/ { print $3; bad = 1 }
        NF == 3 { n++ } END { exit bad || n < 100 }' >"$place/names" ||
        { echo "$library: names without omma_, or hardly any:"; head "$place/names"; exit 1; }
done <"$place/libraries"

# The two lines of the README, on the example.
# shellcheck disable=SC2046,SC2086 # words are meant
${CC:-cc} "$source/examples/map_video.c" \
    $(pkg-config --define-variable=prefix="$prefix" --cflags --libs omma) $LINK -o "$place/map_video"
"$place/map_video" 'synthetic:room?frames=11&size=96x64' >"$place/out"
[ "$(wc -l <"$place/out")" = 11 ]
