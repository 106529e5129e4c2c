import { WEB_SERVERS } from "../../plan/backup-api-layout";
import type { Fault } from "./fault";
import { dropSlot, loseSlot, SWITCH } from "./slots";
import { sql } from "./sql";

const { virtualHostFile } = WEB_SERVERS.debian;
const HOST = "barman-srv";

const down = (name: string, unit: string): Fault => ({
  ...{ name, host: HOST, inject: `systemctl stop ${unit}`, alone: "services" },
  ...{ told: [`fail LAB-UNIT-DOWN ${HOST}: ${unit} is inactive`], healedBy: "up" },
});

/** Barman, pg-backup-api, and Apache in front of it. */
export const BACKUP_API_FAULTS: readonly Fault[] = [
  down("Apache is stopped", "apache2.service"),
  down("pg-backup-api is stopped", "pg-backup-api.service"),
  down("Barman's maintenance is stopped", "cron.service"),
  {
    name: "Apache's configuration was broken by hand, and Apache restarted",
    host: HOST,
    inject: `echo NoSuchDirective >>${virtualHostFile}; systemctl restart apache2 || true`,
    told: [`fail LAB-FILE-CONTENT ${HOST}: the file is not what the program wrote`],
    healedBy: "up",
  },
  {
    name: "Barman's configuration was broken by hand",
    host: HOST,
    inject: "sed -i 's/^conninfo.*/conninfo = host=elsewhere/' /etc/barman.d/demo.conf",
    told: [`fail LAB-FILE-CONTENT ${HOST}: the file is not what the program wrote`],
    healedBy: "up",
  },
  {
    name: "Barman's replication slot was dropped",
    host: "pg1-srv",
    // Barman's maintenance, which is stopped meanwhile, creates it again at every full minute: it must have ended.
    inject: `until [[ $(date +%S) == [1234]? ]]; do sleep 1; done; ${dropSlot(HOST)}`,
    told: [
      "fail LAB-BARMAN-SLOT-MISSING barman-srv: replication slot barman_srv on pg1-srv, from which Barman streams, is missing",
    ],
    healedBy: "up",
    alone: "services",
  },
  {
    name: "Barman's replication slot lost WAL that Barman needs",
    host: "pg1-srv",
    inject: loseSlot(HOST),
    told: [
      "fail LAB-BARMAN-SLOT-LOST barman-srv: replication slot barman_srv on pg1-srv is lost: Barman was away for more WAL than max_slot_wal_keep_size",
    ],
    healedBy: "up",
    leavesAside: true,
  },
];

/**
 * The primary's disk is lost while its standbys and Barman have WAL that the repository does not: they are ahead of the primary that comes
 * back. No row is in that WAL.
 */
export const PRIMARY_LOST: Fault = {
  name: "the primary is lost, and Barman has more of its WAL than the repository",
  host: "pg1-srv",
  inject: [
    `set -e; ${sql("SELECT pg_switch_wal()")}
    until (cd /; runuser -u postgres -- pgbackrest --stanza=demo check >/dev/null); do sleep 1; done
    runuser -u postgres -- pgbackrest --stanza=demo stop; ${sql(...SWITCH, ...SWITCH)}; sleep 2`,
    "destroy",
    "disk",
  ],
  told: [/^fail LAB-HOST-UNREACHABLE pg1-srv: /],
  healedBy: { hint: /\.\/lab up .*--yes-replace pg1-srv/ },
  leavesAside: true,
};
