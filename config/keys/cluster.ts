import * as v from "valibot";
import { POSTGRESQL_HOSTS } from "../host-names";
import {
  field,
  fields,
  flag,
  type Key,
  live,
  object,
  objects,
  oneOf,
  options,
  rebuild,
  refused,
  reload,
  restart,
  text,
  textField,
  whole,
  wholeField,
  wordField,
} from "../key";
import { folder, REPOSITORY_TYPES, STORE_FIELDS } from "../repository-types";
import { CALENDAR_ALLOWED, CALENDAR_HINT, JITTER_SECONDS, SCHEDULE_DEFAULTS } from "../schedule";
import { pgBackRestRefusal, postgreSqlRefusal } from "../reserved-settings";

const NEW_STACK = "bring up another stack with it, and move the data there (pg_dump)";

const retention = wholeField(1);
const yesOrNo = v.optional(field((message) => v.boolean(message), "true or false"));
/** Its fields are pgBackRest's options without `repoN-`: `retentionFull` of the second is `repo2-retention-full`. */
const repository = fields({
  type: v.optional(
    field((message) => v.picklist(REPOSITORY_TYPES, message), REPOSITORY_TYPES.join(" or ")),
    "posix",
  ),
  path: v.optional(folder, "/backup_space"),
  retentionFull: v.optional(retention, 2),
  retentionFullType: wordField(["count", "time"]),
  retentionDiff: v.optional(retention),
  retentionArchive: v.optional(retention),
  retentionArchiveType: wordField(["full", "diff", "incr"]),
  retentionHistory: v.optional(wholeField(0)),
  cipherType: wordField(["none", "aes-256-cbc"]),
  bundle: yesOrNo,
  block: yesOrNo,
  ...STORE_FIELDS,
});

/** Whether the words are a calendar's, systemd says. A line of a unit ends with it. */
const calendar = (preset: string) =>
  v.optional(textField(/^[^\s%\\]([^\r\n%\\]*[^\s%\\])?$/, CALENDAR_ALLOWED, `; ${CALENDAR_HINT}`), preset);
const schedule = fields({
  full: calendar(SCHEDULE_DEFAULTS.full),
  diff: calendar(SCHEDULE_DEFAULTS.diff),
  incr: calendar(SCHEDULE_DEFAULTS.incr),
  verify: calendar(SCHEDULE_DEFAULTS.verify),
  jitterSeconds: v.optional(wholeField(0, 86_400), JITTER_SECONDS),
});

/** The value holds secrets: no message shows it. */
const SECRETS =
  "must be an object of pgBackRest's options and their secrets, each one line of text, or the text of a key file";
const secret = v.pipe(v.string(SECRETS), v.regex(/^\S([^]*\S)?\n?$/, SECRETS));

/** PostgreSQL's cluster and its repository. */
export const CLUSTER_KEYS = {
  stanza: {
    ...text(/^[a-z][a-z0-9-]*$/, "a name that matches [a-z][a-z0-9-]*"),
    default: "demo",
    description: "pgBackRest's name for the cluster",
    ...refused("backups and WAL are stored under the stanza's name, and standbys restore by it", NEW_STACK),
  },
  primary: {
    ...oneOf(POSTGRESQL_HOSTS),
    default: "pg1-srv",
    description: "The host that is created as the primary, pg1-srv to pg9-srv",
    ...refused("the lab promotes no standby; two primaries would archive into one stanza", NEW_STACK),
  },
  standbys: {
    ...whole(0, POSTGRESQL_HOSTS.length - 1),
    default: 2,
    description: "Number of standbys, which are restored from the repository, 0 to 8",
    ...live("standbys are added and restored from the repository, or removed with their disks"),
  },
  repositories: {
    ...objects(repository, 1, 4, "a list of one to four repositories"),
    default: [{ type: "posix", path: "/backup_space", retentionFull: 2 }],
    description:
      "pgBackRest's repositories, one to four, each with path and retentionFull (full backups to keep), and others of pgBackRest's options (docs/repositories.md)",
    ...rebuild(
      "at another place the stanza is created again and gets new backups; the old place keeps its backups, which pgBackRest no longer uses; another retention is a reload",
    ),
  },
  repositorySecrets: {
    type: "object",
    check: v.pipe(v.string(), v.parseJson(undefined, SECRETS), v.record(v.string(), secret, SECRETS)),
    default: {},
    description:
      "Secrets of the repositories, pgBackRest's option to value, such as repo2-cipher-pass or repo2-s3-key; a passphrase that is missing is generated",
    secret: true,
    ...live("the repository host uses them from then on; it refuses another passphrase for a repository that it has"),
  },
  repositoryCipher: {
    ...flag,
    default: false,
    description:
      "Whether the first repository is encrypted (AES-256), short for its cipherType: its passphrase lies in the stack's state and on the repository host alone",
    ...refused("a repository is encrypted from its first file on, or never", NEW_STACK),
  },
  schedule: {
    ...object(schedule),
    default: { ...SCHEDULE_DEFAULTS, jitterSeconds: JITTER_SECONDS },
    description:
      "When the repository host takes full, diff and incr backups of each repository, and runs pgBackRest's verify: systemd's calendar words, or off; each up to jitterSeconds later (docs/schedules.md)",
    ...live("the timers on the repository host are installed anew; a backup that is running ends as it would"),
  },
  locale: {
    ...text(/^[A-Za-z0-9][A-Za-z0-9_.@-]*$/, "the name of a locale that the hosts have"),
    default: "C.UTF-8",
    description: "The cluster's locale, whatever the login's is; the hosts must have it",
    ...refused("a cluster keeps the locale that it was created with", NEW_STACK),
  },
  encoding: {
    ...text(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, "the name of an encoding (PostgreSQL, Character Set Support)"),
    default: "UTF8",
    description: "The cluster's encoding, one that its locale allows",
    ...refused("a cluster keeps the encoding that it was created with", NEW_STACK),
  },
  replicationTls: {
    ...flag,
    default: true,
    description:
      "Whether standbys and Barman connect to PostgreSQL by mutual TLS, with the hosts' certificates; false is passwords, and WAL in the clear",
    ...reload("PostgreSQL reloads on every host, and standbys and Barman connect anew"),
  },
  pgbackrest: {
    ...options(pgBackRestRefusal),
    default: {},
    description:
      "pgBackRest's options for section [global], name to value, over the lab's (docs/decisions/0016); each is written only to the hosts that use it",
    ...reload(
      "the new pgbackrest.conf is tried, then pgBackRest's servers reload; if it is refused, the old one stays",
    ),
  },
  postgresql: {
    ...options(postgreSqlRefusal),
    default: {},
    description: "Additional PostgreSQL settings, name to value, for every PostgreSQL host",
    ...restart("PostgreSQL reloads; it restarts, the primary first, only where a setting needs that"),
  },
} as const satisfies Record<string, Key>;
