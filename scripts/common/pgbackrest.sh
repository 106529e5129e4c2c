#!/usr/bin/env bash
# Asking pgBackRest.
source common/shell.sh

# pgBackRest's info of a stanza for an account, as JSON; further options may follow. The status is in it: the exit status is 0 even when access
# is denied. Not logged: it is asked often, and the debug log takes an emulated host 25 % of the time.
ask_info() {
  as "$1" pgbackrest --stanza="$2" --output=json --log-level-console=off --log-level-file=off "${@:3}" info
}

# The same of all of its repositories, each asked by itself where there are several: asked for all at once, a PostgreSQL host's pgBackRest (2.55)
# takes an encrypted one other than the first for a damaged one.
stanza_info() {
  local repository
  local -a repositories
  mapfile -t repositories < <(grep -oE '^repo[0-9]+-(host|path)=' /etc/pgbackrest/pgbackrest.conf 2>/dev/null | grep -oE '[0-9]+' | sort -un)
  if [[ ${#repositories[@]} -lt 2 ]]; then
    ask_info "$@"
    return
  fi
  for repository in "${repositories[@]}"; do ask_info "$@" "--repo=$repository"; done | jq -s 'map(.[0] // empty) | [.[0] + {
    status: ((map(.status | select(.code != 0)) + map(.status))[0]), db: map(.db[]), repo: map(.repo[]),
    backup: (map(.backup[]) | sort_by(.label)), archive: map(.archive[])
  }]'
}

# Reads that info: each repository's status, "CODE (MESSAGE)", a line each, with its name before the message where there are several.
repository_statuses() {
  jq -r '.[0] | (.repo // [{ status }]) as $all | $all[] | "\(.status.code) (\(if $all[1] then "repo\(.key): " else "" end)\(.status.message))"'
}

# pgBackRest's info of every stanza in repository $3 of configuration $2, which is in a store. Of one that does not answer pgBackRest itself
# hears for minutes.
store_info() {
  as "$1" timeout 60 pgbackrest --config="$2" --config-include-path="$(dirname "$2")/conf.d" --repo="$3" --io-timeout=3 --protocol-timeout=10 \
    --output=json --log-level-console=off --log-level-file=off info
}

# pgBackRest's info of every stanza in the repository in folder $2, whatever is configured.
repository_info() {
  as "$1" pgbackrest --no-config --repo1-path="$2" --output=json --log-level-console=off --log-level-file=off info
}
