import { covers, leaves, type Properties } from "../values";

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
  /** How each differs from its last operation's result: a property path, `missing`, or undefined. */
  observe?(subjects: readonly Subject<Inputs, Outputs>[]): Promise<(string | undefined)[]>;
}

/** The inputs that a driver does not know. */
export function unknownInputs({ inputs }: Driver, given: Properties): string[] {
  // In a preview, one unknown value may stand for a whole object.
  return leaves(given).filter((path) => !inputs.some((known) => covers(known, path) || covers(path, known)));
}
