#!/usr/bin/env bash
# Packs a program into packages for opkg: cross/ipk.sh BINARY ARCH[,ARCH...] [OUTDIR], prints their paths.
# Needs no root; the same input gives the same bytes. Time stamps are SOURCE_DATE_EPOCH, else the commit's date,
# else 2000-01-01. With zopfli at hand packages are 4 % smaller.
set -euo pipefail

LARGEST=900000 # bytes of a package for a receiver: flash is small

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: cross/ipk.sh BINARY ARCH[,ARCH...] [OUTDIR]" >&2
    exit 2
fi
binary=$1 out=${3:-.}
IFS=, read -ra architectures <<<"$2"
root=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$binary" ] || { echo "$binary is not there" >&2; exit 1; }

name=enigma2-plugin-extensions-xg2g
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)-r0
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 946684800)}

umask 022
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$work/data control=$work/control

# put MODE FROM TO: a file of the package.
put() { install -D -m "$1" "$2" "$data$3"; }
put 755 "$binary" /usr/bin/xg2g
put 755 "$root/init.d/xg2g" /etc/init.d/xg2g
put 644 "$root/etc/xg2g.toml" /usr/share/xg2g/xg2g.toml
put 644 "$root/etc/xg2g.default" /usr/share/xg2g/default
put 644 "$root/LICENSE" /usr/share/xg2g/LICENSE
size=$(find "$data" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')

# Gzip, not xz or zstd, and this order of members: what opkg has read since 2009. No entry for ./ itself, which
# opkg 0.9 takes for a file without name.
pack() {
    (cd "$1" && tar --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -cf - ./*) >"$1.tar"
    if command -v zopfli >/dev/null; then
        zopfli --i15 "$1.tar"
    else
        gzip -9n "$1.tar"
    fi
}
pack "$data"
echo 2.0 >"$work/debian-binary"
mkdir -p "$control" "$out"
for script in preinst postinst prerm postrm; do
    install -m 755 "$root/cross/ipk/$script" "$control/$script"
done

for architecture in "${architectures[@]}"; do
    [[ $architecture =~ ^[a-z0-9_-]+$ ]] || { echo "'$architecture' is no architecture of opkg" >&2; exit 2; }
    sed "s/@VERSION@/$version/; s/@ARCH@/$architecture/; s/@SIZE@/$size/" "$root/cross/ipk/control.in" >"$control/control"
    rm -f "$control".tar* "$work/package"
    pack "$control"
    (cd "$work" && ar qcDS package debian-binary control.tar.gz data.tar.gz)
    bytes=$(stat -c %s "$work/package")
    # No receiver has this processor; its package is for tests.
    if [ "$architecture" != x86_64 ] && [ "$bytes" -gt $LARGEST ]; then
        echo "the package of $binary is too large: $bytes bytes, allowed are $LARGEST" >&2
        command -v zopfli >/dev/null || echo "install zopfli: it packs closer" >&2
        exit 1
    fi
    install -m 644 "$work/package" "$out/${name}_${version}_$architecture.ipk"
    echo "$out/${name}_${version}_$architecture.ipk"
done
