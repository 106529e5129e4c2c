#!/usr/bin/env bash
# Asking pgBackRest.
source common/shell.sh

# pgBackRest's info of a stanza for an account, as JSON. The status is in it: the exit status is 0 even when access is denied. Not logged:
# it is asked often, and the debug log takes an emulated host 25 % of the time.
stanza_info() {
  as "$1" pgbackrest --stanza="$2" --output=json --log-level-console=off --log-level-file=off info
}

# The same of every stanza in the repository in folder $2, whatever is configured.
repository_info() {
  as "$1" pgbackrest --no-config --repo1-path="$2" --output=json --log-level-console=off --log-level-file=off info
}
