import type { Properties } from "../values";
import { covers, leaves } from "../values";

/** A resource as its driver sees it: secrets are like other values. */
export interface Subject<Inputs = Properties, Outputs = Properties> {
  readonly inputs: Inputs;
  /** Of the last operation. */
  readonly outputs: Outputs;
  /** What its provider was configured with. */
  readonly provider: { readonly uri?: string };
}

/** One operation that runs. */
export interface Task {
  /** Aborted when the resource's time is up. */
  readonly signal: AbortSignal;
  readonly log: (message: string, severity?: "info" | "warning") => void;
}

/** Carries out the operations on resources of one type, by the rules of the real provider. */
export interface Driver<Inputs = Properties, Outputs = Properties> {
  /** The inputs that it knows, as property paths. Any other is refused. */
  readonly inputs: readonly string[];
  /** Outputs that an update leaves as they are: a preview knows them. */
  readonly stable?: readonly string[];
  /** Whether a killed create may leave an object. It is deleted before the next; `outputs.uuid` tells it from a stranger's. */
  readonly leavesObjects?: boolean;
  /** What a difference at these paths takes. Throws when it cannot be had. */
  change(paths: readonly string[], inputs: Inputs): "update" | "replace";
  create(subject: Subject<Inputs, { uuid: string }>, task: Task): Promise<{ id: string; outputs: Outputs }>;
  /** Gives the new outputs. */
  update?(subject: Subject<Inputs, Outputs>, task: Task, paths: readonly string[]): Promise<Outputs>;
  /** Deletes what is there, and accepts that nothing is. */
  delete?(subject: Subject<Inputs, Outputs>, task: Task): Promise<void>;
  /** Says of each what is not as the last operation left it: a path, `gone`, or nothing. */
  observe?(subjects: readonly Subject<Inputs, Outputs>[]): Promise<(string | undefined)[]>;
}

/** The inputs that a driver does not know. */
export function unknownInputs({ inputs }: Driver, given: Properties): string[] {
  // In a preview, one unknown value may stand for a whole object.
  return leaves(given).filter((path) => !inputs.some((known) => covers(known, path) || covers(path, known)));
}
