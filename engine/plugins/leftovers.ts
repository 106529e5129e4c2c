import { type Task } from "../drivers/driver";
import type { StackLocation } from "../engine";
import { Journal, journalFolder } from "./journal";
import { makeDrivers } from "./make-drivers";

/**
 * Deletes objects that killed runs of a stack have left in libvirt and its state does not have, so that no engine would.
 * @param known Reads the stack's resources; without them, an object that was created may be one of them, and stays.
 * @param make The drivers; tests have others.
 */
export async function clearLeftovers(
  { projectFolder, stateFolder }: Pick<StackLocation, "projectFolder" | "stateFolder">,
  known?: () => Promise<readonly { readonly urn: string; readonly id?: string }[]>,
  make = makeDrivers,
): Promise<void> {
  const journal = new Journal(journalFolder(stateFolder));
  if (journal.unknown().length === 0) return;
  for (const { urn, id = "" } of (await known?.()) ?? []) journal.know(urn, id);
  const left = known === undefined ? journal.unfinished() : journal.unknown();
  if (left.length === 0) return;
  const drivers = await make(projectFolder, stateFolder);
  const task: Task = { signal: new AbortController().signal, log: () => undefined };
  for (const begun of left) {
    await drivers[begun.type]?.delete?.(begun, task);
    journal.remove(begun.urn);
  }
}
