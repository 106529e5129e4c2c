import { setMaxListeners } from "node:events";
import { covers, leaves, mask, type Properties } from "../values";

/** A resource as its driver sees it: secrets in the clear. */
export interface Subject<Inputs = Properties, Outputs = Properties> {
  readonly inputs: Inputs;
  /** The last operation's. */
  readonly outputs: Outputs;
  /** Its provider's configuration. */
  readonly provider: { readonly uri?: string };
}

/** One operation that runs. */
export interface Task {
  /** Aborted when the resource's time-out is over. */
  readonly signal: AbortSignal;
  readonly log: (message: string, severity?: "info" | "warning") => void;
}

/** How what exists differs from the last operation's result. */
export interface Drift {
  /** A property path, or `missing`. */
  readonly path: string;
  /** The value that is there. */
  readonly found?: unknown;
}

/** There is no such object. */
export const MISSING: Drift = { path: "missing" };

/** It is shut off: starting it is no change of it, so `replaceOnChanges` does not concern it. */
export const SHUT_OFF: Drift = { path: "running", found: false };

/** Carries out the operations on resources of one type, by the rules of the real provider. */
export interface Driver<Inputs = Properties, Outputs = Properties> {
  /** The known inputs, as property paths. Any other is refused. */
  readonly inputs: readonly string[];
  /** Outputs that an update does not change: a preview knows them. */
  readonly stable?: readonly string[];
  /** Whether an interrupted create may leave an object. It is deleted before the next create; `outputs.uuid` identifies it. */
  readonly leavesObjects?: boolean;
  /**
   * The operation for a difference at these paths.
   * @throws Error when there is none.
   */
  change(paths: readonly string[], inputs: Inputs): "update" | "replace";
  create(subject: Subject<Inputs, { uuid: string }>, task: Task): Promise<{ id: string; outputs: Outputs }>;
  /** @returns The new outputs. */
  update?(subject: Subject<Inputs, Outputs>, task: Task, paths: readonly string[]): Promise<Outputs>;
  /** Deletes the object; a missing one is no error. */
  delete?(subject: Subject<Inputs, Outputs>, task: Task): Promise<void>;
  observe?(subjects: readonly Subject<Inputs, Outputs>[]): Promise<(Drift | undefined)[]>;
  /** Whether the object is in the state alone: to observe it takes no question, so a comparison need not wait for a refresh. */
  readonly isStateOnly?: boolean;
  /** The paths that `observe` may find to differ, and the value of each that has none in the inputs and does not differ. */
  readonly observed?: Readonly<Record<string, unknown>>;
}

/** The inputs that a driver does not know. */
export function unknownInputs({ inputs }: Driver, given: Properties): string[] {
  // In a preview, one unknown value may stand for a whole object.
  return leaves(given).filter((path) => !inputs.some((known) => covers(known, path) || covers(path, known)));
}

/** Carries an operation out in the time that it has. */
export async function inTime<T>(
  milliseconds: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const timer = milliseconds === undefined ? undefined : setTimeout(controller.abort.bind(controller), milliseconds);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A message without the secrets of a resource. The SDK marks a connection as a whole: its address stays, its key is never in a message. */
export function maskInputs(message: string, inputs: Properties): string {
  return mask(message, { ...inputs, connection: undefined });
}
