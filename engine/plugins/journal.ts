import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Subject } from "../drivers/driver";
import type { Properties } from "../values";

/** An object whose creation was begun. */
export interface Begun extends Subject<Properties, { uuid: string }> {
  readonly urn: string;
  readonly type: string;
  /** Its id, once it was created. The engine may not have heard of it: a killed one has not. */
  readonly id?: string;
}

/** The folder of a stack's journal. */
export function journalFolder(stateFolder: string): string {
  return path.join(stateFolder, "begun");
}

/** The objects that runs of a stack began to create, as far as the engine has not shown to know them; a file each. */
export class Journal {
  /** What earlier runs have left here, by URN; the youngest first. */
  private readonly left: ReadonlyMap<string, Begun>;
  private readonly known = new Set<string>();

  constructor(private readonly folder: string) {
    const files = fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
    const age = new Map(files.map((file) => [file, fs.statSync(file).mtimeMs]));
    const byAge = files.sort((one, other) => (age.get(other) ?? 0) - (age.get(one) ?? 0));
    const begun = byAge.filter((file) => file.endsWith(".json")).map((file) => fs.readFileSync(file, "utf8"));
    this.left = new Map(begun.map((text) => JSON.parse(text) as Begun).map((each) => [each.urn, each]));
  }

  write(begun: Begun): void {
    fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = this.file(begun.urn);
    fs.writeFileSync(`${file}.new`, JSON.stringify(begun), { mode: 0o600 });
    fs.renameSync(`${file}.new`, file);
  }

  remove(urn: string): void {
    this.known.add(urn);
    fs.rmSync(this.file(urn), { force: true });
  }

  /** Notes that the engine knows an object. */
  know(urn: string, id: string): void {
    if (this.left.get(urn)?.id === id) this.remove(urn);
  }

  /** What an earlier run has left of a resource that is created now. */
  leftOf(urn: string): Begun | undefined {
    return this.known.has(urn) ? undefined : this.left.get(urn);
  }

  /** What earlier runs began and did not finish. */
  unfinished(): Begun[] {
    return this.unknown().filter(({ id }) => id === undefined);
  }

  /** What earlier runs began, as far as the engine has not shown to know it. */
  unknown(): Begun[] {
    return [...this.left.values()].filter(({ urn }) => !this.known.has(urn));
  }

  private file(urn: string): string {
    return path.join(this.folder, `${createHash("sha256").update(urn).digest("hex")}.json`);
  }
}
