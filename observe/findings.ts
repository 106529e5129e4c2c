import type { ObservedHost, ObservedLab } from "./lab";

/** What is looked at on a host, in the order in which it is told. */
export const AREAS = [
  "host",
  "certificate",
  "units",
  "files",
  "versions",
  "PostgreSQL",
  "stanza",
  "disk",
  "backup API",
] as const;

/** What is looked at between two hosts, in the order in which a client meets it. */
export const STAGES = ["TCP", "TLS", "version", "authorization"] as const;

export type Area = (typeof AREAS)[number];
export type Stage = (typeof STAGES)[number];

export type Level = "warn" | "fail";

/** What puts it right: at least one of these, the first that there is. Texts are templates. */
export interface Remedy {
  /** The program's steps that a finding names, by `./lab drift --fix`. */
  readonly steps?: true;
  /** A new full backup, by `./lab drift --fix`. */
  readonly fullBackup?: true;
  /** A command line that works when it is typed. */
  readonly command?: string;
  /** What only a person can do. */
  readonly sentence?: string;
}

/** A message, as data. */
export interface Rule {
  readonly level: Level;
  readonly area: Area | Stage;
  /** `{name}` stands for what a finding says. */
  readonly text: string;
  readonly remedy: Remedy;
  /** Whether a lab with such a failure is not proven: `status` tells it. */
  readonly proof?: true;
  /** Whether `drift` tells it, although no step puts it right. */
  readonly drift?: true;
  /**
   * Codes of what explains it, on one of the hosts that it involves: it is no cause of its own then. A `*` at the end is for any; `CODE:WORD`
   * is for those whose subject begins with the word.
   */
  readonly after?: readonly string[];
  /** Codes of what explains it where a step puts both right. */
  readonly mendedWith?: readonly string[];
  /** Whether it is still to come: it explains nothing yet. */
  readonly soon?: true;
  /**
   * What the explanation must share with it beside a host.
   * @default - nothing
   */
  readonly scope?: "subject";
}

/** Something does not work, or will not when it is needed. */
export function fail(area: Rule["area"], text: string, remedy: Remedy): Rule {
  return { level: "fail", area, text, remedy };
}

/** It works, but not for long, or not as it was made. */
export function warn(area: Rule["area"], text: string, remedy: Remedy): Rule {
  return { level: "warn", area, text, remedy };
}

/** What a rule found. */
export interface Found {
  /** The server that the host talks to, when it is about a pair of hosts, and its port. */
  readonly peer?: string;
  readonly port?: number;
  /** The file, unit, setting, folder or common name that it is about. */
  readonly subject?: string;
  /** The number of the repository that it is about, where there are several. */
  readonly inRepository?: number;
  /** Further hosts where its cause may be. */
  readonly involves?: readonly (string | undefined)[];
  /** The program's steps that put it right: names of resources. */
  readonly steps?: readonly string[];
  /** Unified, from what the program wants to what is there. */
  readonly diff?: string;
  /** What its templates say. */
  readonly [word: string]: unknown;
}

export type Tell<Code extends string> = (code: Code, host: Pick<ObservedHost, "name">, found?: Found) => void;

/** The rules of an area: messages as data, and the function that judges. */
export interface Rules<Code extends string = string> {
  readonly messages: Readonly<Record<Code, Rule>>;
  readonly judge: (lab: ObservedLab, tell: Tell<Code>) => void;
}

/** Has the judge name only codes that are there. */
export function rules<Code extends string>(
  messages: Record<Code, Rule>,
  judge: (lab: ObservedLab, tell: Tell<NoInfer<Code>>) => void,
): Rules<Code> {
  return { messages, judge };
}

/** Something that is not as it should be. */
export interface Finding {
  readonly code: string;
  readonly level: Level;
  readonly area: Area | Stage;
  /** The host on which it is seen. */
  readonly host: string;
  readonly peer?: string;
  /** The port of `peer`, when a pair of hosts does not get on. */
  readonly port?: number;
  readonly subject: string;
  /** One sentence: what is wrong. */
  readonly cause: string;
  /** What to do. */
  readonly remedy: string;
  readonly steps?: readonly string[];
  readonly fullBackup?: true;
  /** The number of the repository that it is about, where there are several. */
  readonly inRepository?: number;
  readonly diff?: string;
  /** The code and host of the finding from which this one follows; undefined for a cause of its own. */
  readonly follows?: string;
}

/** A finding on its way to be told. */
interface Case {
  readonly finding: Finding;
  readonly rule: Rule;
  readonly involves: readonly string[];
}

/** What `judge` found. */
export interface Findings {
  /** Causes, failures first. */
  readonly causes: readonly Finding[];
  readonly consequences: readonly Finding[];
  /** Whether no rule that proves has failed. */
  readonly proven: boolean;
  /** The causes that `status` tells: of rules that prove, or of what follows from them. */
  readonly unproven: readonly Finding[];
  /** The causes that `drift` tells. */
  readonly drift: readonly Finding[];
}

