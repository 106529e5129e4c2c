import type { SshAccess } from "../../plan/access";
import type { LabPlan } from "../../plan/plan";
import { dataFolder, service } from "./releases";
import type { ScenarioLab } from "./scenario-lab";

/** A container that plays a machine that exists. */
export interface PlayedMachine {
  readonly address: string;
  /** For `lab:hosts`. */
  readonly existing: { readonly user: string; readonly hostKey: string };
}

/** The hosts of a lab as machines that exist, by their names there, and the key that they authorize. */
export async function playedMachines(
  machines: ScenarioLab,
): Promise<{ readonly key: string; readonly of: (host: string) => PlayedMachine }> {
  const told = JSON.parse(await machines.must("outputs", "--json", "--show-secrets")) as {
    ssh: SshAccess;
    plan: LabPlan;
  };
  const { user, privateKey, hostKeys } = told.ssh;
  const of = (name: string): PlayedMachine => ({
    address: told.plan.hosts.find((each) => each.name === name)?.address ?? "",
    existing: { user, hostKey: hostKeys[name]?.trim().split(" ").slice(0, 2).join(" ") ?? "" },
  });
  return { key: privateKey, of };
}

/** Takes everything of the lab that was there off its hosts, standbys first: what is left is a system with packages. */
export async function wipe(machines: ScenarioLab, hosts: readonly string[]): Promise<void> {
  // The primary archives its last WAL.
  for (const host of [...hosts].reverse())
    await machines.on(
      host,
      `systemctl disable --quiet --now ${host === "backup-srv" ? "" : service} pgbackrest 2>/dev/null
       rm -rf ${dataFolder} /backup_space /etc/pgbackrest /etc/lab /etc/systemd/system/pgbackrest.service.d /etc/postgresql/*`,
    );
}
