#!/usr/bin/env bash
# Runs the Windows build under wine: the tests of the packages with files for Windows,
# then the command together with the Linux build (TestWine in cmd/sealcfg).
#
# Debian's wine lacks two features. It has no bcryptprimitives.dll, from which Go reads
# random numbers: a stub reads them from advapi32. It returns "not implemented" for a
# way of removing files, but Go uses an older way only after "not supported": one line of
# the standard library is changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for wine in "$(command -v wine64)" /usr/lib/wine/wine64; do
	[ ! -x "$wine" ] || break
done
if [ ! -x "$wine" ] || ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
	echo "missing: apt-get install --no-install-recommends wine64 gcc-mingw-w64-x86-64"
	exit 1
fi
server=$(command -v wineserver || echo /usr/lib/wine/wineserver)

work=$(mktemp -d)
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY
ended() {
	exec 9>&-
	"$server" -k 2>/dev/null || true # the one of this prefix
	"$server" -w 2>/dev/null || true
	rm -rf "$work"
}
trap ended EXIT

# A waiting process keeps wine running. Otherwise, each command starts wine again and waits
# for its end, because wine holds the command's output open.
"$wine" wineboot -i >/dev/null 2>&1
mkfifo "$work/hold"
"$wine" cmd.exe <"$work/hold" >/dev/null 2>&1 &
exec 9>"$work/hold"

cat >"$work/stub.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length) { return SystemFunction036(buffer, (ULONG)length); }
C
x86_64-w64-mingw32-gcc -shared -O2 -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$work/stub.c" -ladvapi32

at=$(go env GOROOT)/src/internal/syscall/windows/at_windows.go
sed 's/case STATUS_INVALID_INFO_CLASS, /case NTStatus(0xC0000002), STATUS_INVALID_INFO_CLASS, /' "$at" >"$work/at_windows.go"
! cmp -s "$at" "$work/at_windows.go" || { echo "$at has changed; adapt the replacement in Deleteat"; exit 1; }
printf '{"Replace": {"%s": "%s"}}\n' "$at" "$work/at_windows.go" >"$work/overlay.json"

build() { GOOS=windows GOARCH=amd64 go "$1" -overlay "$work/overlay.json" "${@:2}"; }
# The other tests of the root package need shells, links or paths of Unix.
while read -r package tests; do
	echo "$package"
	build test -c -o "$work/package.test.exe" "./$package"
	(cd "$package" && timeout 100 "$wine" "$work/package.test.exe" -test.v -test.run "$tests" 2>&1 </dev/null | tr -d '\r' | grep -v '^=== ')
done <<'TESTS'
internal/atomicfile .
internal/scratch .
internal/editor .
. ^(TestWatchSeesAReplacedFile|TestLoadLinesOfWindows)$
TESTS

echo "the command"
build build -o "$work/sealcfg.exe" ./cmd/sealcfg
SEALCFG_TEST_WINE=$wine SEALCFG_TEST_WINE_EXE=$work/sealcfg.exe go test -count=1 -v -run '^TestWine' ./cmd/sealcfg
