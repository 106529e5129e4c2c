#!/usr/bin/env bash
# Prints owner, mode, digest and, in base64, content of the files $@; of those after the word `secret`, no content.
# Safe to run again: it only reads.
set -euo pipefail

# The files' contents, a line each; an empty one for a secret.
contents() {
  local file secret=false
  for file; do
    if [[ $file == secret ]]; then
      secret=true
    elif [[ -e $file ]]; then
      [[ $secret == true ]] || base64 -w 0 "$file"
      echo
    fi
  done
}

main() {
  local file there=()
  for file; do
    [[ $file == secret || ! -e $file ]] || there+=("$file")
  done
  [[ ${#there[@]} != 0 ]] || return 0
  # A process for all the files, not for each.
  paste -d ' ' <(stat -Lc '%n %U %a' "${there[@]}") <(sha256sum "${there[@]}" | cut -d ' ' -f 1) <(contents "$@")
}

main "$@" </dev/null
