#!/usr/bin/env bash
# Asking pgBackRest.
source common/shell.sh

# What pgBackRest tells an account of a stanza, as JSON. The status is in it: the command's own is 0 even when access is denied. Not logged:
# it is asked often, and a log of level debug takes an emulated host a fourth of the time.
stanza_info() {
  as "$1" pgbackrest --stanza="$2" --output=json --log-level-console=off --log-level-file=off info
}
