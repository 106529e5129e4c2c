import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import writeFileAtomic from "write-file-atomic";
import { EngineError, type StackLocation } from "../engine";
import { passphraseOf } from "../passphrase";
import { type Properties, replaceSecrets, secret } from "../values";

/** A resource as the program wants it. */
export interface Goal {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Whether a driver makes it; a component is only a record. */
  readonly custom: boolean;
  readonly inputs: Properties;
  /** URNs of its parent, its provider and its dependencies. */
  readonly needs: readonly string[];
  /** An input to the URNs that its value comes from. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
  readonly provider: string;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly secretOutputs: readonly string[];
  readonly timeouts: Readonly<Record<"create" | "update" | "delete", string>>;
  /** Options that the embedded engine does not support. */
  readonly unsupported: readonly string[];
}

/** A resource as the last operation left it. */
export interface Resource extends Goal {
  readonly id: string;
  readonly outputs: Properties;
  /** `creating`: begun, outcome unknown; `replaced`: has a successor, to be deleted. */
  readonly condition?: "creating" | "replaced";
}

interface Contents {
  readonly resources: readonly Resource[];
  readonly outputs: Properties;
}

const CHECK = "the passphrase is right";

/** A stack's resources and outputs, in a file in which every secret is encrypted. */
export class State {
  resources: readonly Resource[] = [];
  outputs: Properties = {};
  private readonly file: string;
  private salt = crypto.randomBytes(16).toString("base64");
  private key: Buffer | undefined;
  private writing = Promise.resolve();
  private queued: Promise<void> | undefined;

  constructor(private readonly location: StackLocation) {
    this.file = path.join(location.stateFolder, "state.json");
    if (fs.existsSync(this.file)) this.read();
  }

  find(urn: string): Resource | undefined {
    return this.resources.find((resource) => resource.urn === urn && !resource.condition);
  }

  /** Puts one resource in the place of others. */
  put(resource: Resource, ...others: (Resource | undefined)[]): void {
    this.resources = [...this.resources.filter((other) => !others.includes(other)), resource];
  }

  remove(resource: Resource): void {
    this.resources = this.resources.filter((other) => other !== resource);
  }

  /** Resolves when the present contents are on the disk. */
  save(): Promise<void> {
    // A failed write has rejected for the callers that waited for it.
    this.queued ??= this.writing
      .catch(() => undefined)
      .then(() => {
        this.queued = undefined;
        return (this.writing = this.write());
      });
    return this.queued;
  }

  /** After a successful run: keeps a backup copy, or, of an empty stack, nothing. */
  settle(): void {
    const backup = `${this.file}.bak`;
    if (this.resources.length > 0) {
      fs.copyFileSync(this.file, backup);
      return;
    }
    for (const file of [this.file, backup, path.join(this.location.stateFolder, "passphrase")])
      fs.rmSync(file, { force: true });
  }

  private read(): void {
    let document: Contents & { salt: string; check: string };
    try {
      document = JSON.parse(fs.readFileSync(this.file, "utf8")) as typeof document;
      if (typeof document.salt !== "string" || !Array.isArray(document.resources)) throw new Error("not a state file");
    } catch (error) {
      // Dated by the file, so that every further run makes the same copy.
      const date = fs.statSync(this.file).mtime.toISOString();
      const kept = `${this.file}.damaged-${date.replaceAll(/[-:]|\.\d+/g, "")}`;
      fs.copyFileSync(this.file, kept);
      const backup = `${this.file}.bak`;
      const recovery = fs.existsSync(backup)
        ? `to go back to the last completed run, mv ${backup} ${this.file}`
        : `no run was ever completed: rm ${this.file}, then ./lab destroy --stack ${this.location.stack}`;
      throw new EngineError(
        `${this.file} is damaged: ${(error as Error).message}; a copy is kept as ${kept}; hint: ${recovery}`,
      );
    }
    this.salt = document.salt;
    const key = this.deriveKey();
    try {
      decrypt(key, document.check);
    } catch {
      const hint = "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE as in the run that made the stack";
      throw new EngineError(`wrong passphrase for stack "${this.location.stack}": ${hint}`);
    }
    const { resources, outputs } = replaceSecrets(document, (sealed) =>
      secret(JSON.parse(decrypt(key, String(sealed)))),
    );
    Object.assign(this, { resources, outputs });
  }

  private async write(): Promise<void> {
    const key = this.deriveKey();
    const contents: Contents = { resources: this.resources, outputs: this.outputs };
    const sealed = replaceSecrets(contents, (inner) => secret(encrypt(key, JSON.stringify(inner))));
    const document = { engine: "embedded", salt: this.salt, check: encrypt(key, CHECK), ...sealed };
    await writeFileAtomic(this.file, JSON.stringify(document, null, 1), { mode: 0o600 });
  }

  private deriveKey(): Buffer {
    return (this.key ??= crypto.scryptSync(passphraseOf(this.location), this.salt, 32));
  }
}

function encrypt(key: Buffer, text: string): string {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

function decrypt(key: Buffer, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const cipher = crypto.createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString();
}
