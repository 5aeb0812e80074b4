#!/usr/bin/env bash
# The stage `box`: .ci/box.sh OUT. The package's life (box.py) with this machine's processor, then a part of it with the
# oddest of the receivers' under emulation. Takes the programs of target/<triple>/release.
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=$PWD/$1
SKIPPED=77
NATIVE=$(uname -m)-unknown-linux-musl
FOREIGN=mipsel-unknown-linux-musl DEBIAN=mipsel EMULATOR=qemu-mipsel-static
# The first bytes of its ELF files: 32 bits, little endian, any ABI, an executable, for MIPS.
MAGIC='\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x08\x00'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

program() { echo "${CARGO_TARGET_DIR:-target}/$1/release/xg2g"; }

# lives TRIPLE BUSYBOX [EMULATOR MAGIC]
lives() {
    local triple=$1 busybox=$2 package
    shift 2
    package=$(bash cross/ipk.sh "$(program "$triple")" "${triple%%-*}" "$work") || return
    echo "$triple:"
    timeout 400 python3 .ci/box.py "$busybox" "$package" "$simulator" "$@"
}

# A BusyBox of another architecture, in $work/root: a state of apt of its own leaves the machine's alone.
fetch_busybox() {
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    local own=(-o "APT::Architecture=$1" -o "APT::Architectures=$1" -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o Dir::State::status=/dev/null)
    apt-get "${own[@]}" update || true
    (cd "$work" && apt-get "${own[@]}" download busybox-static && dpkg-deb -x busybox-static_*.deb root)
}

[ -f "$(program "$NATIVE")" ] || { echo "$(program "$NATIVE") is not built: stage cross does it"; exit $SKIPPED; }
simulator=$(program "$NATIVE")
code=0
lives "$NATIVE" /bin/busybox || code=$?

if [ ! -f "$(program $FOREIGN)" ] || ! command -v $EMULATOR >/dev/null; then
    echo "$FOREIGN: left out, $(program $FOREIGN) or $EMULATOR is not there"
elif ! fetch_busybox $DEBIAN >"$OUT/box-apt.log" 2>&1; then
    echo "$FOREIGN: left out, no BusyBox for $DEBIAN is to be had"
elif ! unshare --user --map-root-user --mount mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null; then
    echo "$FOREIGN: left out, this kernel has no emulators inside a namespace"
else
    lives $FOREIGN "$work/root/bin/busybox" "$(command -v $EMULATOR)" "$MAGIC" || code=$?
fi
exit $code
