#!/bin/sh
# Run in a guest that has booted without a seed: has it saved as it is now (virsh save), and, restored as a host that has one, go on as
# a machine of its own. Memory fits one state of the disk alone, or it would ruin what is there. So nothing is written meanwhile, and on
# the disk lies a ticket that the memory knows and that is torn when it is used; with another disk, the guest starts anew from that.
# usage: lab-saved | lab-saved --tear-ticket
# Safe to run again: a ticket that is torn is torn.
set -eu

ticket=/var/lib/lab/ticket

# From the disk, not from memory.
read_ticket() {
  dd if="$ticket" bs=4096 count=1 iflag=direct 2>/dev/null
}

tear_ticket() {
  head -c 4096 /dev/zero | dd of="$ticket" bs=4096 conv=notrunc oflag=direct 2>/dev/null
}

# What hosts do again and again is in memory then.
warm_up() {
  for program in /usr/lib/postgresql/*/bin/postgres /usr/lib/postgresql/*/bin/psql pgbackrest jq openssl sshd sudo perl; do
    "$program" --version >/dev/null 2>&1 || true
  done
  cat /usr/lib/postgresql/*/bin/* /usr/share/postgresql/*/*.* /usr/bin/pgbackrest >/dev/null 2>&1 || true
}

main() {
  if [ "${1:-}" = --tear-ticket ]; then
    if [ -e "$ticket" ]; then tear_ticket; fi
    return
  fi
  warm_up
  mkdir -p "${ticket%/*}"
  head -c 2048 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$ticket"
  sync
  known=$(read_ticket)
  if [ "${#known}" != 4096 ]; then
    echo "the ticket cannot be read from the disk: this guest cannot be saved" >/dev/ttyS0
    exit 1
  fi
  fsfreeze --freeze /
  echo "lab: ready to be saved" >/dev/ttyS0
  until dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null; do sleep 0.1; done
  if [ "$(read_ticket)" != "$known" ]; then
    echo b >/proc/sysrq-trigger
    sleep infinity
  fi
  fsfreeze --unfreeze /
  tear_ticket
  # The clock stood still; the one of the board did not.
  date --utc --set "$(cat /sys/class/rtc/rtc0/date) $(cat /sys/class/rtc/rtc0/time)" >/dev/null
}

main "$@"
