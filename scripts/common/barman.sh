#!/usr/bin/env bash
# Barman's account.
source common/shell.sh

# Runs a command as it; its passwords lie in its home.
as_barman() {
  HOME=/var/lib/barman as barman "$@"
}
