#!/usr/bin/env bash
# Writes the index of a feed: cross/feed.sh DIR, where DIR/<arch>/ holds the packages of an architecture.
# Each such directory gets Packages and Packages.gz, what `src/gz xg2g http://HOST/feed/<arch>` makes opkg read.
set -euo pipefail
shopt -s nullglob

[ $# -eq 1 ] || { echo "usage: cross/feed.sh DIR" >&2; exit 2; }
umask 022
export LC_ALL=C

# The entry of one package: its control file without the blank lines, then where it lies and its sums.
entry() {
    ar p "$1" control.tar.gz | tar -xzO ./control | sed '/^[[:space:]]*$/d'
    printf 'Filename: %s\n' "${1##*/}"
    printf 'Size: %s\n' "$(stat -c %s "$1")"
    printf 'MD5Sum: %s\n' "$(md5sum <"$1" | cut -d ' ' -f 1)"
    printf 'SHA256sum: %s\n' "$(sha256sum <"$1" | cut -d ' ' -f 1)"
    echo
}

indexes=0
for directory in "$1"/*/; do
    packages=("$directory"*.ipk)
    [ ${#packages[@]} -gt 0 ] || continue
    for package in "${packages[@]}"; do entry "$package"; done >"${directory}Packages"
    gzip -9nc "${directory}Packages" >"${directory}Packages.gz"
    indexes=$((indexes + 1))
done
[ $indexes -gt 0 ] || { echo "no packages in the directories of $1" >&2; exit 1; }
