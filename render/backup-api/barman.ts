import { BARMAN_ROLES } from "../../plan/backup-api-layout";
import { barmanSlotOf } from "../../config/replication-slots";
import { renderBarmanIni } from "../ini-dialects";

/** Barman's file for a server, in the folder of which it reads every file (barman(5)). */
export function barmanConfFile(server: string): string {
  return `/etc/barman.d/${server}.conf`;
}

export interface BarmanServerConf {
  /** Barman's host. */
  readonly host: string;
  /** Barman's name for the cluster: the stanza's. */
  readonly server: string;
  /** Its connection strings, without passwords. */
  readonly connections: Readonly<Record<keyof typeof BARMAN_ROLES, string>>;
  readonly binFolder: string;
  /** Backups to keep. */
  readonly retentionFull: number;
}

/** The server's file: all over PostgreSQL's streaming protocol, so that Barman needs no account on the primary's host. */
export function renderBarmanServer({ host, server, connections, binFolder, retentionFull }: BarmanServerConf): string {
  return renderBarmanIni({
    [server]: {
      description: `the cluster of stanza ${server}`,
      conninfo: connections.asking,
      streaming_conninfo: connections.streaming,
      backup_method: "postgres",
      streaming_archiver: true,
      slot_name: barmanSlotOf(host),
      create_slot: "auto",
      immediate_checkpoint: true,
      path_prefix: binFolder,
      retention_policy: `REDUNDANCY ${retentionFull}`,
    },
  });
}

/** ~barman/.pgpass, a line for each role (PostgreSQL, "The Password File"). */
export function renderBarmanPgPass(
  primary: string,
  passwords: Readonly<Record<keyof typeof BARMAN_ROLES, string>>,
): string {
  return [
    `${primary}:*:postgres:${BARMAN_ROLES.asking}:${passwords.asking}\n`,
    `${primary}:*:replication:${BARMAN_ROLES.streaming}:${passwords.streaming}\n`,
  ].join("");
}
