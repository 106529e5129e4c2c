import { PGBACKREST_FOLDER } from "./layout";
import { clusterOf, type HostPlan, type LabPlan } from "./plan";

/** Whether the cluster of a host was there before, and is taken over as it is. */
export function isAdopted({ existing }: Pick<HostPlan, "existing">): boolean {
  return existing?.adopt === true;
}

/** Who has a machine: what its note says. */
export function machineOwner(stack: string): string {
  return `lab/${stack}`;
}

/** The files and folders that the program makes on a host and never takes from anybody: data, repositories, pgBackRest's configuration. */
export function ownPlaces(plan: LabPlan, host: HostPlan): string[] {
  const { role, folders } = host;
  const configuration = `${PGBACKREST_FOLDER}/pgbackrest.conf`;
  if (role === "primary" || role === "standby")
    return [configuration, ...(isAdopted(host) ? [] : [clusterOf(plan, host).dataFolder])];
  const data = folders.filter((folder) => folder !== "/var/log");
  return role === "barman" ? data : [configuration, ...data];
}

/** The servers on machines that exist that a host connects to, as ADDRESS:PORT: libvirt's hosts may not be there yet. */
export function serversOf(plan: LabPlan, { role, peers }: HostPlan): string[] {
  const streams = role === "standby" || role === "barman";
  return plan.hosts
    .filter(({ existing }) => existing !== undefined)
    .flatMap((host) => [
      ...(peers.includes(host.name) ? [`${host.address}:${plan.ports.pgbackrest}`] : []),
      ...(streams && host.role === "primary" ? [`${host.address}:${clusterOf(plan, host).port}`] : []),
    ]);
}

/** The ports that a host listens on. */
export function portsOf(plan: LabPlan, host: HostPlan): number[] {
  const { pgbackrest } = plan.ports;
  if (host.role === "barman") return [];
  return host.role === "repository" ? [pgbackrest] : [pgbackrest, clusterOf(plan, host).port];
}
