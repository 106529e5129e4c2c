import { barmanSlotOf } from "../../config/replication-slots";
import { fail, rules } from "../findings";
import { isoTime } from "../lab";
import { parseCertificates } from "./certificates";
import { stepsOfUnit } from "./units";

const proof = { proof: true } as const;
const FIX = { steps: true } as const;
const WEB_SERVER = ["LAB-UNIT-*:apache2", "LAB-UNIT-*:httpd"] as const;

/** Barman's maintenance, which keeps it receiving. */
const MAINTENANCE = ["LAB-UNIT-*:cron"] as const;

/** The lines of `barman check` that need neither the primary nor maintenance. */
const OWN_CHECKS =
  /^(directories|retention policy settings|compression settings|failed backups|minimum redundancy requirements|archiver errors|pg_basebackup|pg_receivexlog|backup (maximum age|minimum size)|wal (maximum age|size)): /;

/** What keeps Barman from the primary. */
const UNSTREAMED = ["LAB-POSTGRESQL-DOWN", "LAB-PG-*", "LAB-PRIMARY-*", "LAB-REPLICATION-REFUSED"] as const;

/** Barman, and its API as a client meets it. */
export const BACKUP_API = rules(
  {
    "LAB-BARMAN-CHECK": {
      ...fail("backup API", "barman check: {lines}", {
        steps: true,
        command: "./lab ssh {host} -- sudo -iu barman barman check {server}",
      }),
      ...{
        ...{ ...proof, mendedWith: ["LAB-FILE-*"] },
        after: [...MAINTENANCE, ...UNSTREAMED, "LAB-BARMAN-SLOT-*"],
      },
    },
    "LAB-BARMAN-OWN-CHECK": {
      ...fail("backup API", "barman check: {lines}", {
        command: "./lab ssh {host} -- sudo -iu barman barman check {server}",
      }),
      ...{ ...proof, after: ["LAB-FILE-*:/etc/barman", "LAB-DISK-FULL"] },
    },
    "LAB-BARMAN-SLOT-MISSING": {
      ...fail("backup API", "replication slot {subject} on {primary}, from which Barman streams, is missing", FIX),
      ...{ ...proof, after: UNSTREAMED },
    },
    "LAB-BARMAN-SLOT-LOST": {
      ...fail(
        "backup API",
        "replication slot {subject} on {primary} is lost: Barman was away for more WAL than max_slot_wal_keep_size",
        FIX,
      ),
      ...{ ...proof, after: UNSTREAMED },
    },
    "LAB-BARMAN-NO-BACKUP": {
      ...fail("backup API", "Barman has no backup", {
        command: "./lab ssh {host} -- sudo -iu barman barman backup {server}",
      }),
      ...{ ...proof, after: ["LAB-BARMAN-CHECK", "LAB-BARMAN-OWN-CHECK"] },
    },
    "LAB-API-CERT-NOT-SERVED": {
      ...fail("backup API", "the web server presents {served}, not the installed certificate, which expires {date}", {
        ...{ steps: true, command: "./lab ssh {host} -- sudo systemctl reload {unit}" },
      }),
      ...{ ...proof, after: WEB_SERVER },
    },
    "LAB-API-SILENT": {
      ...fail("backup API", "the backup API does not answer: {problem}", { command: "./lab api status" }),
      ...{ ...proof, after: [...WEB_SERVER, "LAB-UNIT-*:pg-backup-api", "LAB-API-CERT-NOT-SERVED"] },
    },
    "LAB-API-OPEN": {
      ...fail("backup API", "the backup API answers a client without a certificate: {answer}", {
        ...{ steps: true, command: "./lab up" },
      }),
      ...{ ...proof, after: ["LAB-FILE-*:/etc/apache2", "LAB-FILE-*:/etc/httpd"] },
    },
    "LAB-API-CLIENT-EXPIRED": {
      ...fail("backup API", "the certificate of API client {subject} expired {date}", { command: "./lab up" }),
      ...proof,
    },
  },
  ({ hosts, plan, primary }, tell) => {
    const { backupApi: api, stanza: server } = plan;
    const host = hosts.find(({ name }) => name === api?.host);
    const facts = host?.facts.backupApi;
    if (api === null || host === undefined || facts === undefined) return;
    const { steps } = host.managed.barman ?? {};
    const found = { subject: server, server, steps, primary: primary.name, involves: [primary.name] };
    const isOwn = (line: string): boolean => OWN_CHECKS.test(line);
    const own = facts.failedChecks.filter(isOwn).join("; ");
    if (own !== "") tell("LAB-BARMAN-OWN-CHECK", host, { subject: server, server, lines: own });
    const lines = facts.failedChecks.filter((line) => !isOwn(line)).join("; ");
    if (lines !== "") tell("LAB-BARMAN-CHECK", host, { ...found, lines });
    const subject = barmanSlotOf(host.name);
    const { slots } = primary.facts.postgresql ?? {};
    const slot = slots?.find(({ name }) => name === subject);
    if (slots !== undefined && slot === undefined) tell("LAB-BARMAN-SLOT-MISSING", host, { ...found, subject });
    if (slot?.status === "lost") tell("LAB-BARMAN-SLOT-LOST", host, { ...found, subject });
    if (facts.backups.length === 0) tell("LAB-BARMAN-NO-BACKUP", host, { subject: server, server });
    // The web server's, which also have it read what has changed.
    const loaders = stepsOfUnit(host, api.units[0] ?? "");
    const [installed, served] = [facts.certificate, facts.served].map((pem) => parseCertificates(pem)[0]);
    if (installed?.fingerprint256 !== served?.fingerprint256) {
      tell("LAB-API-CERT-NOT-SERVED", host, {
        subject: api.certificate.certificate,
        unit: api.units[0],
        steps: loaders,
        served: served === undefined ? "no certificate" : `one that expires ${dayOf(served.validTo)}`,
        date: installed === undefined ? "at an unknown time" : dayOf(installed.validTo),
      });
    }
    const { problem = "", answerToStranger: answer = "", clients = {} } = facts;
    if (problem !== "") tell("LAB-API-SILENT", host, { subject: "/status", problem });
    if (answer !== "") tell("LAB-API-OPEN", host, { subject: "/status", answer, steps: loaders });
    for (const [subject, date] of Object.entries(clients)) {
      if (Date.parse(date) < Date.now()) tell("LAB-API-CLIENT-EXPIRED", host, { subject, date });
    }
  },
);

function dayOf(validTo: string): string {
  return isoTime(Date.parse(validTo) / 1000);
}
