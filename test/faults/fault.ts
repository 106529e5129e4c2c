/** Something that goes wrong on a host of a lab on containers. */
export interface Fault {
  /** What a person would call it. */
  readonly name: string;
  readonly host: string;
  /** How it is made: shell, as root on the host, or what happens to the host in its libvirt. */
  readonly inject: string | readonly HostEvent[];
  /** What the doctor must tell, `LEVEL CODE HOST: CAUSE` or `LEVEL CODE CLIENT → SERVER: CAUSE`, and nothing beside it. */
  readonly told: readonly (string | RegExp)[];
  /**
   * What puts it right: `./lab up`, the remedies as they are printed, or, where only a person can, what that person does first (shell, as
   * root on the host, or on others), or which command of the printed sentence that person chooses.
   */
  readonly healedBy:
    | "up"
    | "remedy"
    | { readonly person: string; readonly on?: readonly string[]; readonly then?: "up" }
    | { readonly choice: RegExp };
  /**
   * Whether data is moved aside by that, which is told until the printed command removes it.
   * @default false
   */
  readonly leavesAside?: true;
  /**
   * Whether it is tried alone, as other hosts feel it.
   * @default false
   */
  readonly alone?: true;
}

/** virsh's words for a domain; the deletion of its disk. */
export type HostEvent = "destroy" | "suspend" | "undefine" | "disk";

/** Faults that are tried at the same time: each on a host of its own, and none that other hosts feel. */
export function rounds(faults: readonly Fault[]): Fault[][] {
  const found: Fault[][] = [];
  for (const fault of faults) {
    const round = found.find((each) => !fault.alone && each.every(({ host, alone }) => !alone && host !== fault.host));
    if (round === undefined) found.push([fault]);
    else round.push(fault);
  }
  return found;
}

/** Whether a finding, as it is told, is what a fault must cause. */
export function isTold(wanted: string | RegExp, finding: string): boolean {
  return typeof wanted === "string" ? wanted === finding : wanted.test(finding);
}
