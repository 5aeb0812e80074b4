#!/usr/bin/env bash
# Builds the static program for receivers without Docker and without rustup:
#     cross/build.sh TARGET...          leaves target/TARGET/release/xg2g; `all` is every line of cross/targets
#     cross/build.sh --test TARGET...   builds the library's unit tests and runs them, emulated where needed
# The compiler, the source of its standard library and the emulators are Debian's packages, linker and C library are
# zig's; as root, what is missing is installed. Rust has no ready standard library for MIPS, so it is built along.
set -euo pipefail
cd "$(dirname "$0")/.."

ZIG_VERSION=0.17.1
ZIG_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/xg2g-cross/zig-$ZIG_VERSION
CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc # rustup's compiler does not fit Debian's source of the standard library
LARGEST=$((2 * 1024 * 1024))              # bytes of a binary
TARGET_DIR=${CARGO_TARGET_DIR:-target}

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

# Why which flag is there:
#   crt-static               static, and not static PIE, which crashes on MIPS; relocation-model=static is 10 % smaller
#   link-self-contained=no   start files and C library come from zig
#   libc_unstable_musl_v1_2  64-bit time_t; without it libc declares 32 bits, which musl has no more: timers never fire.
#                            The variable says the same to the libc in the standard library
#   mips32, no mips32r2      the oldest receivers
#   rustix_use_libc          rustix's own MIPS assembly is for processors with FPU
rust_flags() {
    echo "-Ctarget-feature=+crt-static -Crelocation-model=static -Clink-self-contained=no --cfg=libc_unstable_musl_v1_2"
    case $1 in
        mipsel-*) echo "-Ctarget-cpu=mips32 -Ctarget-feature=-mips32r2,+soft-float --cfg=rustix_use_libc" ;;
    esac
}

# cargo_for TRIPLE SUBCOMMAND [ARGUMENT...]: cargo with all that is special about the target in its environment.
cargo_for() {
    local triple=$1 zig_target zig_cpu emulator upper flags stamp
    shift
    read -r _ zig_target zig_cpu emulator _ < <(table "$triple")
    [ "$emulator" != - ] || emulator="env"
    upper=$(tr a-z- A-Z_ <<<"$triple")
    flags=$(rust_flags "$triple" | xargs)
    # The build script of libc does not notice when its variable changes: nothing that was built otherwise may be used.
    stamp=$TARGET_DIR/$triple/.flags
    [ "$(cat "$stamp" 2>/dev/null)" = "$flags" ] || rm -rf "${TARGET_DIR:?}/$triple"
    mkdir -p "$TARGET_DIR/$triple"
    echo "$flags" >"$stamp"
    # RUSTFLAGS would replace the flags of the target.
    env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET \
        RUSTC=$RUSTC RUSTC_BOOTSTRAP=1 RUST_LIBC_UNSTABLE_MUSL_V1_2_3=1 \
        XG2G_ZIG="$ZIG_DIR/ziglang/zig" XG2G_ZIG_TARGET="$zig_target" XG2G_ZIG_CPU="$zig_cpu" \
        ZIG_GLOBAL_CACHE_DIR="$ZIG_DIR-cache" ZIG_LOCAL_CACHE_DIR="$ZIG_DIR-cache" \
        "CARGO_TARGET_${upper}_LINKER=$PWD/cross/linker" \
        "CARGO_TARGET_${upper}_RUSTFLAGS=$flags" \
        "CARGO_TARGET_${upper}_RUNNER=${emulator//,/ }" \
        $CARGO "$@" --locked --target "$triple"
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
    echo "$program: static, $size bytes"
}

build() {
    local started=$SECONDS
    cargo_for "$1" build --release -Zbuild-std=std,panic_abort
    verify "$1"
    echo "$1 took $((SECONDS - started)) s"
}

unit_tests() { cargo_for "$1" test --lib -Zbuild-std=std,panic_unwind,test; }

ACTION=build
if [ "${1:-}" = --test ]; then
    ACTION=unit_tests
    shift
fi
[ $# -gt 0 ] || die "usage: cross/build.sh [--test] all|TARGET..." "targets:" "$(table | awk '{print "  " $1}')"
if [ "$1" = all ]; then
    mapfile -t TRIPLES < <(table | awk '{print $1}')
    set -- "${TRIPLES[@]}"
fi
for triple; do [ -n "$(table "$triple")" ] || die "no target '$triple' in cross/targets"; done
check_tools
for triple; do $ACTION "$triple"; done
