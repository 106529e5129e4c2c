import Table from "cli-table3";
import type { Diagnosis } from "../../observe/doctor/diagnose";
import type { Finding } from "../../observe/doctor/findings";
import { AREAS, STAGES } from "../../observe/doctor/findings";

// No colours: the tables go to logs and files too.
const STYLE = { head: [], border: [] };

/** A diagnosis for people: the hosts, the pairs of hosts, what was found. */
export function renderDiagnosis(diagnosis: Diagnosis): string {
  const hosts = new Table({ head: ["host", ...AREAS.slice(1)], style: STYLE });
  for (const { host, verdicts } of diagnosis.hosts) {
    const isRead = verdicts.host === "ok" || verdicts.certificate !== "-";
    hosts.push([isRead ? host : `${host}: fail`, ...AREAS.slice(1).map((area) => verdicts[area])]);
  }
  const pairs = new Table({ head: ["client", "server", ...STAGES, "protocol"], style: STYLE });
  for (const { client, server, verdicts, protocol } of diagnosis.pairs) {
    pairs.push([client, server, ...STAGES.map((stage) => verdicts[stage]), protocol ?? "-"]);
  }
  const { walGap, backupAges, findings, healthy } = diagnosis;
  const ages = Object.entries(backupAges).map(([type, seconds]) => `${type} ${age(seconds)}`);
  const facts = [
    `last backup: ${ages.length > 0 ? ages.join(", ") : "none seen"}`,
    `WAL segments that wait to be archived: ${walGap ?? "unknown"}`,
  ];
  const verdict = healthy ? "nothing failed" : "something failed";
  return [hosts.toString(), pairs.toString(), facts.join("; "), ...findings.map(renderFinding), verdict, ""].join("\n");
}

/** A finding for people: what, where, what to do, and the difference where there is one. */
export function renderFinding({ level, host, peer, subject, cause, remedy, diff }: Finding): string {
  const where = peer === undefined ? host : `${host} → ${peer}`;
  const lines = [`${level} ${where}, ${subject}: ${cause}`, `     do: ${remedy}`];
  return [
    ...lines,
    ...(diff === undefined
      ? []
      : diff
          .trimEnd()
          .split("\n")
          .slice(1)
          .map((line) => `     ${line}`)),
  ].join("\n");
}

function age(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return hours < 1
    ? `${Math.floor(seconds / 60)} min ago`
    : hours < 48
      ? `${hours} h ago`
      : `${Math.floor(hours / 24)} days ago`;
}
