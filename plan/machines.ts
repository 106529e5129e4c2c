import { PGBACKREST_FOLDER } from "./layout";
import { type HostPlan, type LabPlan, primaryOf } from "./plan";

/** Who has a machine: what its note says. */
export function machineOwner(stack: string): string {
  return `lab/${stack}`;
}

/** The files and folders that the program makes on a host and never takes from anybody: data, repositories, pgBackRest's configuration. */
export function ownPlaces({ postgresql }: LabPlan, { role, folders }: HostPlan): string[] {
  const configuration = `${PGBACKREST_FOLDER}/pgbackrest.conf`;
  if (role === "primary" || role === "standby") return [configuration, postgresql.dataFolder];
  const data = folders.filter((folder) => folder !== "/var/log");
  return role === "barman" ? data : [configuration, ...data];
}

/** The servers that a host connects to, as ADDRESS:PORT. */
export function serversOf(plan: LabPlan, { role, peers }: HostPlan): string[] {
  const servers = plan.hosts
    .filter(({ name }) => peers.includes(name))
    .map(({ address }) => `${address}:${plan.ports.pgbackrest}`);
  return role === "standby" || role === "barman"
    ? [...servers, `${primaryOf(plan).address}:${plan.ports.postgresql}`]
    : servers;
}

/** The ports that a host listens on. */
export function portsOf({ ports }: LabPlan, { role }: HostPlan): number[] {
  if (role === "barman") return [];
  return role === "repository" ? [ports.pgbackrest] : [ports.pgbackrest, ports.postgresql];
}
