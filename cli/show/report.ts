import Table from "cli-table3";
import type { BackupApiReport } from "../../observe/backup-api";
import type { BackupReport, HostReport, Report } from "../../observe/proofs";

/** A report for people: a table of the hosts, then what was found. */
export function renderReport(report: Report): string {
  const table = new Table({
    head: ["host", "role", "address", "PostgreSQL", "pgBackRest", "certificate until", "replication", "last backup"],
    // No colours: the table goes to logs and files too.
    style: { head: [], border: [] },
  });
  for (const host of report.hosts) {
    table.push([
      host.name,
      host.revoked ? `${host.role}, revoked` : host.role,
      host.address,
      host.postgresql ?? "-",
      host.pgbackrest ?? "-",
      host.certificateEnd?.slice(0, 10) ?? "-",
      replication(host, report.hosts),
      host.role === "repository" ? describe(report.backups.at(-1)) : "-",
    ]);
  }
  const api = report.backupApi === undefined ? [] : [describeApi(report.backupApi)];
  const verdict = report.proven ? "proven" : "not proven:";
  return [table.toString(), ...api, verdict, ...report.findings.map((finding) => `  ${finding}`), ""].join("\n");
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

function describeApi({ host, address, barman, backup, certificateEnd, clients }: BackupApiReport): string {
  return [
    `backup API https://${host} (${address})`,
    `certificate until ${certificateEnd?.slice(0, 10) ?? "-"}`,
    `clients ${Object.keys(clients).join(", ")}`,
    `Barman ${barman}`,
    `last backup ${backup ?? "none"}`,
  ].join("; ");
}
