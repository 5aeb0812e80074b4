#!/usr/bin/env bash
# The packages, the feeds and the rest of a release: .ci/ipk.sh OUT. Takes the programs of target/<triple>/release;
# where they were not built, a stand-in, which shows all but the size.
set -euo pipefail
cd "$(dirname "$0")/.."

LARGEST=900000
NAME=enigma2-plugin-extensions-xg2g
FILES="-rwxr-xr-x ./etc/init.d/xg2g
-rwxr-xr-x ./usr/bin/xg2g
-rw-r--r-- ./usr/share/xg2g/LICENSE
-rw-r--r-- ./usr/share/xg2g/default
-rw-r--r-- ./usr/share/xg2g/xg2g.toml"
CONTROL="-rw-r--r-- ./control
-rwxr-xr-x ./postinst
-rwxr-xr-x ./postrm
-rwxr-xr-x ./preinst
-rwxr-xr-x ./prerm"

out=$PWD/$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "$*"
    exit 1
}

# expect WHAT IS SHOULD
expect() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }

# Every shell script, by its first line; those of the receiver by its own shell, too.
scripts=()
while IFS= read -r file; do
    read -r first <"$file" || true
    [[ $first =~ ^'#!'.*sh$ ]] || continue
    scripts+=("$file")
    [ "$first" != '#!/bin/sh' ] || busybox sh -n "$file"
done < <(find .ci cross etc init.d -type f | sort)
shellcheck -e SC1091 "${scripts[@]}"
echo "${#scripts[@]} shell scripts checked"

# A release, twice: in another place, from files of another age and mode, under another umask and clock.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 946684800)
export SOURCE_DATE_EPOCH
real=0
plant() {
    mkdir -p "$1/docs"
    cp -r cross etc init.d Cargo.toml LICENSE "$1"
    cp docs/CHANGELOG.md "$1/docs"
    while read -r triple _; do
        mkdir -p "$1/target/$triple/release"
        if [ -f "target/$triple/release/xg2g" ]; then
            cp "target/$triple/release/xg2g" "$1/target/$triple/release/"
            real=$((real + 1))
        else
            printf '#!/bin/sh\necho "xg2g of %s"\n' "$triple" >"$1/target/$triple/release/xg2g"
        fi
    done < <(sed 's/#.*//; /^[[:space:]]*$/d' cross/targets)
}
plant "$work/one"
built=$real
plant "$work/an other"
find "$work/an other" -exec touch -d '2001-02-03 04:05:06' {} +
find "$work/an other" -type f -exec chmod 700 {} +
(umask 077 && TZ=Asia/Kolkata bash "$work/an other/cross/release.sh" --no-build "$work/second" >"$work/second.log" 2>&1) &
second=$!
bash "$work/one/cross/release.sh" --no-build "$work/first" | sed "s,$work/,,"
wait $second || { cat "$work/second.log"; fail "the second release was not made"; }
diff -r "$work/first" "$work/second" || fail "the second release differs"
expect "the modes of the second" "$(cd "$work/second" && find . -printf '%M %P\n' | sort)" \
    "$(cd "$work/first" && find . -printf '%M %P\n' | sort)"
echo "two releases are equal; $built of its programs are real, the others stand-ins"

head -c 1000000 /dev/urandom >"$work/large"
if bash "$work/one/cross/ipk.sh" "$work/large" mips32el "$work" >"$work/large.log" 2>&1; then
    fail "a package of a million bytes was made"
fi
grep -q 'too large: 10[0-9]* bytes' "$work/large.log" || fail "$(cat "$work/large.log")"

