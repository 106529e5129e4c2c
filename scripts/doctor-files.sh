#!/usr/bin/env bash
# Prints as JSON owner, mode, digest and content of the files $@; of those after the word `secret`, the digest alone.
# Safe to run again: it only reads.
set -euo pipefail

main() {
  local file secret=false content
  for file; do
    if [[ $file == secret ]]; then
      secret=true
      continue
    fi
    [[ -e $file ]] || continue
    content=$([[ $secret == true ]] || base64 -w 0 "$file")
    jq -n --arg file "$file" --arg seen "$(stat -Lc '%U %a' "$file")" --arg digest "$(sha256sum "$file" | cut -d ' ' -f 1)" \
      --arg content "$content" \
      '{($file): {owner: ($seen | split(" ")[0]), mode: ($seen | split(" ")[1]), digest: $digest, content: $content}}'
  done | jq -s 'add // {}'
}

main "$@" </dev/null
