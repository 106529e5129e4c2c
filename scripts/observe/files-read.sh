#!/usr/bin/env bash
# Prints owner, mode, digest and, in base64, content of the files $@; of those after the word `secret`, no content; of folders, neither.
# Safe to run again: it only reads.
set -euo pipefail

# The files' contents, a line each; an empty one for a secret.
contents() {
  local file secret=false
  for file; do
    if [[ $file == secret ]]; then
      secret=true
    elif [[ -f $file ]]; then
      [[ $secret == true ]] || base64 -w 0 "$file"
      echo
    fi
  done
}

main() {
  local file there=() folders=()
  for file; do
    if [[ $file == secret || ! -e $file ]]; then
      continue
    elif [[ -f $file ]]; then
      there+=("$file")
    else
      folders+=("$file")
    fi
  done
  [[ ${#folders[@]} == 0 ]] || stat -Lc '%n %U %a -' "${folders[@]}"
  [[ ${#there[@]} != 0 ]] || return 0
  # A process for all the files, not for each.
  paste -d ' ' <(stat -Lc '%n %U %a' "${there[@]}") <(sha256sum "${there[@]}" | cut -d ' ' -f 1) <(contents "$@")
}

main "$@" </dev/null
