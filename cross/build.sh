#!/usr/bin/env bash
# Builds the static program for receivers without Docker and without rustup:
#     cross/build.sh TARGET...          leaves target/TARGET/release/xg2g; `all` is every line of cross/targets
#     cross/build.sh --test TARGET...   builds the library's unit tests and runs them, emulated where needed
#     cross/build.sh --tools            sees to it that all this needs is there, and no more
# The compiler, the source of its standard library and the emulators are Debian's packages, linker and C library are
# zig's; as root, what is missing is installed. Rust has no ready standard library for MIPS, so it is built along.
set -euo pipefail
cd "$(dirname "$0")/.."

ZIG_VERSION=0.17.1
ZIG_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/xg2g-cross/zig-$ZIG_VERSION
CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc # rustup's compiler does not fit Debian's source of the standard library
LARGEST=$((2 * 1024 * 1024))              # bytes of a binary
TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

die() { printf '%s\n' "$@" >&2; exit 1; }

# The lines of cross/targets without the comments, or the one for a triple.
table() { awk -v triple="${1:-}" '!/^#/ && NF && (triple == "" || $1 == triple)' cross/targets; }

# need PACKAGE PATH...: Debian's package that holds all these paths.
MISSING=()
need() {
    local package=$1 path
    shift
    for path; do [ -e "$path" ] || { MISSING+=("$package"); return; }; done
}

check_tools() {
    need rustc-web $RUSTC
    need rust-web-src /usr/lib/rustlib/src/rust/library/std
    need cargo-web $CARGO
    need qemu-user-static /usr/bin/qemu-{mipsel,arm,aarch64}-static
    need binutils /usr/bin/readelf
    need gcc /usr/bin/cc
    need libc6-dev /usr/include/stdio.h
    [ -d "$ZIG_DIR/ziglang" ] || python3 -m pip --version >/dev/null 2>&1 || MISSING+=(python3-pip)
    if [ ${#MISSING[@]} -gt 0 ]; then
        [ "$(id -u)" = 0 ] || die "these Debian packages are missing: ${MISSING[*]}" \
            "as root: apt-get update && apt-get install --no-install-recommends ${MISSING[*]}"
        echo "installing ${MISSING[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q
        apt-get install -qy --no-install-recommends "${MISSING[@]}" </dev/null
    fi
    [ -d "$ZIG_DIR/ziglang" ] && return
    echo "fetching zig $ZIG_VERSION (100 MB)"
    rm -rf "$ZIG_DIR.new"
    python3 -m pip install -q --no-deps --target "$ZIG_DIR.new" "ziglang==$ZIG_VERSION" || die \
        "zig $ZIG_VERSION is missing; by hand: python3 -m pip install --no-deps --target $ZIG_DIR ziglang==$ZIG_VERSION"
    mv "$ZIG_DIR.new" "$ZIG_DIR"
}

# The flags of a target, and why:
#   crt-static               static, and not static PIE, which crashes on MIPS; relocation-model=static is 10 % smaller
#   link-self-contained=no   start files and C library come from zig
#   libc_unstable_musl_v1_2  64-bit time_t: with libc's 32 bits timers never fire
#   mips32, no mips32r2      the oldest receivers
#   rustix_use_libc          rustix's own MIPS assembly is for processors with FPU
rust_flags() {
    local triple=$1 zig_target=$2 zig_cpu=$3
    echo "-Ctarget-feature=+crt-static -Crelocation-model=static -Clink-self-contained=no --cfg=libc_unstable_musl_v1_2"
    echo "-Clink-arg=--target=$zig_target -Clink-arg=-mcpu=$zig_cpu"
    case $triple in
        mipsel-*) echo "-Ctarget-cpu=mips32 -Ctarget-feature=-mips32r2,+soft-float --cfg=rustix_use_libc" ;;
    esac
    # Nothing unwinds where a panic ends the program: 6 % smaller, on MIPS 16 %.
    [ "$ACTION" = unit_tests ] || case $triple in
        mipsel-*) echo "-Cforce-unwind-tables=no -Clink-arg=-Wl,-T,cross/program.ld" \
            "-Clink-arg=cross/unwind.c -Clink-arg=cross/threads.c" ;;
        *) echo "-Cforce-unwind-tables=no" ;;
    esac
    # Of a panic the file is told, but not the line: two places in one file are one then. On MIPS, whose code is the
    # largest, not even the file, and what is made for debugging (`{:?}`) is nothing.
    [ "$ACTION" = unit_tests ] || case $triple in
        mipsel-*) echo "-Zlocation-detail=none -Zfmt-debug=none" ;;
        *) echo "-Zlocation-detail=file" ;;
    esac
}

