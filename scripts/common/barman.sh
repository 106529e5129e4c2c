#!/usr/bin/env bash
# Barman's account.
source common/shell.sh

BARMAN_HOME=/var/lib/barman

# Runs a command as account barman, whose passwords lie in its home.
as_barman() {
  HOME=$BARMAN_HOME as barman "$@"
}
