import * as path from "node:path";

/** What happens to one resource in a run. */
export type Operation = "create" | "update" | "replace" | "delete" | "same";

/** One resource's part in a preview or a run. */
export interface Change {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly operation: Operation;
  /** The inputs that differ from the last run's; empty for `create`, `delete` and `same`. */
  readonly diff: readonly string[];
}

/** What an engine reports while it works. */
export type EngineEvent =
  | { readonly kind: "begin"; readonly change: Change }
  | { readonly kind: "end"; readonly change: Change; readonly seconds: number }
  | { readonly kind: "fail"; readonly change: Change; readonly seconds: number; readonly message: string }
  /** A message of the program or a command. `urn` is empty when it is no resource's. */
  | {
      readonly kind: "log";
      readonly severity: "info" | "warning" | "error";
      readonly message: string;
      readonly urn: string;
    };

export interface RunOptions {
  /** Configuration for this run only, key (`lab:standbys`) to text; it never reaches the stack's file. */
  readonly config?: Readonly<Record<string, string>>;
  /** Names of resources that `preview` and `up` replace, whether they differ or not: commands run again. */
  readonly replace?: readonly string[];
  /** Asked by `up` after `beforeRun` and before `beforeChange` for the names of more resources to replace. */
  readonly replaceToo?: () => Promise<readonly string[]>;
  readonly onEvent?: (event: EngineEvent) => void;
  /**
   * Awaited by `up` before its first change and before `beforeChange`, while no other run of the stack works; the run rejects as it
   * does. Tells whether it has left the hosts as they were: what an engine has previewed meanwhile is true then.
   */
  readonly beforeRun?: () => Promise<boolean>;
  /**
   * Awaited by `up` before changes; the run rejects as it does, and changes nothing more. Asked once with all changes (`areAll`) where a
   * preview has shown them, else for each as it comes.
   */
  readonly beforeChange?: (coming: readonly Change[], areAll: boolean) => Promise<void>;
  /** Whether `destroy` deletes protected resources too; else it refuses to begin. */
  readonly unprotect?: boolean;
  /** Aborted: running operations are finished, no others begun, the state is saved, and the run rejects. */
  readonly signal?: AbortSignal;
}

/** A stack output, as `pulumi stack output --json --show-secrets` prints it, and whether it is secret. */
export interface Output {
  readonly value: unknown;
  readonly secret: boolean;
}

/** What a run did. */
export interface Result {
  readonly changes: readonly Change[];
  readonly outputs: Readonly<Record<string, Output>>;
}

/** Carries the program out for one stack. Rejects with an `EngineError` when anything failed. */
export interface Engine {
  readonly name: "embedded" | "pulumi";
  /** What `up` would change. Touches nothing. */
  preview(options?: RunOptions): Promise<readonly Change[]>;
  up(options?: RunOptions): Promise<Result>;
  destroy(options?: RunOptions): Promise<Result>;
  /** The outputs of the last `up`; empty when there was none. */
  outputs(): Promise<Readonly<Record<string, Output>>>;
  /** The names of the stack's protected resources. */
  protectedResources(): Promise<readonly string[]>;
}

/** Where a stack's program and state are. */
export interface StackLocation {
  /** Absolute path of the folder with Pulumi.yaml. */
  readonly projectFolder: string;
  /** The stack's name: `Pulumi.NAME.yaml`. */
  readonly stack: string;
  /** Absolute path of the folder of the stack's state, mode 0700: `.lab/NAME`. */
  readonly stateFolder: string;
}

/** The folder of a stack's state. */
export function stateFolderOf(projectFolder: string, stack: string): string {
  return path.join(projectFolder, ".lab", stack);
}

/** What is said of a run that was interrupted. */
export const INTERRUPTED = "interrupted: running operations were finished, no others begun; the state is saved";

/** A failure with a message for the user, without a stack trace. */
export class EngineError extends Error {}
