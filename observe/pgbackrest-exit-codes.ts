import { storeProblem } from "./store-errors";

/** One of pgBackRest's errors. */
export interface PgBackRestError {
  /** Its name in pgBackRest's sources. */
  readonly name: string;
  /** What it mostly means in this lab, and what to look at: half a sentence or more, in lower case. */
  readonly hint: string;
}

/**
 * pgBackRest's exit codes, which are its errors' codes (pgBackRest, build/error.yaml): those that a user of the lab can meet, each
 * with a hint. The only such table.
 */
export const PGBACKREST_ERRORS: Readonly<Record<number, PgBackRestError>> = {
  27: { name: "config", hint: "a configuration or certificate file cannot be read: paths must be absolute" },
  28: {
    name: "file-invalid",
    hint: "the stanza in the repository belongs to another cluster: PostgreSQL was made anew; restore it, or run stanza-upgrade",
  },
  31: {
    name: "option-invalid",
    hint: "an option is set twice or where it is not allowed; from 2.59 on, root may only run restore",
  },
  32: { name: "option-invalid-value", hint: "an option has a value that it does not take: see lab:pgbackrest" },
  37: { name: "option-required", hint: "an option is missing: is the stanza's name right?" },
  38: { name: "pg-running", hint: "PostgreSQL runs on the data folder: stop it before a restore" },
  39: {
    name: "protocol",
    hint: "the hosts run different versions of pgBackRest, or no pgBackRest server answers there: every host needs the very same version",
  },
  40: { name: "path-not-empty", hint: "the data folder is not empty: move its content aside, or restore with --delta" },
  41: { name: "file-open", hint: "a file is missing or not permitted: see its owner and mode" },
  42: {
    name: "file-read",
    hint: "a file cannot be read: a TLS key must belong to the account that runs pgBackRest, with mode 0600",
  },
  47: { name: "path-create", hint: "a folder cannot be made: see the owner of the folder above it" },
  49: {
    name: "host-connect",
    hint: "the other host's pgBackRest server does not answer: is its host running, `systemctl status pgbackrest` active, and port 8432 open?",
  },
  50: { name: "lock-acquire", hint: "another backup, restore or expire of this stanza is running: wait for it" },
  55: {
    name: "file-missing",
    hint: "the stanza is not there: run stanza-create, and see that the repository's path is right",
  },
  56: {
    name: "db-connect",
    hint: "no PostgreSQL of the right role answers: is the primary running? with backup-standby=y, is a standby running too?",
  },
  57: { name: "db-query", hint: "PostgreSQL refused a query: see its log" },
  58: {
    name: "db-mismatch",
    hint: "the data folder and the running PostgreSQL are not the same cluster: see pg1-path",
  },
  62: { name: "stop", hint: "a stop file is there: run pgbackrest start" },
  64: { name: "file-write", hint: "a file cannot be written: is the disk full?" },
  68: {
    name: "archive-command-invalid",
    hint: "archive_command does not call pgbackrest: the lab sets it, so who changed it?",
  },
  72: {
    name: "host-invalid",
    hint: "the command runs on the wrong host: backup and stanza-create are for the repository host",
  },
  73: { name: "path-missing", hint: "a folder is missing: the data folder, or the repository's" },
  75: {
    name: "backup-set-invalid",
    hint: "there is no backup to restore, or not the one that was asked for: see pgbackrest info",
  },
  82: {
    name: "archive-timeout",
    hint: "no WAL segment reached the repository in time: see pg_stat_archiver and PostgreSQL's log on the primary",
  },
  87: { name: "archive-disabled", hint: "archive_mode is off: the lab sets it, so PostgreSQL needs a restart" },
  95: {
    name: "crypto",
    hint: "TLS failed: a certificate has expired, does not belong to its key, or is not for the host's name; `./lab doctor` tells which",
  },
  99: { name: "json-format", hint: "an answer or file is damaged: do the hosts run the same version?" },
  101: {
    name: "service",
    hint: "the other host's server refused the connection, mostly this host's certificate: the TLS alert says why, `./lab doctor` in words",
  },
  102: { name: "execute", hint: "a program could not be run: is pgbackrest installed there?" },
  103: {
    name: "repo-invalid",
    hint: "no repository could be used: the connection, the certificate or the version is wrong; `pgbackrest check` tells which",
  },
  104: { name: "command", hint: "one of several things failed: see the lines above" },
  105: {
    name: "access",
    hint: "the server does not let this certificate have this stanza: see tls-server-auth, and name the stanza in the command",
  },
};

/** What only a store's refusal has in it, of which a step may show no more than the end. */
const ONLY_STORES = /<Code>|HTTP request failed with |repo-sftp-host-fingerprint|public key authentication failed/;

/** The hint for what a command printed: for what a store refused, or for the first of pgBackRest's errors in it that has one. */
export function pgBackRestHint(output: string): string | undefined {
  const refused = ONLY_STORES.test(output) ? storeProblem(output) : undefined;
  if (refused?.hint !== undefined) return `${refused.problem}: ${refused.hint}`;
  for (const [, code = ""] of output.matchAll(/\bERROR: \[(\d{3})\]/g)) {
    const error = PGBACKREST_ERRORS[Number(code)];
    if (error !== undefined) return `pgBackRest [${code}] ${error.name}: ${error.hint}`;
  }
  return undefined;
}
