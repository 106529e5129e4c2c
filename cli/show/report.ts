import Table from "cli-table3";
import { AREAS, STAGES } from "../../observe/findings";
import type { BackupApiReport, BackupReport, HostReport, Report, ScheduleReport } from "../../observe/report";
import { describeReach } from "../../observe/rules/wal";
import { renderFinding, renderFindings } from "./findings";

// No colours: the tables are for logs and files too.
const STYLE = { head: [], border: [], compact: true };

/** Whether a lab is proven: a table of the hosts, then why it is not. */
export function renderStatus(report: Report): string {
  const head = ["host", "role", "address", "PostgreSQL", "pgBackRest", "certificate expires", "replication"];
  const table = new Table({ head, style: STYLE });
  for (const host of report.hosts) {
    table.push([
      host.name,
      host.revoked ? `${host.role}, revoked` : host.role,
      host.address,
      host.postgresql ?? "-",
      host.pgbackrest ?? "-",
      host.certificateExpires?.slice(0, 10) ?? "-",
      replication(host, report.hosts),
    ]);
  }
  const api = report.backupApi === undefined ? [] : [describeApi(report.backupApi)];
  const { schedule } = report;
  const backup = [
    `last backup: ${describe(report.backups.at(-1))}${schedule.length === 0 ? "; later ones are yours to schedule" : ""}`,
    ...schedule.map(describeScheduled),
    ...describeLimited(report.backups),
  ].join("\n");
  const verdict = report.proven ? "proven" : "not proven:";
  const reasons = report.unproven.map((each) => `  ${renderFinding(each)}`);
  return [table.toString(), backup, ...api, verdict, ...reasons, ""].join("\n");
}

/** A report: the hosts, the pairs of hosts, the findings. */
export function renderDiagnosis(report: Report): string {
  const areas = AREAS.slice(1).filter((area) => area !== "backup API" || report.backupApi !== undefined);
  const hosts = new Table({ head: ["host", ...areas], style: STYLE });
  for (const { name, verdicts } of report.hosts) {
    const isRead = verdicts.host === "ok" || verdicts.units !== "-";
    hosts.push([isRead ? name : `${name}: fail`, ...areas.map((area) => verdicts[area])]);
  }
  const pairs = new Table({ head: ["client", "server", "port", ...STAGES, "protocol"], style: STYLE });
  for (const { client, server, port, verdicts, protocol } of report.pairs) {
    pairs.push([client, server, port, ...STAGES.map((stage) => verdicts[stage]), protocol ?? "-"]);
  }
  const { walGap, backups, backupAges, findings, consequences, healthy, proven } = report;
  const ages = Object.entries(backupAges).map(([type, seconds]) => `${type} ${age(seconds)}`);
  const facts = [
    `last backup: ${ages.length > 0 ? ages.join(", ") : "none seen"}`,
    `WAL segments waiting to be archived: ${walGap ?? "unknown"}`,
  ];
  const verdict = `${proven ? "proven" : "not proven"}, ${healthy ? "nothing failed" : "something failed"}`;
  const told = [...describeLimited(backups), ...renderFindings(findings, consequences)];
  return [hosts.toString(), pairs.toString(), facts.join("; "), ...told, verdict, ""].join("\n");
}

function replication({ role, streaming }: HostReport, hosts: readonly HostReport[]): string {
  if (role === "standby") return streaming === true ? "streaming" : "not streaming";
  const standbys = hosts.filter((host) => host.role === "standby");
  if (role !== "primary" || standbys.length === 0) return "-";
  return `${standbys.filter((host) => host.streaming === true).length} of ${standbys.length} stream`;
}

function describe(backup: BackupReport | undefined): string {
  if (backup === undefined) return "none";
  return `${backup.label} ${backup.type}${backup.fromStandby === true ? ", from a standby" : ""}`;
}

function describeScheduled({ kind, running, next, last }: ScheduleReport): string {
  const past = last === null ? "none yet" : `last ${last.time} ${last.outcome}`;
  const coming = running ? "runs now" : `next ${next ?? "never"}`;
  return `schedule ${kind.padEnd(6)} ${past}; ${coming}`;
}

/** The backups that do not restore to the newest moment, while others do: no failure, but nobody should count on them. */
function describeLimited(backups: readonly BackupReport[]): string[] {
  if (!backups.some(({ reach }) => reach?.newest)) return [];
  return backups.flatMap(({ label, reach }) =>
    reach === null || reach.newest ? [] : [`backup ${label} ${describeReach(reach)}`],
  );
}

function describeApi({ host, address, barman, backup, certificateExpires, clients }: BackupApiReport): string {
  return [
    `backup API https://${host} (${address})`,
    `certificate expires ${certificateExpires?.slice(0, 10) ?? "-"}`,
    `clients ${Object.keys(clients).join(", ")}`,
    `Barman ${barman}`,
    `last backup ${backup ?? "none"}`,
  ].join("; ");
}

function age(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  if (hours < 1) return `${Math.floor(seconds / 60)} min ago`;
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
