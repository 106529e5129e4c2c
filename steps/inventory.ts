import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** A file or folder that the program keeps on a host. */
export interface ManagedFile {
  readonly path: string;
  /** Account that owns it. */
  readonly owner: string;
  /** Octal, such as "0644"; undefined for a folder. */
  readonly mode?: string;
  /** Undefined where only the digest is known. */
  readonly content?: string;
  /** SHA-256, hexadecimal; undefined where the content is not compared. */
  readonly digest?: string;
  /** The steps that put it right: names of resources. */
  readonly steps: readonly string[];
}

/** What a step keeps on a host, beside files. */
export interface ManagedState {
  /** Units, enabled and running. */
  readonly units?: readonly string[];
  /** Packages, name to version: empty is any, another one is exact, and held. */
  readonly packages?: Readonly<Record<string, string>>;
  /** The file with PostgreSQL's settings, which postgresql.conf includes. */
  readonly settings?: string;
  /** pgBackRest's stanza in the repository. */
  readonly stanza?: string;
  /** The role that standbys stream with. */
  readonly replicationRole?: string;
  /** The replication slots that they stream from. */
  readonly replicationSlots?: readonly string[];
  /** The primary that the host's PostgreSQL follows. */
  readonly standbyOf?: string;
  /** Barman's server. */
  readonly barman?: string;
}

/** What the program keeps on a host: Pulumi's refresh cannot see it. */
export interface ManagedHost {
  readonly files: readonly ManagedFile[];
  readonly units: readonly { readonly name: string; readonly steps: readonly string[] }[];
  readonly packages: readonly { readonly name: string; readonly version: string; readonly steps: readonly string[] }[];
  readonly settings?: { readonly file: string; readonly steps: readonly string[] };
  readonly stanza?: { readonly name: string; readonly steps: readonly string[] };
  readonly replicationRole?: { readonly name: string; readonly steps: readonly string[] };
  readonly standbyOf?: { readonly name: string; readonly steps: readonly string[] };
  readonly replicationSlots?: { readonly names: readonly string[]; readonly steps: readonly string[] };
  readonly barman?: { readonly name: string; readonly steps: readonly string[] };
}

/** A file to record: of a secret one only the digest; one without content is not compared; one without mode is a folder. */
export interface KeptFile {
  path: string;
  owner: string;
  mode?: string;
  content?: pulumi.Input<string>;
  secret?: boolean;
  /** The steps that put it right: names of resources. */
  steps: string[];
}

/** Records what the steps of a host keep there. */
export class Inventory {
  private readonly files: pulumi.Input<ManagedFile>[] = [];
  private readonly states: { state: ManagedState; step: string }[] = [];

  addFile({ path, owner, mode, content, secret = false, steps }: KeptFile): void {
    const place = { path, owner, mode, steps };
    this.files.push(
      pulumi.output(content).apply((text) => {
        if (text === undefined) return place;
        const digest = createHash("sha256").update(text).digest("hex");
        return secret ? { ...place, digest } : { ...place, digest, content: text };
      }),
    );
  }

  /** A step's files, at their final paths, and what it keeps beside them. */
  addStep(
    step: string,
    files: readonly (Omit<KeptFile, "steps"> & { becomes?: string })[],
    state: ManagedState = {},
  ): void {
    for (const { becomes, ...file } of files) this.addFile({ ...file, path: becomes ?? file.path, steps: [step] });
    this.states.push({ state, step });
  }

  /** All of it. */
  toOutput(): pulumi.Output<ManagedHost> {
    // Several steps may be needed for one.
    const steps = new Map<string, string[]>();
    for (const { state, step } of this.states) {
      for (const name of state.units ?? []) steps.set(name, [...(steps.get(name) ?? []), step]);
    }
    const units = [...steps].map(([name, own]) => ({ name, steps: own }));
    const packages = this.states.flatMap(({ state, step }) =>
      Object.entries(state.packages ?? {}).map(([name, version]) => ({ name, version, steps: [step] })),
    );
    const settings = this.states.find(({ state }) => state.settings !== undefined);
    const only = (key: "stanza" | "replicationRole" | "standbyOf" | "barman") => {
      const found = this.states.filter(({ state }) => state[key] !== undefined);
      return found[0] && { [key]: { name: found[0].state[key], steps: found.map(({ step }) => step) } };
    };
    const slots = this.states.find(({ state }) => state.replicationSlots !== undefined);
    return pulumi.all(this.files).apply((files) => ({
      ...{ files, units, packages },
      ...(settings?.state.settings && { settings: { file: settings.state.settings, steps: [settings.step] } }),
      ...only("stanza"),
      ...only("replicationRole"),
      ...only("standbyOf"),
      ...only("barman"),
      ...(slots?.state.replicationSlots && {
        replicationSlots: { names: slots.state.replicationSlots, steps: [slots.step] },
      }),
    }));
  }
}
