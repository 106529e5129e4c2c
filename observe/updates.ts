import { type Family, familyOf } from "../config/families";
import { clusterOf, type HostPlan, hostsWith, type LabPlan, partnerOf } from "../plan/plan";
import type { DeployedLab } from "./lab";
import { act } from "./observe";

/** A package of a host that waits for an update. */
export interface Update {
  readonly host: string;
  /** `held`: the package manager leaves it alone. */
  readonly kind: "held" | "postgresql" | "security" | "other";
  readonly package: string;
  readonly installed: string;
  readonly available: string;
}

/** Seconds in which a host reads the lists of its sources. */
const READ_SECONDS = 300;

/** Seconds in which a host installs packages. */
const INSTALL_SECONDS = 1800;

/** Whether somebody should see to it. */
export function isDue({ kind }: Update): boolean {
  return kind === "postgresql" || kind === "security";
}

/** What waits on each host, in the plan's order. */
export async function readUpdates(lab: DeployedLab): Promise<Update[]> {
  const { updatesReadScript } = familyIn(lab);
  // An image may have PostgreSQL's packages where nothing runs them.
  const versionOn = ({ role }: HostPlan): string =>
    role === "primary" || role === "standby" ? String(lab.plan.postgresql.version) : "none";
  const read = async (host: HostPlan): Promise<Update[]> =>
    parseUpdates(host.name, await act(lab, host, updatesReadScript, [versionOn(host)], READ_SECONDS));
  return (await Promise.all(lab.plan.hosts.map(read))).flat();
}

/** What `scripts/updates/updates-read-*.sh` prints. */
export function parseUpdates(host: string, told: string): Update[] {
  return told
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [kind = "other", name = "", installed = "", available = ""] = line.split(" ");
      return { host, kind: kind as Update["kind"], package: name, installed, available };
    });
}

/** The hosts whose PostgreSQL is updated, the standbys first: each can follow a primary of an older minor version, whatever that writes. */
export function updateOrder(plan: LabPlan, updates: readonly Update[]): HostPlan[] {
  return (["standby", "primary"] as const)
    .flatMap((role) => hostsWith(plan, role))
    .filter(({ name }) => updates.some(({ host, kind }) => host === name && kind === "postgresql"));
}

/** Updates PostgreSQL on a host, which restarts, and verifies that the host works again. */
export async function updatePostgreSql(lab: DeployedLab, host: HostPlan, packages: readonly string[]): Promise<void> {
  const { binaries } = lab.plan.postgresql;
  const { dataFolder, service } = clusterOf(lab.plan, host);
  const { postgresqlUpdateScript } = familyIn(lab);
  await act(lab, host, postgresqlUpdateScript, [binaries, dataFolder, service, ...packages], INSTALL_SECONDS);
  const { role, account, units, revoked } = host;
  // A revoked standby does not stream.
  const back = ["updated", revoked ? "" : role, account, lab.plan.stanza, binaries, dataFolder];
  await act(lab, host, "site/host-back.sh", [...back, ...partnerOf(lab.plan, host), ...units], READ_SECONDS);
}

function familyIn({ configuration, plan }: Pick<DeployedLab, "configuration" | "plan">): Family {
  return familyOf(configuration.family, plan.postgresql.version);
}
