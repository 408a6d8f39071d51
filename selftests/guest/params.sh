#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Load soba.ko with parameters that make no sense, KTAP to stdout. Each must
# fail with one line "soba: bad-parameter: " that names the parameter, its value
# and the bound, and leave nothing behind. soba must not be loaded yet, or only
# with its test module.

for where in /modules /rig; do
	[ -f "$where/soba.ko" ] && [ -z "$SOBA_KO" ] && SOBA_KO=$where/soba.ko
	[ -f "$where/soba_test.ko" ] && [ -z "$SOBA_TEST_KO" ] &&
		SOBA_TEST_KO=$where/soba_test.ko
done
load=$(dirname "$0")/soba_load
number=0
failures=0
why=
was_loaded=

result()
{
	number=$((number + 1))
	if [ -z "$why" ]; then
		echo "ok $number $1"
	else
		echo "# $why"
		echo "not ok $number $1"
		failures=$((failures + 1))
	fi
	why=
}

# broken SENTENCE: the first one is told
broken()
{
	[ -n "$why" ] || why=$1
}

log_lines()
{
	dmesg | grep -c "$1"
}

loaded()
{
	grep -q '^soba ' /proc/modules
}

# kB, the most of a few readings: what is being freed gets there
free_memory()
{
	most=0
	for _ in 1 2 3; do
		echo 3 >/proc/sys/vm/drop_caches
		now=$(awk '/^MemFree:/ { free = $2 } / count: / { free += $2 * 4 }
			END { print free }' /proc/meminfo /proc/zoneinfo)
		[ "$now" -le "$most" ] || most=$now
	done
	echo "$most"
}

nothing_left()
{
	! loaded || broken "soba is loaded"
	[ ! -e /proc/soba ] || broken "/proc/soba is there"
	[ ! -e /sys/kernel/debug/soba ] || broken "debugfs soba is there"
	[ ! -e /sys/module/soba ] || broken "/sys/module/soba is there"
}

# refused PARAMETER VALUE [OTHER=VALUE...]
refused()
{
	parameter=$1
	value=$2
	shift 2
	before=$(free_memory)
	dmesg -c >/dev/null
	if "$load" "$SOBA_KO" "$parameter=$value" "$@" 2>/dev/null; then
		broken "insmod accepted it"
		rmmod soba
	fi
	lines=$(log_lines 'soba: bad-parameter: ')
	[ "$lines" = 1 ] || broken "$lines lines of bad-parameter"
	lines=$(log_lines 'soba:')
	[ "$lines" = 1 ] || broken "$lines lines in all: $(dmesg | grep soba: | tail -n 1)"
	line=$(dmesg | grep 'soba: bad-parameter: ')
	case $line in
	*"$parameter=$value"*)	;;
	*)	broken "parameter and value are not in: $line" ;;
	esac
	# the bound, after the value
	case ${line#*"$parameter=$value"} in
	*[0-9]*)	;;
	*)	broken "no bound in: $line" ;;
	esac
	nothing_left
	after=$(free_memory)
	[ "$after" -ge $((before - 1024)) ] ||
		broken "free memory went from $before kB to $after kB"
	result "$parameter='$value' $*"
}

echo "TAP version 13"
if loaded; then
	was_loaded=yes
	rmmod soba_test 2>/dev/null
	rmmod soba || { echo "Bail out! soba is in use"; exit 1; }
fi
if [ ! -f "$SOBA_KO" ]; then
	echo "1..0 # SKIP no soba.ko in /modules: set SOBA_KO"
	exit 4
fi
memory=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
# The first load makes caches in the host that stay.
"$load" "$SOBA_KO" && rmmod soba

refused reserve $((memory * 2))K
refused reserve 1000000G
refused reserve 99999999999999999999999
refused reserve -1
refused reserve -4M
refused reserve garbage
refused reserve 12Q
refused reserve 1M2
refused reserve 0x
refused reserve ''
refused limit 4M reserve=8M
refused limit 1 reserve=4M
refused limit 100
refused limit -1
refused limit 1..5
refused limit ''
refused limit "$((memory * 8))K"
refused chunk_order 11
refused chunk_order 64
refused chunk_order -1
refused chunk_order 4294967296
refused chunk_order 3x
refused chunk_order ''
refused debug FX
refused debug ,kmalloc-64
refused debug FZ,
refused debug 'F,a*b'
refused vmalloc_cache -1
refused vmalloc_cache none
refused vmalloc_cache ''
refused vmalloc_cache $((memory * 2))K

# A second insmod, with good parameters and with bad ones.
"$load" "$SOBA_KO" || broken "the first insmod failed"
dmesg -c >/dev/null
! "$load" "$SOBA_KO" 2>/dev/null || broken "the second insmod worked"
! "$load" "$SOBA_KO" reserve=-1 2>/dev/null || broken "the third insmod worked"
[ -r /proc/soba/meminfo ] || broken "/proc/soba went away"
grep -q '^ok' /sys/kernel/debug/soba/validate || broken "the validator complains"
rmmod soba || broken "rmmod failed"
nothing_left
lines=$(dmesg | grep -c -e WARNING -e BUG)
[ "$lines" = 0 ] || broken "the kernel complains"
result "a second insmod fails and changes nothing"

# Numbers at their bounds are good ones.
for good in chunk_order=0 chunk_order=10 chunk_order=max reserve=0 limit=0 \
	    "reserve=4M limit=4M" "reserve=4096 limit=1G" reserve=1025K \
	    debug=fzpu debug=ZP,kmalloc-*,other debug=ZP,dma \
	    vmalloc_cache=0 vmalloc_cache=1M vmalloc_cache=auto vmalloc_cache=debug; do
	case $good in
	*limit=1G*)	[ "$memory" -gt 1048576 ] || continue ;;
	esac
	# shellcheck disable=SC2086 # one word per parameter is meant
	"$load" "$SOBA_KO" $good || broken "insmod failed: $(dmesg | tail -n 1)"
	rmmod soba || broken "rmmod failed"
	nothing_left
	result "$good is accepted"
done
echo "1..$number"

if [ -n "$was_loaded" ]; then
	"$load" "$SOBA_KO" && "$load" "$SOBA_TEST_KO" || failures=$((failures + 1))
fi
echo "# selftests: soba: params.sh: $number cases, $failures failed"
[ "$failures" = 0 ]
