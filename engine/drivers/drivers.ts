import { commandDrivers } from "./command";
import type { Driver } from "./driver";
import { libvirtDrivers } from "./libvirt";
import { tlsDrivers } from "./tls";

/** A resource type to its driver. */
export type Drivers = Readonly<Record<string, Driver>>;

/** The drivers of every type that a lab uses. `close` closes their connections. */
export function allDrivers(projectFolder: string, stateFolder: string): { drivers: Drivers; close: () => void } {
  const { drivers, close } = commandDrivers(projectFolder);
  return { drivers: { ...tlsDrivers, ...drivers, ...libvirtDrivers(stateFolder) }, close };
}
