import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** A file that the program keeps on a host. */
export interface ManagedFile {
  readonly path: string;
  /** Account that owns it. */
  readonly owner: string;
  /** Octal, such as "0644". */
  readonly mode: string;
  /** Undefined where only the digest is told. */
  readonly content?: string;
  /** SHA-256, hexadecimal; undefined where the content is not looked at. */
  readonly digest?: string;
  /** The steps that put it right: names of resources. */
  readonly steps: readonly string[];
}

/** What the program keeps on a host, beside files: undefined where the step keeps none. */
export interface ManagedState {
  /** Units that run, and start with the host. */
  readonly units?: readonly string[];
  /** Packages; a version that is not empty is exact, and held. */
  readonly packages?: Readonly<Record<string, string>>;
  /** The file with PostgreSQL's settings, which postgresql.conf includes. */
  readonly settings?: string;
}

/** What the program wants of a host: what Pulumi's refresh cannot see. */
export interface ManagedHost {
  readonly files: readonly ManagedFile[];
  readonly units: readonly { readonly name: string; readonly steps: readonly string[] }[];
  readonly packages: readonly { readonly name: string; readonly version: string; readonly steps: readonly string[] }[];
  readonly settings?: { readonly file: string; readonly steps: readonly string[] };
}

/** Takes down what the steps of a host keep there. */
export class Inventory {
  private readonly files: pulumi.Input<ManagedFile>[] = [];
  private readonly states: { state: ManagedState; step: string }[] = [];

  /** A file; a secret one's content is not told, nor looked at when it is undefined. */
  addFile(
    file: { path: string; owner: string; mode: string },
    content: pulumi.Input<string> | undefined,
    secret: boolean,
    ...steps: string[]
  ): void {
    const { path, owner, mode } = file;
    this.files.push(
      pulumi.output(content).apply((text) => ({
        ...{ path, owner, mode, steps },
        ...(text === undefined ? {} : { digest: createHash("sha256").update(text).digest("hex") }),
        ...(text === undefined || secret ? {} : { content: text }),
      })),
    );
  }

  addState(state: ManagedState, step: string): void {
    this.states.push({ state, step });
  }

  /** All of it. */
  toOutput(): pulumi.Output<ManagedHost> {
    const units = this.states.flatMap(({ state, step }) =>
      (state.units ?? []).map((name) => ({ name, steps: [step] })),
    );
    const packages = this.states.flatMap(({ state, step }) =>
      Object.entries(state.packages ?? {}).map(([name, version]) => ({ name, version, steps: [step] })),
    );
    const settings = this.states.flatMap(({ state, step }) =>
      state.settings === undefined ? [] : [{ file: state.settings, steps: [step] }],
    )[0];
    return pulumi
      .all(this.files)
      .apply((files) => ({ files, units, packages, ...(settings === undefined ? {} : { settings }) }));
  }
}
