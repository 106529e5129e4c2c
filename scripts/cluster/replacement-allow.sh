#!/usr/bin/env bash
# Has the next cluster/standby-follow.sh move this host's data aside, whatever it is, within ten minutes.
# Safe to run again.
set -euo pipefail
touch /run/lab-yes-replace