/** Judges a lab by rules. What follows from another finding is told as that. */
export function judge(lab: ObservedLab, all: readonly Rules[]): Findings {
  const cases: Case[] = [];
  for (const { messages, judge: look } of all) {
    look(lab, (code, { name: host }, found = {}) => {
      const rule = messages[code];
      if (rule !== undefined) cases.push(caseOf(code, rule, host, { psql: psqlOn(lab, host), ...found }));
    });
  }
  const causeOf = (one: Case, seen: readonly Case[] = []): Case | undefined => {
    const cause =
      cases.find((other) => other !== one && !seen.includes(other) && explains(other, one)) ?? firstToSay(one, cases);
    return cause && (causeOf(cause, [...seen, one]) ?? cause);
  };
  const pairs = cases.map((one) => ({ one, cause: causeOf(one) }));
  const causes = pairs.filter(({ cause }) => cause === undefined).map(({ one }) => one);
  const proofs = pairs.filter(({ one }) => one.rule.proof);
  const isTold = (one: Case): boolean => proofs.some((proof) => proof.one === one || proof.cause === one);
  return {
    causes: ordered(causes),
    consequences: pairs.flatMap(({ one: { finding }, cause }) =>
      cause === undefined ? [] : [{ ...finding, follows: `${cause.finding.code} ${cause.finding.host}` }],
    ),
    proven: proofs.every(({ one }) => one.finding.level === "warn"),
    unproven: ordered(causes.filter(isTold)),
    drift: ordered(
      causes.filter(({ finding: { steps, fullBackup }, rule }) => steps !== undefined || fullBackup || rule.drift),
    ),
  };
}

/** How psql finds the PostgreSQL of a host, in remedies. */
function psqlOn({ hosts }: Pick<ObservedLab, "hosts">, host: string): string {
  const port = hosts.find(({ name }) => name === host)?.postgresqlPort;
  return port === undefined ? "psql" : `psql -p ${port}`;
}

/** The worse of what was found; `ok` when nothing was. */
export function worst(findings: readonly Finding[]): Level | "ok" {
  if (findings.some(({ level }) => level === "fail")) return "fail";
  return findings.length > 0 ? "warn" : "ok";
}

function caseOf(code: string, rule: Rule, host: string, found: Found): Case {
  const { peer, port, subject = peer ?? host, involves = [], steps = [], diff, inRepository, ...words } = found;
  const said = { ...words, host, peer, port, subject } as Readonly<Record<string, string | number | undefined>>;
  const fill = (template: string): string =>
    template.replaceAll(/\{(\w+)\}/g, (_all, word: string) => String(said[word] ?? "?"));
  const { level, area, text, remedy } = rule;
  const hasSteps = remedy.steps === true && steps.length > 0;
  const isFixed = hasSteps || remedy.fullBackup === true;
  const finding: Finding = {
    ...{ code, level, area, host, subject },
    ...(peer === undefined ? {} : { peer }),
    ...(port === undefined ? {} : { port }),
    cause: fill(text),
    remedy: isFixed ? "./lab drift --fix" : fill(remedy.command ?? remedy.sentence ?? "./lab up"),
    ...(hasSteps ? { steps: [...new Set(steps)] } : {}),
    ...(remedy.fullBackup ? { fullBackup: true } : {}),
    ...(inRepository === undefined ? {} : { inRepository }),
    ...(diff === undefined ? {} : { diff }),
  };
  return { finding, rule, involves: [host, peer, ...involves].filter((each) => each !== undefined) };
}

/** A host that cannot be asked explains everything that involves it. */
function explains({ finding: cause, rule: { level, soon } }: Case, { finding, rule, involves }: Case): boolean {
  if (!involves.includes(cause.host) || level === "warn" || soon) return false;
  if (cause.code === UNREACHABLE) return finding.code !== UNREACHABLE;
  const isElsewhere = cause.inRepository !== undefined && cause.inRepository !== finding.inRepository;
  if (finding.inRepository !== undefined && isElsewhere) return false;
  if (rule.scope === "subject" && finding.subject !== cause.subject) return false;
  const isNamed = (codes: readonly string[] = []): boolean =>
    codes.some((each) => {
      const [code = "", word = ""] = each.split(":");
      const isCode = code.endsWith("*") ? cause.code.startsWith(code.slice(0, -1)) : cause.code === code;
      return isCode && cause.subject.startsWith(word);
    });
  const shareStep = finding.steps?.some((step) => cause.steps?.includes(step)) ?? false;
  return isNamed(rule.after) || (shareStep && isNamed(rule.mendedWith));
}

/** What several hosts say of one peer in the same words is one cause: that of the first. */
function firstToSay(one: Case, cases: readonly Case[]): Case | undefined {
  const { code, peer, cause } = one.finding;
  if (peer === undefined) return undefined;
  const first = cases.find(({ finding }) => finding.code === code && finding.peer === peer && finding.cause === cause);
  return first === one ? undefined : first;
}

/** The code of a host that cannot be asked. */
export const UNREACHABLE = "LAB-HOST-UNREACHABLE";

function ordered(cases: readonly Case[]): Finding[] {
  const findings = cases.map(({ finding }) => finding);
  return [...findings.filter(({ level }) => level === "fail"), ...findings.filter(({ level }) => level === "warn")];
}
