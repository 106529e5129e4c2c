import { PGBACKREST_FOLDER } from "./layout";
import type { HostPlan, LabPlan } from "./plan";

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

/** The servers on machines that exist that a host connects to, as ADDRESS:PORT: libvirt's hosts may not be there yet. */
export function serversOf({ hosts, ports }: LabPlan, { role, peers }: HostPlan): string[] {
  const streams = role === "standby" || role === "barman";
  return hosts
    .filter(({ existing }) => existing !== undefined)
    .flatMap((host) => [
      ...(peers.includes(host.name) ? [`${host.address}:${ports.pgbackrest}`] : []),
      ...(streams && host.role === "primary" ? [`${host.address}:${ports.postgresql}`] : []),
    ]);
}

/** The ports that a host listens on. */
export function portsOf({ ports }: LabPlan, { role }: HostPlan): number[] {
  if (role === "barman") return [];
  return role === "repository" ? [ports.pgbackrest] : [ports.pgbackrest, ports.postgresql];
}
