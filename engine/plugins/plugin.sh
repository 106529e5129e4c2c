#!/usr/bin/env bash
# A plugin of Pulumi's CLI, by the name that it is called by: pulumi-language-nodejs, pulumi-resource-NAME. Prints its port, then serves.
# A provider is served by the language host of the same CLI, where that runs: then this waits for the CLI's end.
set -euo pipefail

main() {
  local root name=${0##*/} plugin port host
  name=${name#pulumi-*-}
  root=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
  while read -r plugin port host; do
    if [[ "$plugin" == "$name" && -d "/proc/$host" ]]; then
      echo "$port"
      exec tail --pid="$PPID" -f /dev/null
    fi
  done < <(cat "$root/.lab/pulumi/ports/$PPID" 2>/dev/null || true)
  exec node --require "$root/engine/load-typescript.cjs" "$root/engine/plugins/main.ts" "$name" "$@"
}

main "$@"
