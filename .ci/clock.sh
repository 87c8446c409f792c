#!/usr/bin/env bash
# Runs the command at other times: before 1970, in 1970, and in 2038 and 2106, where
# counters of seconds overflow. A file that was encrypted at one time must decrypt and
# change at any other time, with the real sops too.
#
# Go reads the clock without any library that could be replaced. Therefore, the command is
# built with a changed standard library: time.Now returns the time in $SEALCFG_TEST_CLOCK.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
time=$(go env GOROOT)/src/time/time.go
sed 's/^\tsec, nsec, mono := runtimeNow()$/&\n\tif atTest {\n\t\tsec, nsec = atTestSec, 0\n\t}/' "$time" >"$work/time.go"
! cmp -s "$time" "$work/time.go" || { echo "$time has changed; adapt the replacement of Now"; exit 1; }
cat >>"$work/time.go" <<'GO'

var atTestSec, atTest = clockOfTest()

func clockOfTest() (sec int64, set bool) {
	text, set := syscall.Getenv("SEALCFG_TEST_CLOCK")
	if !set {
		return 0, false
	}
	rest, before := stringslite.CutPrefix(text, "-")
	for _, digit := range []byte(rest) {
		sec = sec*10 + int64(digit-'0')
	}
	if before {
		sec = -sec
	}
	return sec, true
}
GO
sed -i 's/^\t_ "unsafe" .*/&\n\t"internal\/stringslite"\n\t"syscall"/' "$work/time.go"
printf '{"Replace": {"%s": "%s"}}\n' "$time" "$work/time.go" >"$work/overlay.json"
go build -overlay "$work/overlay.json" -o "$work/moved" ./cmd/sealcfg
go build -o "$work/sealcfg" ./cmd/sealcfg

export HOME=$work/home XDG_CONFIG_HOME= XDG_STATE_HOME= SOPS_DISABLE_VERSION_CHECK=1
export EDITOR=$work/editor
printf '#!/bin/sh\necho "edited: one" >>"$1"\n' >"$EDITOR"
chmod 755 "$EDITOR"
at() { SEALCFG_TEST_CLOCK=$1 "$work/moved" "${@:2}"; }

for clock in -1=1969-12-31T23:59:59Z 0=1970-01-01T00:00:00Z 2147483648=2038-01-19T03:14:08Z 4294967296=2106-02-07T06:28:16Z; do
	seconds=${clock%%=*} date=${clock#*=}
	# Each change is at least a second later than the one before, whatever the clock says.
	mkdir "$work/$seconds"
	cd "$work/$seconds"
	at $((seconds - 10)) init -q --name alice
	rm sealcfg.yaml # sops writes here too, and no binding
	printf 'a: one\n' >environments/new.yaml
	at "$seconds" encrypt -q environments/new.yaml
	printf 'changed' | at "$seconds" set -q prod db.password -
	at "$seconds" edit -q dev
	at "$seconds" rekey --yes -q test
	for name in new prod dev test; do
		"$work/sealcfg" view "$name" | grep "^last changed $date" >/dev/null || { echo "$name was not changed at $date"; exit 1; }
		"$work/sealcfg" decrypt "$name" >"$work/ours"
		at "$seconds" decrypt "$name" | cmp - "$work/ours"
		sops decrypt "environments/$name.yaml" >/dev/null # with its own indentation
	done
	# Back at the time of this machine.
	sops set environments/prod.yaml '["db"]["port"]' 1234
	printf 'again' | "$work/sealcfg" set -q prod db.password -
	[ "$(at "$seconds" get prod db.password)" = again ]
	"$work/sealcfg" unset -q dev edited
	"$work/sealcfg" rekey --yes -q
	echo "$date ok"
done
