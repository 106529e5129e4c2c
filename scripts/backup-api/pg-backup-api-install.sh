#!/usr/bin/env bash
# Installs pg-backup-api into a virtual environment with access to the distribution's Barman, and links it as $1: package $4 from index $3,
# or, without $4, the archive named $3 on stdin (base64), with the versions in its constraints.txt. $2 is the content's digest, $5 the
# possible sources. Safe to run again: a complete environment is left as it is.
set -euo pipefail
source common/shell.sh

# The Python that Barman runs under: not the system's where that is too old for it.
barman_python() {
  sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$(type -P barman)"
}

install_archive() {
  local new=$1 archive=$2 top
  local -a exact=()
  base64 -d >"$new/$archive" &&
    "$new/bin/python3" -c 'import shutil, sys; shutil.unpack_archive(*sys.argv[1:])' "$new/$archive" "$new/source" || return
  top=$(find "$new/source" -maxdepth 2 \( -name setup.py -o -name pyproject.toml \) -printf '%h\n' -quit)
  [[ ! -e $top/constraints.txt ]] || exact=(--constraint "$top/constraints.txt")
  # With the distribution's build tools: pip would look for its own in an index.
  "$new/bin/python3" -m pip "${pip[@]}" install --no-build-isolation "${exact[@]}" "$top"
}

main() {
  local link=$1 digest=$2 from=$3 package=$4 ways=$5 old left
  local new=$link.$digest
  local -a pip=(--quiet --no-input --disable-pip-version-check --no-cache-dir --retries 1 --timeout 15)
  if [[ ! -e $new/complete ]]; then
    rm -rf "$new"
    "$(barman_python)" -m venv --system-site-packages "$new" </dev/null
    if [[ -n $package ]]; then
      "$new/bin/python3" -m pip "${pip[@]}" install --index-url "$from" "$package" </dev/null
    else
      install_archive "$new" "$from"
    fi || fail "pg-backup-api cannot be installed from $from; hint: lab:backupApiSource may be $ways"
    "$new/bin/python3" -c 'import gunicorn, pg_backup_api' || fail "pg-backup-api from $from cannot be loaded"
    sync --file-system "$new"
    touch "$new/complete"
  fi
  old=$(readlink -f "$link" || true)
  ln -sfn "$(basename "$new")" "$link.next"
  mv -T "$link.next" "$link"
  # The former environment is in use until pg-backup-api restarts.
  for left in "$link".*; do [[ $left == "$new" || $left == "$old" ]] || rm -rf "$left"; done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
