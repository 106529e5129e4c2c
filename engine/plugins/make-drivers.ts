import type { Drivers } from "../drivers/drivers";

/** A stack's drivers. Loaded on use: a process that only tells its version needs none. */
export async function makeDrivers(projectFolder: string, stateFolder: string): Promise<Drivers> {
  const { allDrivers } = await import("../drivers/drivers");
  return allDrivers(projectFolder, stateFolder).drivers;
}
