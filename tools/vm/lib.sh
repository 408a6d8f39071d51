# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # its variables are for those who source it
# Common ground of the rig's shell scripts: where things are and how to fail.
# Sourced, never run.

# The top of the source tree that this rig belongs to.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Everything that can be made again lives here: kernels, sources, packages.
CACHE=${SOBA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/soba}

# Exit status 5 means everywhere in the rig: the rig itself could not work.
die()
{
	echo "${0##*/}: $*" >&2
	exit 5
}

# Progress goes to stderr: stdout carries only the answer.
note()
{
	echo "${0##*/}: $*" >&2
}

# Print the comment at the head of a script as its help.
usage_of()
{
	sed -n '3,/^$/s/^# \{0,1\}//p' "$1"
}

# Hold LOCKFILE until the script ends, so that two callers do not do the work twice.
lock()
{
	mkdir -p "$(dirname "$1")"
	exec {LOCK_FD}>"$1"
	flock "$LOCK_FD"
}
