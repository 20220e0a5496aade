#!/usr/bin/env bash
#
# test.sh NAME: one install.* test. `tree` installs the build tree BUILD under a prefix it was not
# configured with; the others use what lies there and fail where a user would be let down.
# CMAKE, CC and CFLAGS are those of the build, so that a sanitizer build links.

set -euo pipefail

prefix=$BUILD/install-test/prefix
work=$BUILD/install-test/$1
rm -rf "$work"
mkdir -p "$work"
PKG_CONFIG_PATH=$(printf '%s\n' "$prefix"/lib*/pkgconfig "$prefix"/lib/*/pkgconfig |
    { grep -v '\*' || true; } | paste -sd:)
export PKG_CONFIG_PATH

fail() {
    printf 'install.%s: %s\n' "$1" "$2" >&2
    exit 1
}

write_program() { # FILE
    printf '#include <fakeproxy/fakeproxy.h>\n#include <stdio.h>\nint main(void) { return puts(FP_VERSION) < 0; }\n' >"$1"
}

case $1 in
tree)
    rm -rf "$prefix"
    "$CMAKE" --install "$BUILD" --prefix "$prefix" >"$work/log"
    for file in bin/fakeproxy share/fakeproxy/scenarios/transport/idle-reset.json share/man/man1/fakeproxy.1; do
        [ -f "$prefix/$file" ] || fail "$1" "$file was not installed"
    done
    ;;
program)
    cd /
    "$prefix/bin/fakeproxy" list >"$work/list"
    grep -q 'idle-reset' "$work/list" || fail "$1" "list does not name idle-reset: $(head -c 2000 "$work/list")"
    "$prefix/bin/fakeproxy" check "$prefix/share/fakeproxy/scenarios/transport/idle-reset.json"
    ;;
man)
    for page in "$prefix"/share/man/man*/*; do
        head -n 20 "$page" | grep -q '^\.\(Dd\|TH\)' || fail "$1" "$page has no title line"
    done
    ;;
pkg-config)
    write_program "$work/program.c"
    for static in '' --static; do
        # shellcheck disable=SC2046,SC2086 # flags are words
        $CC $CFLAGS -o "$work/program" "$work/program.c" $(pkg-config $static --cflags --libs fakeproxy)
        "$work/program" >"$work/version"
    done
    [ "$(cat "$work/version")" = "$(pkg-config --modversion fakeproxy)" ] ||
        fail "$1" "the header says $(cat "$work/version"), pkg-config $(pkg-config --modversion fakeproxy)"
    ;;
cmake-package)
    write_program "$work/program.c"
    cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.24)
project(user LANGUAGES C)
find_package(fakeproxy REQUIRED)
add_executable(program program.c)
target_link_libraries(program PRIVATE fakeproxy::fakeproxy)
END
    "$CMAKE" -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" >"$work/log"
    "$CMAKE" --build "$work/build" >>"$work/log" || { cat "$work/log" && exit 1; }
    "$work/build/program"
    ;;
*) fail "$1" "there is no such test" ;;
esac
