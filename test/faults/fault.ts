/** Something that goes wrong on a host of a lab on containers. */
export interface Fault {
  /** What a person would call it. */
  readonly name: string;
  readonly host: string;
  /** How it is made: shell, as root on the host. */
  readonly inject: string;
  /** What the doctor must tell, `LEVEL CODE HOST: CAUSE` or `LEVEL CODE CLIENT → SERVER: CAUSE`, and nothing beside it. */
  readonly told: readonly (string | RegExp)[];
  /**
   * What puts it right: `./lab up`, the remedies as they are printed, or, where only a person can, what that person does first (shell, as
   * root on the host), or which command of the printed sentence that person chooses.
   */
  readonly healedBy: "up" | "remedy" | { readonly person: string; readonly then?: "up" } | { readonly choice: RegExp };
  /**
   * Whether data is moved aside by that, which is told until the printed command removes it.
   * @default false
   */
  readonly leavesAside?: true;
}
