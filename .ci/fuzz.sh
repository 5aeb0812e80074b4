#!/usr/bin/env bash
# The stage `fuzz`: builds the targets of tests/fuzz and runs each, or those named, for CI_FUZZ seconds; what anybody in the
# network may send gets a million inputs however long that takes. What a target finds is kept in target/fuzz, what ends one
# is left in target/ci/fuzz. Needs cargo-fuzz. Longer runs: docs/FUZZING.md.
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=target/ci/fuzz
TREE=$PWD/target/fuzz
BUILT=$TREE/$(rustc -vV | sed -n 's/^host: //p')/release
SECONDS_EACH=${CI_FUZZ:-15}
AT_ONCE=${CI_FUZZ_AT_ONCE:-2}

# Coverage is measured by flags that a stable compiler has as well, if it is told to take them.
mkdir -p $OUT
RUSTC_BOOTSTRAP=1 cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none --codegen-units 16 --target-dir "$TREE" >$OUT/build.log 2>&1 ||
    { tail -n 40 $OUT/build.log; exit 1; }
echo "built after $SECONDS s"

# Files are written all the time.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

run() {
    local name=$1 log=$OUT/$1.log
    local until=-max_total_time=$SECONDS_EACH
    case $name in hdhomerun_frames | ssdp_messages)
        [ "$SECONDS_EACH" -ge 300 ] || until=-runs=1000000 ;;
    esac
    mkdir -p "$TREE/corpus/$name"
    if ! "$BUILT/$name" "$TREE/corpus/$name" "tests/fuzz/seeds/$name" "$until" -max_len=4096 \
        -timeout=10 -rss_limit_mb=512 -artifact_prefix="$OUT/$name-" >"$log" 2>&1 </dev/null; then
        echo "$name FAILED"
        grep -m 1 -A 1 'panicked at' "$log" || true
        tail -n 3 "$log"
        return 1
    fi
    echo "$name: $(sed -n 's/^Done \([0-9]* runs\).*/\1/p' "$log"), $(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
}

[ $# -gt 0 ] || { cd tests/fuzz/seeds && set -- * && cd - >/dev/null; }
code=0 running=()
for name; do
    if [ ${#running[@]} -ge "$AT_ONCE" ]; then
        wait "${running[0]}" || code=1
        running=("${running[@]:1}")
    fi
    run "$name" &
    running+=($!)
done
for pid in "${running[@]}"; do wait "$pid" || code=1; done
exit $code