# cargo_for TRIPLE SUBCOMMAND [ARGUMENT...]: with all that is special about the target in the environment. One target at
# a time: cargo would unite the features that several need, and the program depend on what it was built along with.
cargo_for() {
    local triple=$1 subcommand=$2 zig_target zig_cpu emulator upper marker=$TARGET_DIR/$1/.built-by-cross
    shift 2
    read -r _ zig_target zig_cpu emulator _ < <(table "$triple")
    upper=$(tr a-z- A-Z_ <<<"$triple")
    # RUSTFLAGS would replace the flags of the target. The libc inside the standard library is told of 64-bit time_t by a
    # variable, and its build script does not notice when that changes: what was built without it must go.
    [ -e "$marker" ] || rm -rf "${TARGET_DIR:?}/$triple"
    mkdir -p "$TARGET_DIR/$triple"
    touch "$marker"
    env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET \
        RUSTC=$RUSTC RUSTC_BOOTSTRAP=1 RUST_LIBC_UNSTABLE_MUSL_V1_2_3=1 \
        XG2G_ZIG="$ZIG_DIR/ziglang/zig" ZIG_GLOBAL_CACHE_DIR="$ZIG_DIR-cache" ZIG_LOCAL_CACHE_DIR="$ZIG_DIR-cache" \
        "CARGO_TARGET_${upper}_LINKER=$PWD/cross/linker" \
        "CARGO_TARGET_${upper}_RUSTFLAGS=$(rust_flags "$triple" "$zig_target" "$zig_cpu" | xargs)" \
        "CARGO_TARGET_${upper}_RUNNER=$([ "$emulator" = - ] && echo env || echo "${emulator//,/ }")" \
        $CARGO "$subcommand" --locked --target "$triple" "$@"
}

# A program that would not start on a receiver must not leave this script.
verify() {
    local triple=$1 program=$TARGET_DIR/$1/release/xg2g headers size
    headers=$(readelf -Whl "$program")
    ! grep -qE 'INTERP|DYNAMIC' <<<"$headers" || die "$program is not static"
    if [[ $triple == mipsel-* ]]; then
        grep -qE 'Flags:.*o32.*, mips32$' <<<"$headers" || die "$program is not for MIPS32 release 1:" "$(grep Flags: <<<"$headers")"
        readelf -A "$program" | grep -q 'FP ABI: Soft float' || die "$program wants an FPU"
    fi
    size=$(stat -c %s "$program")
    [ "$size" -le $LARGEST ] || die "$program has $size bytes, more than $LARGEST"
    echo "$triple: static, $size bytes"
}

# The standard library goes without symbolization of backtraces: a stripped program has no symbols.
build() {
    local smaller=()
    # The packages would be too large for the flash of receivers: 12 % smaller; on MIPS the crates below us too, 3 % more.
    case $1 in
        mipsel-*) smaller=(--config 'profile.release.opt-level="z"') ;;
        *) [ "$(table "$1" | awk '{print $5}')" = - ] || smaller=(--config 'profile.release.package.xg2g.opt-level="z"') ;;
    esac
    cargo_for "$1" build --release -Zbuild-std=std,panic_abort \
        -Zbuild-std-features=optimize_for_size,backtrace-trace-only -Ztrim-paths \
        --config 'profile.release.trim-paths="all"' "${smaller[@]}"
    verify "$1"
}

unit_tests() {
    local skip=()
    if [[ $1 == mipsel-* ]] && [[ $(qemu-mipsel-static --version) =~ version\ [1-7]\. ]]; then
        # SO_ERROR has the host's number there, and MIPS numbers its errors otherwise.
        skip=(--skip http::client::tests::answers::nobody_there_is_refused_and_tried_again)
        echo "left out, because qemu before 8.0 does not translate SO_ERROR: ${skip[1]}"
    fi
    cargo_for "$1" test --lib -Zbuild-std=std,panic_unwind,test -- "${skip[@]}"
}

ACTION=build
case ${1:-} in
    --test) ACTION=unit_tests; shift ;;
    --tools) check_tools; exit ;;
esac
[ $# -gt 0 ] || die "usage: cross/build.sh [--test] all|TARGET...   or --tools" "targets:" "$(table | awk '{print "  " $1}')"
[ "$1" != all ] || mapfile -t TRIPLES < <(table | awk '{print $1}')
[ "$1" = all ] || TRIPLES=("$@")
for triple in "${TRIPLES[@]}"; do [ -n "$(table "$triple")" ] || die "no target '$triple' in cross/targets"; done
check_tools
for triple in "${TRIPLES[@]}"; do
    from=$SECONDS
    $ACTION "$triple"
    echo "$triple took $((SECONDS - from)) s"
done
