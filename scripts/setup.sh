#!/bin/sh
# Set up .venv from the hashed lock, wheels only. Usage: sh scripts/setup.sh run|dev
set -eu

profile=$1
venv=.venv

say() { printf 'greenlight: %s\n' "$*" >&2; }

find_python() {
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
                echo "$name"
                return
            fi
            say "$name has no venv; install it (Debian, Ubuntu: apt install python3-venv) and try again"
            exit 2
        fi
    done
    say "needs Python 3.11, 3.12 or 3.13; install one of them or name it: make PYTHON=/path/to/python3.12"
    exit 2
}

pip() { "$venv/bin/python" -m pip install --quiet "$@"; }

install() { # uv is fast, but does not read pip's configuration: where it fails, pip is asked
    { [ -x "$venv/bin/uv" ] && "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" "$@"; } ||
        pip "$@"
}

if ! "$venv/bin/python" -c '' 2>/dev/null; then
    python=$(find_python)
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null

say "installing requirements/$profile.txt into $venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
[ -x "$venv/bin/uv" ] || pip --only-binary :all: --require-hashes -r requirements/bootstrap.txt ||
    say "no uv; going on with pip, which is slower"
install --only-binary :all: --require-hashes -r "requirements/$profile.txt"
install --no-deps --no-build-isolation --editable .
