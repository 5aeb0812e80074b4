#!/usr/bin/env bash
# Makes everything of a release: cross/release.sh [--no-build] [OUTDIR], by default target/release-<version>.
#
#   xg2g-<version>-<triple>      the static programs
#   *.ipk                        a package for each architecture of cross/targets
#   feed/<arch>/                 what opkg is pointed at: the package, Packages, Packages.gz
#   CHANGES.md                   what docs/CHANGELOG.md says about this version
#   SHA256SUMS                   of all of them
#
# --no-build takes the programs that lie in target/<triple>/release already.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

build=yes
if [ "${1:-}" = --no-build ]; then
    build=no
    shift
fi
if [ $# -gt 1 ] || [[ ${1:-} == -* ]]; then
    echo "usage: cross/release.sh [--no-build] [OUTDIR]" >&2
    exit 2
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target=${CARGO_TARGET_DIR:-target}
out=${1:-$target/release-$version}
umask 022
export LC_ALL=C

# The changelog first: a release that says nothing is none.
changes=$(awk -v version="$version" '
    /^## / { ours = ($2 == version); next }
    ours { print }' docs/CHANGELOG.md)
[ -n "${changes//[[:space:]]/}" ] || { echo "docs/CHANGELOG.md says nothing about $version" >&2; exit 1; }

[ $build = no ] || bash cross/build.sh all

rm -rf "$out/feed" "$out"/xg2g-* "$out"/*.ipk "$out/SHA256SUMS" "$out/CHANGES.md"
mkdir -p "$out"
printf '# xg2g %s\n%s\n' "$version" "$changes" >"$out/CHANGES.md"

table=()
while read -r triple _ _ _ architectures; do
    program=$target/$triple/release/xg2g
    if [ ! -f "$program" ]; then
        echo "$program is not there: cross/build.sh $triple makes it" >&2
        exit 1
    fi
    install -m 755 "$program" "$out/xg2g-$version-$triple"
    table+=("$(printf '%10d  %s' "$(stat -c %s "$program")" "xg2g-$version-$triple")")
    [ "$architectures" != - ] || continue
    packages=$(bash cross/ipk.sh "$program" "$architectures" "$out")
    while IFS= read -r package; do
        architecture=${package##*_}
        architecture=${architecture%.ipk}
        mkdir -p "$out/feed/$architecture"
        ln -f "$package" "$out/feed/$architecture/"
        table+=("$(printf '%10d  %s' "$(stat -c %s "$package")" "${package##*/}")")
    done <<<"$packages"
done < <(sed 's/#.*//; /^[[:space:]]*$/d' cross/targets)

bash cross/feed.sh "$out/feed"
(cd "$out" && sha256sum ./xg2g-* ./*.ipk CHANGES.md feed/*/Packages* | sed 's, \./, ,' >SHA256SUMS)

printf '     bytes  file in %s\n' "$out"
printf '%s\n' "${table[@]}"
