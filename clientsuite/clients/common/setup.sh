# shellcheck shell=bash
#
# What the setups of all clients share; sourced by them.
#
#   setup                   installs the pinned versions into build/clients/NAME
#   setup NAME=VERSION…     other versions, into build/clients/NAME=VERSION…
#
# A setup names its pins with `pins`, installs what `version_of` says into "$home" with one of the functions below,
# and ends with `install_client`, which puts the profile and the driver's files there as links. So the folder is a
# whole client: its profile's argv is relative to it, and two versions stand side by side.
#
# PREFIX (default: build/clients of this repository) is where the folders go. A folder that has the same versions
# already is left as it is.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
common=$here/../common
name=$(basename "$here")
prefix=${PREFIX:-$here/../../../build/clients}
declare -A version=()
declare -a asked=()
home=

fail() {
    printf 'setup of %s: %s\n' "$name" "$*" >&2
    exit 1
}

pins() { # PACKAGE=VERSION…: what is installed unless the command line says otherwise
    local pin
    for pin in "$@"; do version[${pin%%=*}]=${pin#*=}; done
    for pin in "${asked[@]}"; do
        [[ $pin == ?*=?* && -v version[${pin%%=*}] ]] ||
            fail "'$pin' is not PACKAGE=VERSION with one of: ${!version[*]}"
        version[${pin%%=*}]=${pin#*=}
    done
    home=$prefix/$name
    # The client's own package gives the folder its name, others stand behind it.
    if [ ${#asked[@]} -gt 0 ]; then
        local own=() others=()
        for pin in "${asked[@]}"; do
            if [ "${pin%%=*}" = "$name" ]; then own+=("=${pin#*=}"); else others+=(",$pin"); fi
        done
        home=$home$(printf %s "${own[@]}" "${others[@]}")
    fi
    mkdir -p "$home"
    home=$(cd "$home" && pwd)
}

version_of() {
    printf '%s' "${version[$1]}"
}

versions() { # SEPARATOR: all packages with their versions
    local package
    for package in "${!version[@]}"; do printf '%s%s%s\n' "$package" "$1" "${version[$package]}"; done | sort
}

is_installed() { # [EXTRA…]: the stamp says that the same was installed here
    [ -f "$home/.installed" ] && [ "$(cat "$home/.installed")" = "$(stamp "$@")" ]
}

stamp() {
    printf '%s\n' "$@"
    versions '='
}

need() { # COMMAND…
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || fail "there is no '$command' here (./dev clients $name installs it)"
    done
}

install_client() { # FILE…: of the client's folder; last, when all else went well
    local file
    for file in profile.json "$@"; do
        ln -sfn "$here/$file" "$home/$(basename "$file")"
    done
    ln -sfn "$(cd "$common" && pwd)" "$home/common"
    printf '%s: %s\n' "$name" "$home" >&2
}

# ---- by ecosystem ---------------------------------------------------------------------------------

python_packages() { # all pins by pip, in a virtual environment of its own
    need python3
    local runtime
    runtime=$(python3 -c 'import sys; print(sys.executable, sys.version)')
    is_installed "$runtime" && return
    rm -rf "${home:?}"/{bin,lib,lib64,include,pyvenv.cfg}
    python3 -m venv "$home" || fail "python3 -m venv failed (the Debian package is python3-venv)"
    local -a wanted
    mapfile -t wanted < <(versions '==')
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check "${wanted[@]}"
    stamp "$runtime" >"$home/.installed"
}

node_major() {
    need node
    node -p 'process.versions.node.split(".")[0]'
}

node_packages() { # all pins from npm
    need node npm
    local runtime
    runtime=$(node --version)
    is_installed "$runtime" && return
    rm -rf "${home:?}/node_modules" "$home/package.json" "$home/package-lock.json"
    printf '{"name":"driver","private":true,"type":"module"}\n' >"$home/package.json"
    local -a wanted
    mapfile -t wanted < <(versions @)
    (cd "$home" && npm install --silent --no-fund --no-audit --ignore-scripts --save-exact "${wanted[@]}")
    stamp "$runtime" >"$home/.installed"
}

go_minor() {
    need go
    go env GOVERSION | sed -E 's/^go1\.([0-9]+).*/\1/'
}

go_driver() { # FILE…: builds the driver of these and of common/drive.go; all pins are modules
    need go
    local module runtime
    runtime=$(go env GOVERSION)
    mkdir -p "$home/src"
    for file in "$common/drive.go" "$@"; do cp "$file" "$home/src/"; done
    (
        cd "$home/src"
        export GOTOOLCHAIN=local GOFLAGS=-mod=mod
        rm -f go.mod go.sum
        go mod init driver >/dev/null 2>&1
        for module in "${!version[@]}"; do go get "$module@v${version[$module]}" >&2; done
        go build -ldflags "-X main.version=$(printf '%s' "${version[*]}")" -o ../driver .
    ) || fail "go build failed"
    stamp "$runtime" >"$home/.installed"
}

java_driver() { # GROUP:ARTIFACT…: all pins, in the same order as these; compiles common/Drive.java and Driver.java
    need java javac
    [ $# -eq 0 ] || maven_jars "$@"
    javac -Xlint:all,-processing,-options,-serial,-path,-try,-deprecation -cp "$home/jars/*" -d "$home/classes" "$common/Drive.java" "$here/Driver.java" || fail "javac failed"
}

maven_jars() { # PACKAGE=GROUP:ARTIFACT…: with what they stand on, into jars/
    need mvn
    is_installed && return
    local pair coordinates
    rm -rf "${home:?}/jars"
    {
        printf '<project><modelVersion>4.0.0</modelVersion><groupId>driver</groupId><artifactId>driver</artifactId><version>1</version><dependencies>'
        for pair in "$@"; do
            coordinates=${pair#*=}
            printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>' \
                "${coordinates%:*}" "${coordinates#*:}" "$(version_of "${pair%%=*}")"
        done
        printf '</dependencies></project>'
    } >"$home/pom.xml"
    mvn --quiet --batch-mode --file "$home/pom.xml" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$home/jars" >&2
    stamp >"$home/.installed"
}

for argument in "$@"; do asked+=("$argument"); done
