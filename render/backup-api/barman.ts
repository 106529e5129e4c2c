import type { Layout } from "../../config/families";
import { renderBarmanIni } from "../ini-dialects";

/** The account that runs Barman and pg-backup-api. */
export const BARMAN_ACCOUNT = "barman";

/** The role that Barman asks with, and the one that it streams with. */
export const BARMAN_ROLES = { asking: "barman", streaming: "streaming_barman" } as const;

/** The account's home. */
export const BARMAN_HOME = "/var/lib/barman";

/** What differs between families in Barman's packages. */
export interface BarmanFamily {
  /** Script that installs the packages. */
  readonly packagesScript: string;
  /** Barman, and what pg-backup-api and the proofs need; PostgreSQL's programs come beside them. */
  readonly packages: readonly string[];
  /** The format of packages. */
  readonly packageFormat: "deb" | "rpm";
  /** The unit that runs Barman's maintenance every minute, from the package's own file in /etc/cron.d. */
  readonly cronService: string;
}

export const BARMAN_FAMILIES: Readonly<Record<Layout, BarmanFamily>> = {
  debian: {
    packagesScript: "backup-api/barman-packages-debian.sh",
    packages: [
      ...["barman", "cron", "curl", "jq", "openssl"],
      ...["python3-venv", "python3-setuptools", "python3-wheel", "python3-gunicorn"],
    ],
    packageFormat: "deb",
    cronService: "cron",
  },
  el: {
    packagesScript: "backup-api/barman-packages-el.sh",
    packages: [
      ...["barman", "cronie", "curl", "jq", "openssl"],
      ...["python3-pip", "python3-setuptools", "python3-wheel", "python3-gunicorn"],
    ],
    packageFormat: "rpm",
    cronService: "crond",
  },
};

/** Barman's file for a server; it reads every file of the folder (barman(5)). */
export function barmanConfFile(server: string): string {
  return `/etc/barman.d/${server}.conf`;
}

/** How Barman's first role connects: libpq's connection string, without the password. */
export function barmanConnection(primary: string): string {
  return `host=${primary} user=${BARMAN_ROLES.asking} dbname=postgres`;
}

/** The replication slot of a Barman: one a host, so that Barman can move to another while the first still streams. */
export function barmanSlot(host: string): string {
  return host.replaceAll("-", "_");
}

export interface BarmanServerConf {
  /** The host that Barman runs on. */
  readonly host: string;
  /** Barman's name for the cluster: the stanza's. */
  readonly server: string;
  readonly primary: string;
  readonly binFolder: string;
  /** Backups to keep. */
  readonly retentionFull: number;
}

/** The server's file: everything over PostgreSQL's own streaming protocol, so that Barman needs no account on the primary. */
export function renderBarmanServer({ host, server, primary, binFolder, retentionFull }: BarmanServerConf): string {
  return renderBarmanIni({
    [server]: {
      description: `the cluster of stanza ${server}`,
      conninfo: barmanConnection(primary),
      streaming_conninfo: `host=${primary} user=${BARMAN_ROLES.streaming}`,
      backup_method: "postgres",
      streaming_archiver: true,
      slot_name: barmanSlot(host),
      create_slot: "auto",
      immediate_checkpoint: true,
      path_prefix: binFolder,
      retention_policy: `REDUNDANCY ${retentionFull}`,
    },
  });
}

/** ~barman/.pgpass, a line a role (PostgreSQL, "The Password File"). */
export function renderBarmanPgPass(
  primary: string,
  passwords: Readonly<Record<keyof typeof BARMAN_ROLES, string>>,
): string {
  return [
    `${primary}:*:postgres:${BARMAN_ROLES.asking}:${passwords.asking}\n`,
    `${primary}:*:replication:${BARMAN_ROLES.streaming}:${passwords.streaming}\n`,
  ].join("");
}
