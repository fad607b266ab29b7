#!/bin/sh
# Installs the original and our Python distribution, each in an environment of its own under
# target/bench, with one and the same channel package. Without it the bench leaves these columns out.
#
# 0.2.2 is the last version of the original that loads channel packages.
set -eu
cd "$(dirname "$0")/.."
version=${1:-0.2.2}
python=${PYTHON:-python3}

install() {
    folder=target/bench/$1
    shift
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check setuptools wheel "$@" aiohttp
    # The package names no dependency: it takes whichever nanobot is there.
    "$folder/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation ./bench/webhook
}

install original "nanobot-ai==$version"
install python ./python
echo "Installed nanobot-ai $version in target/bench/original, and our Python distribution in target/bench/python."
