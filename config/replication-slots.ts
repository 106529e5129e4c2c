import { POSTGRESQL_HOSTS } from "./host-names";

/** Begins the slots of standbys that `lab:hosts` names: known as the lab's once such a host is gone, whatever its name was. */
const PREFIX = "lab_";

/** The replication slot that a standby streams from: PostgreSQL takes letters, digits and underscores. */
export function slotOf(host: string): string {
  return POSTGRESQL_HOSTS.includes(host) ? plain(host) : `${PREFIX}${plain(host)}`;
}

/** The replication slot that Barman streams from. */
export function barmanSlotOf(host: string): string {
  return plain(host);
}

/** The slots of all possible standbys with the seed's names. */
export const SEED_SLOTS: readonly string[] = POSTGRESQL_HOSTS.map(slotOf);

/** Whether a slot is a standby's of the lab, or was one's that is gone. */
export function isStandbySlot(slot: string): boolean {
  return slot.startsWith(PREFIX) || SEED_SLOTS.includes(slot);
}

function plain(host: string): string {
  return host.replaceAll(/[-.]/g, "_");
}
