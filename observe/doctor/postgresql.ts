import type { Role } from "../../plan/layout";
import type { PostgreSqlState } from "./facts";
import type { Finding, Level } from "./findings";
import { STANDBY_BYTES } from "./thresholds";

/** The host whose PostgreSQL it is. */
export interface Instance {
  readonly name: string;
  readonly role: Role;
  /** The file with the lab's settings. */
  readonly settings: string;
  /** The other hosts of the cluster, as the primary sees them. */
  readonly standbys: readonly { readonly name: string; readonly address: string }[];
}

/** What is wrong with PostgreSQL on a host: role, archiving, replication, settings. */
export function postgreSqlFindings(host: Instance, state: PostgreSqlState): Finding[] {
  const tell = (level: Level, subject: string, cause: string, remedy: string): Finding => ({
    level,
    host: host.name,
    area: "PostgreSQL",
    subject,
    cause,
    remedy,
  });
  if (!state.answers) {
    return [tell("fail", host.role, "PostgreSQL does not answer", "systemctl status postgresql, and its log")];
  }
  if (state.inRecovery !== (host.role === "standby")) {
    const cause = state.inRecovery
      ? "it is in recovery, but should be the primary"
      : "it is not in recovery, but should be a standby";
    return [tell("fail", host.role, cause, "promote it, or move its data aside and run ./lab up")];
  }
  const findings: Finding[] = [];
  const { archiver, receiver, replication } = state;
  if (host.role === "standby" && receiver !== "streaming") {
    const cause = `the standby does not stream from the primary (WAL receiver: ${receiver ?? "none"})`;
    findings.push(
      tell("fail", "pg_stat_wal_receiver", cause, "see its log, ~postgres/.pgpass and the primary's pg_hba.conf"),
    );
  }
  if (host.role === "primary") {
    if ((archiver.failed ?? 0) > (archiver.archived ?? 0)) {
      const when = new Date((archiver.failed ?? 0) * 1000).toISOString().slice(0, 19);
      const cause = `WAL segment ${archiver.failedWal ?? "?"} was not archived, last tried ${when}Z`;
      findings.push(
        tell(
          "fail",
          "archive_command",
          cause,
          "PostgreSQL keeps it and tries again: see what fails between it and backup-srv",
        ),
      );
    }
    for (const { name, address } of host.standbys) {
      const sender = replication.find((each) => each.address === address);
      if (sender?.state !== "streaming") {
        const cause = `the primary streams no WAL to ${name}${sender === undefined ? "" : ` (${sender.state})`}`;
        findings.push(tell("fail", name, cause, `see PostgreSQL's log on ${name}`));
      } else if ((sender.behind ?? 0) > STANDBY_BYTES.warn) {
        const behind = Math.floor((sender.behind ?? 0) / 1024 ** 2);
        const level = (sender.behind ?? 0) > STANDBY_BYTES.fail ? "fail" : "warn";
        findings.push(
          tell(level, name, `${name} is ${behind} MiB of WAL behind the primary`, `see the load on ${name}`),
        );
      }
    }
  }
  return [...findings, ...settingFindings(host, state, tell)];
}

function settingFindings(
  { settings }: Instance,
  { included, stale, overridden }: Extract<PostgreSqlState, { answers: true }>,
  tell: (level: Level, subject: string, cause: string, remedy: string) => Finding,
): Finding[] {
  if (!included) {
    return [tell("fail", settings, `postgresql.conf does not include ${settings}`, "./lab drift --fix")];
  }
  if (stale) return [tell("fail", settings, `${settings} was changed, and not read since`, "./lab drift --fix")];
  return overridden.map(({ name, wanted, actual, source, pending, error }) => {
    if (error !== null) return tell("fail", name, `${name} = ${wanted} is not applied: ${error}`, "see lab:postgresql");
    if (pending === true) return tell("fail", name, `${name} = ${wanted} waits for a restart`, "./lab drift --fix");
    const cause = `${name} is "${actual ?? ""}" by ${source ?? "another source"}, not "${wanted}" as in ${settings}`;
    return tell(
      "fail",
      name,
      cause,
      `ALTER SYSTEM RESET ${name}, or take it out of that file; then SELECT pg_reload_conf()`,
    );
  });
}
