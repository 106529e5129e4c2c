import type { Fault } from "./fault";

const DATA = "/var/lib/postgresql/15/main";
const UNIT = "postgresql@15-main.service";
const sql = (...statements: string[]): string =>
  `cd /; runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 ${statements.map((each) => `-c "${each}"`).join(" ")}`;

/** PostgreSQL's service, data, settings and accounts. */
export const POSTGRESQL_FAULTS: readonly Fault[] = [
  {
    name: "the primary's PostgreSQL is stopped",
    host: "pg1-srv",
    inject: `systemctl stop ${UNIT}`,
    told: [`fail LAB-POSTGRESQL-DOWN pg1-srv: ${UNIT} is inactive`],
    healedBy: "up",
  },
  {
    name: "a standby's PostgreSQL is stopped and disabled",
    host: "pg2-srv",
    inject: `systemctl disable --now --quiet ${UNIT}`,
    told: [`fail LAB-POSTGRESQL-DOWN pg2-srv: ${UNIT} is inactive`],
    healedBy: "up",
  },
  {
    name: "a standby's PostgreSQL was killed",
    host: "pg3-srv",
    inject: `kill -KILL $(head -1 ${DATA}/postmaster.pid); sleep 1`,
    told: [/^fail LAB-POSTGRESQL-DOWN pg3-srv: postgresql@15-main\.service is failed/],
    healedBy: "up",
  },
  {
    name: "a standby's data is gone",
    host: "pg2-srv",
    inject: `systemctl stop ${UNIT}; mv ${DATA} ${DATA}.away`,
    told: [`fail LAB-POSTGRESQL-DOWN pg2-srv: ${UNIT} is inactive`],
    healedBy: "up",
  },
  {
    name: "a standby's data folder is empty",
    host: "pg3-srv",
    inject: `systemctl stop ${UNIT}; find ${DATA} -mindepth 1 -delete`,
    told: [`fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is inactive`],
    healedBy: "up",
  },
  {
    name: "a standby has no standby.signal",
    host: "pg2-srv",
    inject: `systemctl stop ${UNIT}; rm ${DATA}/standby.signal`,
    told: [`fail LAB-POSTGRESQL-DOWN pg2-srv: ${UNIT} is inactive`],
    healedBy: "up",
  },
  {
    name: "a slot that nobody reads",
    host: "pg1-srv",
    inject: sql("SELECT pg_create_physical_replication_slot('forgotten', true)"),
    told: [/^warn LAB-SLOT-UNUSED pg1-srv: replication slot forgotten keeps \d+ MiB of WAL, and nobody reads it$/],
    healedBy: "remedy",
  },
  {
    name: "the lab's settings were edited",
    host: "pg2-srv",
    inject: "echo 'work_mem = 64MB' >>/etc/lab/postgresql.conf",
    told: ["fail LAB-FILE-CONTENT pg2-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "the lab's settings are not included",
    host: "pg3-srv",
    inject: `sed -i '\\#/etc/lab/postgresql.conf#d' /etc/postgresql/15/main/postgresql.conf; ${sql("SELECT pg_reload_conf()")}`,
    told: ["fail LAB-SETTING-NOT-INCLUDED pg3-srv: postgresql.conf does not include /etc/lab/postgresql.conf"],
    healedBy: "up",
  },
  {
    name: "ALTER SYSTEM overrides a setting of a standby",
    host: "pg2-srv",
    inject: sql("ALTER SYSTEM SET archive_command = '/bin/true'", "SELECT pg_reload_conf()"),
    told: [
      'fail LAB-SETTING-OVERRIDDEN pg2-srv: archive_command is "/bin/true" by /var/lib/postgresql/15/main/postgresql.auto.conf, not "pgbackrest --stanza=demo archive-push %p" as in /etc/lab/postgresql.conf',
    ],
    healedBy: "remedy",
  },
  {
    name: "pg_hba.conf was edited",
    host: "pg1-srv",
    inject: `sed -i '/replic_user/d' /etc/lab/pg_hba.conf; ${sql("SELECT pg_reload_conf()")}`,
    told: ["fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "a standby's .pgpass has another password",
    host: "pg2-srv",
    inject: `sed -i 's/:[^:]*$/:wrong/' ~postgres/.pgpass; systemctl restart ${UNIT}`,
    told: ["fail LAB-FILE-CONTENT pg2-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "the replication role's password was changed",
    host: "pg1-srv",
    inject: `${sql("ALTER ROLE replic_user PASSWORD 'other'")}; ${sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")}`,
    told: [
      'fail LAB-REPLICATION-REFUSED pg2-srv: pg1-srv does not let the standby stream: password authentication failed for user "replic_user"',
      'fail LAB-REPLICATION-REFUSED pg3-srv: pg1-srv does not let the standby stream: password authentication failed for user "replic_user"',
    ],
    healedBy: "up",
  },
  {
    name: "the replication role is gone",
    host: "pg1-srv",
    inject: `${sql("ALTER ROLE replic_user RENAME TO elsewhere")}; ${sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")}`,
    told: [
      'fail LAB-REPLICATION-REFUSED pg2-srv: pg1-srv does not let the standby stream: password authentication failed for user "replic_user"',
      'fail LAB-REPLICATION-REFUSED pg3-srv: pg1-srv does not let the standby stream: password authentication failed for user "replic_user"',
    ],
    healedBy: "up",
  },
  {
    name: "PostgreSQL may not write into its own folder",
    host: "pg3-srv",
    inject: `chown root: ${DATA}/pg_wal; systemctl restart ${UNIT} || true`,
    told: [
      /^fail LAB-POSTGRESQL-DOWN pg3-srv: postgresql@15-main\.service is failed; its last error: FATAL: .*Permission denied$/,
    ],
    healedBy: { person: `chown postgres: ${DATA}/pg_wal`, then: "up" },
  },
  {
    name: "a standby pauses its replay",
    host: "pg2-srv",
    inject: sql("SELECT pg_wal_replay_pause()"),
    told: ["warn LAB-REPLAY-PAUSED pg2-srv: the standby receives WAL and does not replay it: replay is paused"],
    healedBy: "remedy",
  },
];