# Each package by the rules of opkg.
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)-r0
list() { tar -tvzf "$1" | awk '!/^d/ { print $1, $6 }' | LC_ALL=C sort -k 2; }
field() { sed -n "s/^$1: //p" "$2"; }
for package in "$work/first"/*.ipk; do
    arch=${package##*_}
    arch=${arch%.ipk}
    open=$work/open/$arch
    mkdir -p "$open"
    expect "the name" "${package##*/}" "${NAME}_${version}_$arch.ipk"
    expect "the list of members of $arch" "$(ar t "$package" | tr '\n' ' ')" "debian-binary control.tar.gz data.tar.gz "
    (cd "$open" && ar x "$package")
    expect "debian-binary" "$(cat "$open/debian-binary")" 2.0
    for member in control data; do
        # The magic number, deflate, no name, no time.
        expect "the head of $member.tar.gz" "$(od -An -tx1 -N8 "$open/$member.tar.gz")" " 1f 8b 08 00 00 00 00 00"
    done
    expect "the list of control files" "$(list "$open/control.tar.gz")" "$CONTROL"
    expect "the list of files" "$(list "$open/data.tar.gz")" "$FILES"
    expect "the list of owners" "$(tar --numeric-owner -tvzf "$open/data.tar.gz" | awk '{ print $2 }' | sort -u)" 0/0
    [ "$(stat -c %s "$package")" -le $LARGEST ] || fail "$package is too large"
    tar -xzf "$open/control.tar.gz" -C "$open"
    expect "Package" "$(field Package "$open/control")" $NAME
    expect "Version" "$(field Version "$open/control")" "$version"
    expect "Architecture" "$(field Architecture "$open/control")" "$arch"
    expect "Provides" "$(field Provides "$open/control")" xg2g
    ! grep -qE '^(Depends|Conffiles):|@|^$' "$open/control" || fail "$(cat "$open/control")"

    index=$work/first/feed/$arch/Packages
    cmp "$package" "${index%/*}/$(field Filename "$index")"
    cmp "$index" <(gunzip -c "$index.gz")
    expect "Size" "$(field Size "$index")" "$(stat -c %s "$package")"
    expect "MD5Sum" "$(field MD5Sum "$index")" "$(md5sum <"$package" | cut -d ' ' -f 1)"
    expect "SHA256sum" "$(field SHA256sum "$index")" "$(sha256sum <"$package" | cut -d ' ' -f 1)"
    expect "the entry's end" "$(tail -n 1 "$index")" ""
done
expect "the number of feeds" "$(find "$work/first/feed" -name Packages.gz | wc -l)" \
    "$(sed 's/#.*//' cross/targets | awk '$5 && $5 != "-" { n += split($5, a, ",") } END { print n }')"
(cd "$work/first" && sha256sum -c --quiet SHA256SUMS)
expect "the number of sums" "$(wc -l <"$work/first/SHA256SUMS")" \
    "$(find "$work/first" -type f ! -name SHA256SUMS ! -path '*/feed/*.ipk' | wc -l)"
echo "$(find "$work/open" -mindepth 1 -maxdepth 1 | wc -l) packages and feeds are as opkg wants them"

# In an image that is being built: links and the default file, nothing runs.
links() { (cd "$box" && find etc/rc?.d -type l | sort | tr '\n' ' '); }
mkdir "$work/tools"
printf '#!/bin/sh\necho "$*" >>"%s/update-rc.d.log"\nexit %s\n' "$work" 1 >"$work/tools/update-rc.d"
chmod +x "$work/tools/update-rc.d"
for variable in D OPKG_OFFLINE_ROOT IPKG_OFFLINE_ROOT; do
    box=$work/root/$variable
    mkdir -p "$box"/etc/rc{0,1,2,3,4,5,6}.d
    tar -xzf "$open/data.tar.gz" -C "$box"
    run() { env PATH="$work/tools:$PATH" "$variable=$box" busybox sh "$open/$1" "$2" || fail "$1 $2 failed"; }
    run preinst install
    run postinst configure
    run postinst configure
    expect "the list of links" "$(links)" \
        "etc/rc0.d/K70xg2g etc/rc1.d/K70xg2g etc/rc2.d/S70xg2g etc/rc3.d/S70xg2g etc/rc4.d/S70xg2g etc/rc5.d/S70xg2g etc/rc6.d/K70xg2g "
    cmp "$box/usr/share/xg2g/default" "$box/etc/default/xg2g"
    [ -x "$box/etc/rc3.d/S70xg2g" ] || fail "the links lead nowhere"
    run prerm upgrade
    run postrm upgrade
    [ -n "$(links)" ] || fail "an upgrade removed the links"
    run prerm remove
    run postrm remove
    expect "the list of links after removal" "$(links)" ""
    expect "what is called" "$(sort -u "$work/update-rc.d.log")" "-f -r $box xg2g remove
-r $box xg2g defaults 70"
    rm "$work/update-rc.d.log"
done
echo "the scripts keep to the root they are given"

rm -rf "$out/release"
mkdir -p "$out"
cp -r "$work/first" "$out/release"
