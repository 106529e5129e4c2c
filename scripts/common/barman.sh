#!/usr/bin/env bash
# Barman's account.
source common/shell.sh

# Runs a command as account barman, whose passwords lie in its home.
as_barman() {
  HOME=/var/lib/barman as barman "$@"
}
