/** Something that goes wrong on a host of a lab on containers. */
export interface Fault {
  /** What a person would call it. */
  readonly name: string;
  readonly host: string;
  /**
   * How it is made: shell, as root on the host, with the lab's CA on its standard input, certificate first; or shell and words of `HostEvent`,
   * one after the other.
   */
  readonly inject: string | readonly string[];
  /** What the doctor must tell, `LEVEL CODE HOST: CAUSE` or `LEVEL CODE CLIENT → SERVER: CAUSE`, and nothing beside it. */
  readonly told: readonly (string | RegExp)[];
  /**
   * What puts it right: time, `./lab up`, the remedies as they are printed, or, where only a person can, what that person does first (shell,
   * as root on the host, or on others), or which command that person chooses: of the printed sentence, or of the hint with which the
   * printed remedy is refused.
   */
  readonly healedBy:
    | "itself"
    | "up"
    | "remedy"
    | { readonly person: string; readonly on?: readonly string[]; readonly then?: "up" }
    | { readonly choice: RegExp }
    | { readonly hint: RegExp };
  /**
   * Whether data is moved aside by that, which is told until the printed command removes it.
   * @default false
   */
  readonly leavesAside?: true;
  /** What of its host it concerns: it is tried at the same time as faults of that host which concern something else. The whole host when left out. */
  readonly part?: "pgbackrest" | "postgresql";
  /**
   * Whether it is named whatever is wrong on other hosts, and they do not feel it: it is tried at the same time as anything there.
   * @default false
   */
  readonly local?: true;
  /**
   * Whether it is tried alone but for local ones, as other hosts feel it; a word: with those of the same word, on whatever hosts.
   * @default false
   */
  readonly alone?: true | string;
}

/** virsh's words for a domain; the deletion of its disk; a boot. */
export const HOST_EVENTS = ["destroy", "suspend", "undefine", "disk", "reboot"] as const;
export type HostEvent = (typeof HOST_EVENTS)[number];

/** These faults, which concern a part of their hosts. */
export function ofPart(part: NonNullable<Fault["part"]>, faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => ({ ...fault, part }));
}

/** Whether two faults may be of one round. */
function areApart(one: Fault, other: Fault): boolean {
  if (typeof one.alone === "string" || typeof other.alone === "string") return one.alone === other.alone;
  if ((one.alone || other.alone) && !one.local && !other.local) return false;
  return one.host !== other.host || (one.part !== undefined && other.part !== undefined && one.part !== other.part);
}

/** Faults that are tried at the same time. Local ones come last: they join any round. */
export function rounds(faults: readonly Fault[]): Fault[][] {
  const found: Fault[][] = [];
  for (const fault of [...faults.filter(({ local }) => !local), ...faults.filter(({ local }) => local)]) {
    const round = found.find((each) => each.every((other) => areApart(fault, other)));
    if (round === undefined) found.push([fault]);
    else round.push(fault);
  }
  return found;
}

/** Whether a finding, as it is told, is what a fault must cause. */
export function isTold(wanted: string | RegExp, finding: string): boolean {
  return typeof wanted === "string" ? wanted === finding : wanted.test(finding);
}
