#!/usr/bin/env bash
#
# test.sh NAME: one install.* test. `tree` installs the build tree BUILD under a prefix it was not
# configured with; the others use what lies there and fail where a user would be let down.
# CMAKE, CC and CFLAGS are those of the build, so that a sanitizer build links.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=$BUILD/install-test/prefix
work=$BUILD/install-test/$1
rm -rf "$work"
mkdir -p "$work"
PKG_CONFIG_PATH=$(printf '%s\n' "$prefix"/lib*/pkgconfig "$prefix"/lib/*/pkgconfig |
    { grep -v '\*' || true; } | paste -sd:)
export PKG_CONFIG_PATH
unset FAKEPROXY_SCENARIOS

fail() {
    printf 'install.%s: %s\n' "$1" "$2" >&2
    exit 1
}

declared() { # what the header declares
    grep '^FAKEPROXY_API' "$prefix/include/fakeproxy/fakeproxy.h" |
        sed 's/.*\b\(fakeproxy_[a-z_]*\)(.*/\1/' | sort
}

libdir() { # where the shared library lies
    dirname "$(find "$prefix" -name 'libfakeproxy.so.0')"
}

case $1 in
tree)
    rm -rf "$prefix"
    "$CMAKE" --install "$BUILD" --prefix "$prefix" >"$work/log"
    for file in bin/fakeproxy bin/clientsuite share/man/man1/clientsuite.1 share/fakeproxy/scenarios/transport/idle-reset.json \
        share/man/man1/fakeproxy.1 share/man/man3/fakeproxy.3 include/fakeproxy/fakeproxy.h; do
        [ -f "$prefix/$file" ] || fail "$1" "$file was not installed"
    done
    [ -z "$(find "$prefix" -name '*.a')" ] || fail "$1" "there is an archive, which hides no symbols"
    ;;
program)
    cd /
    "$prefix/bin/fakeproxy" list >"$work/list"
    grep -q 'idle-reset' "$work/list" || fail "$1" "list does not name idle-reset: $(head -c 2000 "$work/list")"
    "$prefix/bin/fakeproxy" check "$prefix/share/fakeproxy/scenarios/transport/idle-reset.json"
    ;;
clientsuite)
    cd /
    "$prefix/bin/clientsuite" list 'transport/*' >"$work/list"
    grep -q 'idle-reset' "$work/list" || fail "$1" "list does not name idle-reset: $(head -c 2000 "$work/list")"
    "$prefix/bin/clientsuite" clients >"$work/clients"
    ;;
man)
    for page in "$prefix"/share/man/man*/*; do
        head -n 20 "$page" | grep -q '^\.\(Dd\|TH\)' || fail "$1" "$page has no title line"
    done
    # fakeproxy(3) has each function of the header, and none else.
    sed -n 's/^\.Fn \(fakeproxy_[a-z_]*\) "*[a-z].*/\1/p' "$prefix/share/man/man3/fakeproxy.3" | sort >"$work/page"
    diff <(declared) "$work/page" || fail "$1" "fakeproxy(3) is not about the functions of fakeproxy.h"
    ;;
symbols)
    # What the library exports is what the header declares. Sanitizers add names of their own.
    nm -D --defined-only "$(libdir)/libfakeproxy.so" | awk '{ print $3 }' |
        grep -v '^__\(odr_asan\|asan\|ubsan\|lsan\|tsan\|sanitizer\|gcov\)' | sort >"$work/exported"
    diff <(declared) "$work/exported" || fail "$1" "the library does not export what the header declares"
    readelf -d "$(libdir)/libfakeproxy.so" | grep -q 'SONAME.*\[libfakeproxy\.so\.0\]' ||
        fail "$1" "the SONAME is not libfakeproxy.so.0"
    ! readelf -d "$(libdir)/libfakeproxy.so" | grep -E 'RPATH|RUNPATH' ||
        fail "$1" "the library has a search path of its own"
    ;;
header)
    # C99 and C++, alone, without a warning.
    printf '#include <fakeproxy/fakeproxy.h>\nint main(void) { return fakeproxy_version()[0] == 0; }\n' |
        tee "$work/program.c" >"$work/program.cc"
    flags="-Wall -Wextra -Wpedantic -Werror -I$prefix/include"
    # shellcheck disable=SC2086 # flags are words
    $CC $CFLAGS $flags -std=c99 -c -o "$work/c.o" "$work/program.c"
    # shellcheck disable=SC2086
    c++ $CFLAGS $flags -std=c++98 -c -o "$work/cc.o" "$work/program.cc"
    ;;
pkg-config)
    for static in '' --static; do
        # shellcheck disable=SC2046,SC2086 # flags are words
        $CC $CFLAGS -std=c99 -o "$work/program" "$here/program.c" $(pkg-config $static --cflags --libs fakeproxy)
        (cd / && LD_LIBRARY_PATH=$(libdir) "$work/program" idle-reset) >"$work/version"
    done
    [ "$(cat "$work/version")" = "$(pkg-config --modversion fakeproxy)" ] ||
        fail "$1" "the header says $(cat "$work/version"), pkg-config $(pkg-config --modversion fakeproxy)"
    ;;
cmake-package)
    cp "$here/program.c" "$work"
    cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.24)
project(user LANGUAGES C)
find_package(fakeproxy 0.1 REQUIRED)
add_executable(program program.c)
target_link_libraries(program PRIVATE fakeproxy::fakeproxy)
END
    "$CMAKE" -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" >"$work/log"
    "$CMAKE" --build "$work/build" >>"$work/log" || { cat "$work/log" && exit 1; }
    cd / && "$work/build/program" transport/idle-reset
    ;;
examples)
    # The examples are a project of their own, which builds against what is installed.
    "$CMAKE" -S "$here/../../docs/examples" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" >"$work/log" || { cat "$work/log" && exit 1; }
    "$CMAKE" --build "$work/build" >>"$work/log" || { cat "$work/log" && exit 1; }
    (cd "$work/build" && ctest --output-on-failure) >>"$work/log" || { cat "$work/log" && exit 1; }
    grep -q '100% tests passed, 0 tests failed out of [1-9]' "$work/log" || { cat "$work/log" && exit 1; }
    ;;
*) fail "$1" "there is no such test" ;;
esac
