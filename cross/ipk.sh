#!/usr/bin/env bash
# Packs a program into an opkg package: cross/ipk.sh BINARY ARCH [OUTDIR], prints the package's path.
# Needs no root; the same input gives the same bytes. Time stamps are SOURCE_DATE_EPOCH, else the commit's date.
set -euo pipefail

LARGEST=900000 # bytes of a package: flash is small

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: cross/ipk.sh BINARY ARCH [OUTDIR]" >&2
    exit 2
fi
binary=$1 arch=$2 out=${3:-.}
root=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$binary" ] || { echo "$binary is not there" >&2; exit 1; }
[[ $arch =~ ^[a-z0-9_-]+$ ]] || { echo "'$arch' is no architecture of opkg" >&2; exit 2; }

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

mkdir "$control"
size=$(find "$data" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/" "$root/cross/ipk/control.in" >"$control/control"
for script in preinst postinst prerm postrm; do
    install -m 755 "$root/cross/ipk/$script" "$control/$script"
done

# Gzip, not xz or zstd, and this order of members: what opkg has read since 2009. No entry for ./ itself, which
# opkg 0.9 takes for a file without name.
pack() {
    (cd "$1" && tar --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -cf - ./*) |
        gzip -9n >"$1.tar.gz"
}
pack "$control"
pack "$data"
echo 2.0 >"$work/debian-binary"
(cd "$work" && ar qcDS package debian-binary control.tar.gz data.tar.gz)

bytes=$(stat -c %s "$work/package")
if [ "$bytes" -gt $LARGEST ]; then
    echo "the package of $binary is too large: $bytes bytes, allowed are $LARGEST" >&2
    exit 1
fi
mkdir -p "$out"
install -m 644 "$work/package" "$out/${name}_${version}_$arch.ipk"
echo "$out/${name}_${version}_$arch.ipk"
