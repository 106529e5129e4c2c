import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { findPulumi } from "../../cli/stack/find-pulumi";
import { State } from "../../engine/embedded/state";
import { ownBackend } from "../../engine/pulumi/own-stack";
import { PULUMI_FOLDER } from "../../engine/stack-engine";
import { isSecret, reveal } from "../../engine/values";
import type { ScenarioLab } from "./scenario-lab";
import { PROJECT_FOLDER } from "./stack-config";

/** The part of a resource in a state that scenarios read or change. */
interface StateResource {
  readonly type: string;
  readonly urn: string;
  /** Whether it is more than a component. */
  readonly custom?: boolean;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly condition?: string;
  /** Of the embedded engine: parent, provider and dependencies. */
  readonly needs?: readonly string[];
  /** Of Pulumi's own engine. */
  readonly dependencies?: readonly string[];
}

/** What an engine stores of a stack. */
interface Stored {
  readonly resources: StateResource[];
  /** Of Pulumi's own engine. */
  readonly pending_operations?: readonly unknown[];
}

/** The state of a lab that is up, whichever engine keeps it. */
export class LabState {
  constructor(private readonly lab: Pick<ScenarioLab, "stack" | "stateFolder">) {}

  /** The URNs of all resources. */
  urns(): string[] {
    return this.stored().resources.map(({ urn }) => urn);
  }

  /** The names of resources that exist outside the state, each with those that it needs. */
  needs(): Record<string, readonly string[]> {
    const all = this.stored().resources.filter(({ custom, type }) => custom === true && !type.startsWith("pulumi:"));
    const names = new Map(all.map(({ urn }) => [urn, nameOf(urn)]));
    return Object.fromEntries(
      all.map(({ urn, needs, dependencies = needs }) => {
        const needed = new Set((dependencies ?? []).flatMap((each) => names.get(each) ?? []));
        return [nameOf(urn), [...needed].sort()];
      }),
    );
  }

  /** What a run has begun and not finished, as far as the engine knows. */
  unfinished(): readonly unknown[] {
    const { resources, pending_operations: pending } = this.stored();
    return pending ?? resources.filter(({ condition }) => condition !== undefined);
  }

  /** Every private key, PEM, by its resource's name. */
  privateKeys(): ReadonlyMap<string, string> {
    const keys = this.revealed().filter(({ type }) => type === "tls:index/privateKey:PrivateKey");
    return new Map(keys.map(({ urn, outputs }) => [nameOf(urn), String(outputs?.privateKeyPem)]));
  }

  /** The certificate authority, PEM. */
  authority(): { certificate: string; key: string } {
    const found = this.revealed()
      .filter(({ type }) => type === "tls:index/selfSignedCert:SelfSignedCert")
      .find(({ inputs }) => (inputs?.subject as { commonName: string }).commonName === "root-ca");
    if (found === undefined) throw new Error(`stack "${this.lab.stack}" has no certificate authority`);
    return { certificate: String(found.outputs?.certPem), key: String(found.inputs?.privateKeyPem) };
  }

  /**
   * Has every host certificate expire in so many days, for the engine that looks at its state.
   * @returns How many there are.
   */
  expireCertificates(days: number): number {
    const end = new Date(Date.now() + days * 86_400_000).toISOString();
    const expire = (resources: readonly StateResource[]): number => {
      const certificates = resources.filter(({ type }) => type.endsWith(":LocallySignedCert"));
      for (const { outputs } of certificates) Object.assign(outputs ?? {}, { validityEndTime: end });
      return certificates.length;
    };
    if (fs.existsSync(this.file)) {
      const state = JSON.parse(fs.readFileSync(this.file, "utf8")) as { resources: StateResource[] };
      const count = expire(state.resources);
      fs.writeFileSync(this.file, JSON.stringify(state));
      return count;
    }
    const state = this.exported();
    const count = expire(state.deployment.resources);
    this.pulumi(["stack", "import"], JSON.stringify(state));
    return count;
  }

  /** @throws Error when Pulumi's own engine finds something that is not as it was. */
  refresh(): void {
    const settings = path.join(this.folder, `Pulumi.${this.lab.stack}.yaml`);
    const flags = ["--preview-only", "--expect-no-changes", "--config-file", settings];
    this.pulumi(["refresh", ...flags], "", PROJECT_FOLDER);
  }

  /** The folder of Pulumi's own engine. */
  private get folder(): string {
    return path.join(this.lab.stateFolder, PULUMI_FOLDER);
  }

  /** The embedded engine's. */
  private get file(): string {
    return path.join(this.lab.stateFolder, "state.json");
  }

  /** Every resource, its secrets in plain. */
  private revealed(): StateResource[] {
    if (!fs.existsSync(this.file)) return unwrap(this.exported("--show-secrets").deployment.resources);
    const { stack, stateFolder } = this.lab;
    const { resources } = new State({ projectFolder: PROJECT_FOLDER, stateFolder, stack });
    return resources.map(({ type, urn, inputs, outputs }) => ({ type, urn, ...reveal({ inputs, outputs }) }));
  }

  private stored(): Stored {
    return fs.existsSync(this.file)
      ? (JSON.parse(fs.readFileSync(this.file, "utf8")) as Stored)
      : this.exported().deployment;
  }

  private exported(...flags: string[]): { deployment: Stored } {
    return JSON.parse(this.pulumi(["stack", "export", ...flags])) as ReturnType<LabState["exported"]>;
  }

  private pulumi(words: readonly string[], input = "", cwd = this.folder): string {
    const { stack, stateFolder } = this.lab;
    const cli = findPulumi({ projectFolder: PROJECT_FOLDER })?.cli;
    const env = {
      ...process.env,
      ...cli?.environment,
      PULUMI_BACKEND_URL: ownBackend(this.lab),
      PULUMI_CONFIG_PASSPHRASE: fs.readFileSync(path.join(stateFolder, "passphrase"), "utf8").trim(),
    };
    const args = [...words, "--stack", stack, "--non-interactive"];
    return execFileSync(cli?.program ?? "pulumi", args, { cwd, env, input, encoding: "utf8", maxBuffer: 1 << 26 });
  }
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** What the CLI has exported with secrets: each is JSON in a text. */
function unwrap<T>(exported: T): T {
  return JSON.parse(JSON.stringify(exported), (_name, part: unknown) =>
    isSecret(part) ? (JSON.parse(String(part["plaintext"])) as unknown) : part,
  ) as T;
}
