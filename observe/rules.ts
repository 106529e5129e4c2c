import type { Rules } from "./findings";
import { ADOPTION } from "./rules/adoption";
import { BACKUP_API } from "./rules/backup-api";
import { BACKUPS } from "./rules/backups";
import { CERTIFICATES } from "./rules/certificates";
import { DISKS } from "./rules/disks";
import { FILES } from "./rules/files";
import { HOSTS } from "./rules/hosts";
import { MACHINES } from "./rules/machines";
import { MOVED_ASIDE } from "./rules/moved-aside";
import { PEERS } from "./rules/peers";
import { POSTGRESQL } from "./rules/postgresql";
import { REPLICATION } from "./rules/replication";
import { SCHEDULE } from "./rules/schedule";
import { SETTINGS } from "./rules/settings";
import { SLOTS } from "./rules/slots";
import { STANZA } from "./rules/stanza";
import { UNITS } from "./rules/units";
import { VERSIONS } from "./rules/versions";
import { WAL } from "./rules/wal";

/** Every rule, in the order in which findings are told. */
export const ALL_RULES: readonly Rules[] = [
  ...[
    HOSTS,
    MACHINES,
    ADOPTION,
    UNITS,
    CERTIFICATES,
    PEERS,
    FILES,
    VERSIONS,
    POSTGRESQL,
    REPLICATION,
    SLOTS,
    SETTINGS,
    STANZA,
    BACKUPS,
    SCHEDULE,
    WAL,
    DISKS,
    MOVED_ASIDE,
    BACKUP_API,
  ],
];
