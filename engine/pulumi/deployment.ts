/** A resource in a stack's state, as far as it is read here. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly custom?: boolean;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The part of a stack's state that is read here. */
export interface Deployment {
  readonly resources?: readonly StateResource[];
  /** What a killed run was about to do. */
  readonly pending_operations?: readonly unknown[];
}
