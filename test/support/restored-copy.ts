import { binaries } from "./releases";
import type { ScenarioLab } from "./scenario-lab";

/** Restores a copy of the cluster beside a host's own, with further options of `restore`, asks it, and takes it away. */
export function askRestoredCopy(
  lab: ScenarioLab,
  host: string,
  sql: string,
  ...options: readonly string[]
): Promise<string> {
  return lab.on(
    host,
    `set -e; cd /; exec 3>&1 >&2; bin=${binaries}
     folder=$(mktemp -d); chown postgres $folder; as() { runuser -u postgres -- "$@"; }
     as pgbackrest --stanza=demo --pg1-path=$folder/data --archive-mode=off ${options.join(" ")} restore
     echo 'local all all trust' | as tee $folder/hba >/dev/null; as touch $folder/conf
     as $bin/pg_ctl -s -w -D $folder/data -l $folder/log -o "-c config_file=$folder/conf -c hba_file=$folder/hba -c ident_file=$folder/hba -c listen_addresses= -c unix_socket_directories=$folder" start || { cat $folder/log; exit 1; }
     until [[ $(as psql -XAtqh $folder -d postgres -c 'SELECT pg_is_in_recovery()') == f ]]; do sleep 0.2; done
     as psql -XAtqh $folder -d postgres -c '${sql}' >&3
     as $bin/pg_ctl -s -D $folder/data -m immediate stop; rm -r $folder`,
  );
}
