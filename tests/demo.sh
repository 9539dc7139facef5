#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make demo: records this machine for a few seconds while something suspicious happens,
# replays it, runs the rules.  Where the kernel half cannot be used it says why and shows the
# same on a shipped recording.
set -u
build=${O:-build}
saker=$build/saker
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case=$work/case.skr

bold() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }
show() { printf '$ %s\n' "$*"; }

# Harmless, but it looks like an intrusion: a web server's shell reads password hashes,
# calls home over loopback, plants a program and covers its tracks.
mischief() {
	cp /bin/sh "$work/nginx"
	"$work/nginx" -c "sh -c 'cat /etc/shadow >/dev/null; id >/dev/null; true'; true"
	(exec 3<>/dev/tcp/127.0.0.1/4444) 2>/dev/null
	cp /bin/true /usr/bin/saker-demo-planted && rm -f /usr/bin/saker-demo-planted
	cp /bin/true /dev/shm/saker-demo && /dev/shm/saker-demo; rm -f /dev/shm/saker-demo
	touch "$work/.bash_history" && rm -f "$work/.bash_history"
}

record() {
	show "saker capture -o case.skr -d 4 &"
	"$saker" capture -q -o "$case" -d 4 2>"$work/why" &
	local pid=$!
	sleep 1.5
	kill -0 "$pid" 2>/dev/null || { wait "$pid"; return 1; }
	mischief
	wait "$pid"
}

bold "1. Record"
if [ -x "$build/saker-capture" ] && record && [ -s "$case" ]; then
	echo "recorded $(stat -c %s "$case") bytes"
else
	echo "This machine cannot record: $(head -1 "$work/why" 2>/dev/null || echo "built without BPF")"
	echo "Showing a shipped recording instead: fixtures/demo.skr"
	cp "$top/fixtures/demo.skr" "$case" || exit 2
fi

bold "2. What is in it"
show "saker info case.skr"
"$saker" info "$case" | head -25

bold "3. Replay: who opened what below /etc"
show "saker replay case.skr -f 'evt.type in (open,openat,openat2) and fd.name startswith /etc/sh' -p '%evt.time %proc.pname > %proc.name %fd.name'"
"$saker" replay -q "$case" -f 'evt.type in (open,openat,openat2) and fd.name startswith /etc/sh' \
	-p '%evt.time %proc.pname > %proc.name %fd.name' | head -5

bold "4. Analyze: the shipped rules"
show "saker analyze case.skr"
"$saker" analyze "$case"
status=$?
[ "$status" -eq 1 ] || { echo "expected alerts, but saker analyze ended with $status"; exit 1; }
bold "The recording is gone; make your own: $saker capture -o case.skr"
