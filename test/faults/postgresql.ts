import { stackPlan } from "../support/stack-config";
import { type Fault, ofPart } from "./fault";
import { dropSlot, loseSlot, reads } from "./slots";
import { sql } from "./sql";

const {
  version,
  binaries,
  dataFolder: DATA,
  service: UNIT,
  settingsFile: SETTINGS,
} = stackPlan("container").postgresql;
const CONFIGURATION = `/etc/postgresql/${version}/main/postgresql.conf`;

/** PostgreSQL's service, data, settings and accounts. */
export const POSTGRESQL_FAULTS: readonly Fault[] = ofPart("postgresql", [
  {
    name: "the primary's PostgreSQL is stopped",
    host: "pg1-srv",
    inject: `systemctl stop ${UNIT}`,
    told: [`fail LAB-POSTGRESQL-DOWN pg1-srv: ${UNIT} is inactive`],
    healedBy: "up",
    alone: true,
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
    told: [new RegExp(`^fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is failed`)],
    healedBy: "up",
  },
  {
    name: "a standby's data is gone",
    host: "pg3-srv",
    inject: `systemctl stop ${UNIT}; rm -r ${DATA}`,
    told: [`fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is inactive`],
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
    host: "pg3-srv",
    inject: `systemctl stop ${UNIT}; rm ${DATA}/standby.signal`,
    told: [`fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is inactive`],
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
    name: "a standby's slot was dropped",
    host: "pg1-srv",
    inject: dropSlot("pg3-srv"),
    told: ["fail LAB-SLOT-MISSING pg1-srv: replication slot pg3_srv, from which a standby streams, is missing"],
    healedBy: "up",
    alone: "slots",
  },
  {
    name: "a standby streams again from a slot that PostgreSQL has given up",
    host: "pg1-srv",
    inject: [loseSlot("pg2-srv"), reads("pg2-srv")],
    told: [
      "fail LAB-SLOT-LOST pg1-srv: replication slot pg2_srv is lost: its standby was away for more WAL than max_slot_wal_keep_size",
    ],
    healedBy: "up",
    alone: "slots",
  },
  {
    name: "a standby was promoted, and nothing was written",
    host: "pg2-srv",
    inject: sql("SELECT pg_promote()"),
    told: [
      "fail LAB-PG-PROMOTED pg2-srv: the standby was promoted, and has committed nothing since: it is a primary beside pg1-srv",
    ],
    healedBy: "up",
  },
  {
    name: "a standby was promoted, and written to",
    host: "pg3-srv",
    inject: sql("SELECT pg_promote()", "CREATE TABLE astray (number int)"),
    told: [
      /^fail LAB-PG-TWO-PRIMARIES pg3-srv: there are two primaries: pg3-srv \(timeline 2, at .+, last commit 20.+\) and pg1-srv \(timeline 1, at .+, last commit 20.+\)$/,
    ],
    healedBy: { choice: /\.\/lab up [^:]+/ },
    leavesAside: true,
  },
  {
    name: "a standby's data is of another cluster",
    host: "pg2-srv",
    inject: `systemctl stop ${UNIT}; rm -r ${DATA}; cd /; runuser -u postgres -- ${binaries}/initdb --no-sync --pgdata ${DATA} >/dev/null; rm ${DATA}/*.conf; runuser -u postgres -- touch ${DATA}/standby.signal; systemctl start ${UNIT}`,
    told: [
      /^fail LAB-PG-FOREIGN pg2-srv: the standby's data is of another cluster: its system identifier is \d+, pg1-srv's is \d+$/,
    ],
    healedBy: "up",
    leavesAside: true,
  },
  {
    name: "the lab's settings were edited",
    host: "pg3-srv",
    local: true,
    inject: "echo 'work_mem = 64MB' >>/etc/lab/postgresql.conf",
    told: ["fail LAB-FILE-CONTENT pg3-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "the lab's settings are not included",
    host: "pg3-srv",
    local: true,
    inject: `sed -i '\\#${SETTINGS}#d' ${CONFIGURATION}; ${sql("SELECT pg_reload_conf()")}`,
    told: ["fail LAB-SETTING-NOT-INCLUDED pg3-srv: postgresql.conf does not include /etc/lab/postgresql.conf"],
    healedBy: "up",
  },
  {
    name: "ALTER SYSTEM overrides a setting of a standby",
    host: "pg2-srv",
    local: true,
    inject: sql("ALTER SYSTEM SET archive_command = '/bin/true'", "SELECT pg_reload_conf()"),
    told: [
      `fail LAB-SETTING-OVERRIDDEN pg2-srv: archive_command is "/bin/true" by ${DATA}/postgresql.auto.conf, not "echo "pgbackrest archives nothing of pg2-srv, a standby of pg1-srv" >&2; false" as in ${SETTINGS}`,
    ],
    healedBy: "remedy",
  },
  {
    name: "pg_hba.conf was edited",
    host: "pg1-srv",
    inject: `sed -i '/replic_user/d' /etc/lab/pg_hba.conf; ${sql("SELECT pg_reload_conf()")}`,
    told: ["fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote"],
    healedBy: "up",
    alone: true,
  },
  {
    name: "the map of certificates to roles was edited",
    host: "pg1-srv",
    inject: `sed -i '/pg2-srv/d' /etc/lab/pg_ident.conf; ${sql("SELECT pg_reload_conf()")}; ${sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")}`,
    told: ["fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote"],
    healedBy: "up",
    alone: true,
  },
  {
    name: "the replication role is gone",
    host: "pg1-srv",
    inject: `${sql("ALTER ROLE replic_user RENAME TO elsewhere")}; ${sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")}`,
    told: [
      'fail LAB-REPLICATION-REFUSED pg2-srv → pg1-srv: pg1-srv does not let the standby stream: role "replic_user" does not exist',
    ],
    healedBy: "up",
    alone: true,
  },
  {
    name: "PostgreSQL may not write into its own folder",
    host: "pg3-srv",
    inject: `chown root: ${DATA}/pg_wal; systemctl restart ${UNIT} || true`,
    told: [
      new RegExp(`^fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is failed; its last error: FATAL: .*Permission denied$`),
    ],
    healedBy: { person: `chown postgres: ${DATA}/pg_wal`, then: "up" },
  },
  {
    name: "a standby pauses its replay",
    host: "pg3-srv",
    local: true,
    inject: sql("SELECT pg_wal_replay_pause()"),
    told: ["warn LAB-REPLAY-PAUSED pg3-srv: the standby receives WAL and does not replay it: replay is paused"],
    healedBy: "remedy",
  },
  {
    name: "postgresql.conf has a setting that PostgreSQL does not know, and PostgreSQL was restarted",
    host: "pg2-srv",
    inject: `echo 'nonsense = 1' >>${CONFIGURATION}; systemctl restart ${UNIT} || true`,
    told: [
      new RegExp(
        `^fail LAB-POSTGRESQL-DOWN pg2-srv: ${UNIT} is failed; its last error: FATAL: .*contains errors: unrecognized configuration parameter "nonsense" in file "${CONFIGURATION}" line \\d+$`,
      ),
    ],
    healedBy: { person: `sed -i '/^nonsense/d' ${CONFIGURATION}`, then: "up" },
  },
  {
    name: "the lab's settings have a value that PostgreSQL refuses",
    host: "pg3-srv",
    local: true,
    inject: `echo "work_mem = 'lots'" >>${SETTINGS}; ${sql("SELECT pg_reload_conf()")}`,
    told: ["fail LAB-FILE-CONTENT pg3-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "ALTER SYSTEM overrides how the primary archives",
    host: "pg1-srv",
    inject: sql("ALTER SYSTEM SET archive_command = '/bin/false'", "SELECT pg_reload_conf()"),
    told: [
      `fail LAB-SETTING-OVERRIDDEN pg1-srv: archive_command is "/bin/false" by ${DATA}/postgresql.auto.conf, not "pgbackrest --stanza=demo archive-push %p" as in ${SETTINGS}`,
    ],
    healedBy: "remedy",
  },
  {
    name: "the folder of a tablespace is missing on the standbys",
    host: "pg1-srv",
    inject: `install -d -o postgres /srv/space; ${sql("CREATE TABLESPACE space LOCATION '/srv/space'")}; sleep 2`,
    told: ["pg2-srv", "pg3-srv"].map(
      (host) =>
        `fail LAB-TABLESPACE-MISSING ${host}: /srv/space, the folder of a tablespace, is missing: PostgreSQL ends without it`,
    ),
    healedBy: "up",
    alone: true,
  },
  {
    name: "the data of a standby is gone, and its tablespace is left",
    host: "pg3-srv",
    inject: `systemctl stop ${UNIT}; rm -r ${DATA}`,
    told: [`fail LAB-POSTGRESQL-DOWN pg3-srv: ${UNIT} is inactive`],
    healedBy: "up",
    leavesAside: true,
    alone: true,
  },
]);
