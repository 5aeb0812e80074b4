#!/usr/bin/env bash
# The stage `cross`: builds the program for all targets, runs those for receivers under emulation as the stage `demo`
# runs this machine's, and the library's unit tests on the oddest of them (32 bits, no 64-bit atomics, soft float).
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=target/ci
ODDEST=mipsel-unknown-linux-musl
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
export CI_PATIENCE=60 # emulation is ten times slower

emulate() {
    local triple=$1 emulator=$2 program=$OUT/xg2g-$1
    printf '#!/bin/sh\nexec %s %s "$@"\n' "${emulator//,/ }" "${CARGO_TARGET_DIR:-$PWD/target}/$triple/release/xg2g" >"$program"
    chmod +x "$program"
    echo "$triple, ${emulator//,/ }"
    [ "$("$program" --version)" = "xg2g $VERSION" ]
    "$program" config | grep -q '^\[receiver\]'
    XG2G_LISTEN=127.0.0.1:0 "$program" check --demo
    CI_PROGRAM=$program bash .ci/run demo
}

mkdir -p "$OUT"
cross/build.sh --tools >"$OUT/cross-tools.log" 2>&1 || { tail -n 5 "$OUT/cross-tools.log"; exit 77; }
cross/build.sh all >"$OUT/cross.log" 2>&1 || { tail -n 40 "$OUT/cross.log"; exit 1; }
grep -E 'static,|took' "$OUT/cross.log"
while read -r triple _ _ emulator architectures; do
    [[ $triple == "#"* || -z $triple || $architectures == - ]] || emulate "$triple" "$emulator" </dev/null
done <cross/targets
cross/build.sh --test $ODDEST >"$OUT/cross-test.log" 2>&1 || { tail -n 40 "$OUT/cross-test.log"; exit 1; }
grep -E '^left out|^test result' "$OUT/cross-test.log"
