/** The value of an option or setting. */
type Value = string | number | boolean;

/** Options or settings that a user may not set, or only to some values. */
interface Reservation {
  /** Their names, the same in upper and lower case. */
  readonly names: RegExp;
  readonly reason: string;
  /** The allowed values; without it none is. */
  readonly allowed?: Allowed;
}

interface Allowed {
  readonly words: string;
  readonly includes: (value: Value) => boolean;
}

const ON: Allowed = { words: "on", includes: (value) => /^(on|true|yes|y|1)$/i.test(String(value)) };
const OFF: Allowed = { words: "off", includes: (value) => /^(off|false|no|n|0)$/i.test(String(value)) };

const oneOf = (...texts: string[]): Allowed => ({
  words: texts.join(" or ") || '""',
  includes: (value) => texts.includes(String(value).toLowerCase()),
});

const atLeast = (least: number): Allowed => ({
  words: `a whole number from ${least}`,
  includes: (value) => /^\d+$/.test(String(value)) && Number(value) >= least,
});

const IS_SECRET =
  "it is a secret, and would stand in the stack's outputs and in files that every account of a host reads";
const IN_REPOSITORIES = "it comes from lab:repositories";
const OF_RECOVERY = "the lab's steps decide what a host recovers to, and from whom";

/** pgBackRest, "Configuration Reference", with the older names of options that it still accepts. */
const PGBACKREST: readonly Reservation[] = [
  // What pgBackRest itself keeps out of command lines and logs (`secure` in its config.yaml), and what looks like it.
  {
    names: /^repo\d*-(azure-(account|endpoint|key)|gcs-key|s3-key)$|(pass|passphrase|secret|token)$/,
    reason: `${IS_SECRET}; hint: lab:repositorySecrets`,
  },
  { names: /^tls-server-/, reason: "the lab's hosts trust each other by the certificates that it issues" },
  {
    names:
      /^(repo\d*-(host|type|path|retention-full$|cipher|s3|azure|gcs|sftp|storage)|backup-(host|user|cmd|config|ssh-port)$|retention-full$)/,
    reason: IN_REPOSITORIES,
  },
  {
    names: /^(pg\d*-|db\d*-(host|user|cmd|config|ssh-port|port|path|socket-path)$)/,
    reason: "it comes from the lab's hosts",
  },
  { names: /^db-(in|ex)clude$/, reason: "a standby is restored whole" },
  {
    names: /^(stanza|repo|config|config-path|config-include-path|exec-id|type|set|force|dry-run|target|target-.*)$/,
    reason: "it has a key of its own or belongs on a command line",
  },
  { names: /^backup-standby$/, reason: "it comes from lab:standbys" },
  {
    names: /^allow-root$/,
    reason: "files of root in the repository cannot be read by the account that runs pgBackRest",
  },
  { names: /^recovery-option$/, reason: "the lab sets the standbys' primary with it" },
  { names: /^archive-check$/, reason: "a backup without its WAL restores nothing", allowed: ON },
  { names: /^online$/, reason: "backups are taken while PostgreSQL runs", allowed: ON },
  { names: /^archive-mode$/, reason: "a primary that is restored must archive", allowed: oneOf("preserve") },
  {
    names: /^(spool|log|lock)-path$/,
    reason: "the packages make pgBackRest's folders, with owner and SELinux label; hint: mount another disk there",
  },
];

/** PostgreSQL, "Server Configuration", of the versions that the lab supports. */
const POSTGRESQL: readonly Reservation[] = [
  {
    names: /(^|[._])(password|passphrase(_command)?|secret|token)$/,
    reason: `${IS_SECRET}; hint: ALTER SYSTEM sets it on a host, by hand`,
  },
  { names: /^archive_(mode|command|library|cleanup_command)$/, reason: "pgBackRest archives WAL, and expires it" },
  { names: /^(restore_command|recovery_end_command|primary_conninfo|primary_slot_name)$/, reason: OF_RECOVERY },
  { names: /^(recovery_target.*|(promote_)?trigger_file|standby_mode)$/, reason: OF_RECOVERY },
  {
    names: /^(listen_addresses|port|unix_socket_.*)$/,
    reason: "standbys, pgBackRest and every check find PostgreSQL at its default port and socket",
  },
  {
    names: /^(data_directory|config_file|hba_file|ident_file|external_pid_file)$/,
    reason: "the packages and the lab's steps know where it is",
  },
  { names: /^include(_dir|_if_exists)?$/, reason: "the file could set what is refused here" },
  {
    names: /^ssl(_(cert|key|ca|crl)_file|_crl_dir)?$/,
    reason: "lab:replicationTls decides, with the hosts' own certificates",
  },
  { names: /^wal_level$/, reason: "archiving and standbys need it", allowed: oneOf("replica", "logical") },
  { names: /^hot_standby$/, reason: "standbys are asked whether they stream, and deliver backups", allowed: ON },
  { names: /^full_page_writes$/, reason: "a backup from a standby needs it", allowed: ON },
  { names: /^fsync$/, reason: "a crash would damage the cluster, and the backups after it", allowed: ON },
  {
    names: /^max_wal_senders$/,
    reason: "every standby, every restore and Barman need one",
    allowed: atLeast(10),
  },
  { names: /^max_replication_slots$/, reason: "every standby and Barman stream from one", allowed: atLeast(10) },
  {
    names: /^password_encryption$/,
    reason: "pg_hba.conf takes no other for the roles that the lab makes",
    allowed: oneOf("scram-sha-256"),
  },
  {
    names: /^synchronous_standby_names$/,
    reason: "the primary's first transactions come before its standbys, and would wait for them for ever",
    allowed: oneOf(""),
  },
  {
    names: /^recovery_min_apply_delay$/,
    reason: "a standby is verified by a row that it must have within a minute",
    allowed: oneOf("0"),
  },
  { names: /^(default_)?transaction_read_only$/, reason: "the lab makes roles, and writes rows", allowed: OFF },
  { names: /^db_user_namespace$/, reason: "it gives roles other names", allowed: OFF },
  {
    names:
      /^((wal_)?(block|segment)_size|data_checksums|data_directory_mode|debug_assertions|in_hot_standby|integer_datetimes|lc_(collate|ctype)|max_(function_args|identifier_length|index_keys)|server_(encoding|version.*)|shared_memory_size.*|ssl_library)$/,
    reason: "PostgreSQL reports it, and nobody can set it",
  },
];

/** Why a user may not set this option of pgBackRest to the value, or undefined when it is allowed. */
export function pgBackRestRefusal(option: string, value: Value): string | undefined {
  return refusalOf(PGBACKREST, option, value);
}

/** Why a user may not set this setting of PostgreSQL to the value, or undefined when it is allowed. */
export function postgreSqlRefusal(setting: string, value: Value): string | undefined {
  return refusalOf(POSTGRESQL, setting, value);
}

function refusalOf(reservations: readonly Reservation[], name: string, value: Value): string | undefined {
  const reserved = reservations.find(({ names }) => names.test(name.toLowerCase()));
  if (reserved === undefined || reserved.allowed?.includes(value) === true) return undefined;
  const { reason, allowed } = reserved;
  if (allowed === undefined) return `may not set ${name}: ${reason}`;
  return `${name} must be ${allowed.words}, got ${JSON.stringify(value)}: ${reason}`;
}
