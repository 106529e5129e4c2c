/** What the doctor looks at on a host, in the order in which it is told. */
export const AREAS = ["host", "certificate", "units", "files", "versions", "PostgreSQL", "stanza", "disk"] as const;

/** What the doctor looks at between two hosts, in the order in which a client meets it. */
export const STAGES = ["TCP", "TLS", "version", "authorisation"] as const;

export type Area = (typeof AREAS)[number];
export type Stage = (typeof STAGES)[number];

/** `warn`: it works, but not for long, or not as it was made. `fail`: something does not work, or will not when it is needed. */
export type Level = "warn" | "fail";

/** Something that is not as it should be. */
export interface Finding {
  readonly level: Level;
  /** The host on which it is seen. */
  readonly host: string;
  /** The server that the host talks to, when it is about a pair of hosts. */
  readonly peer?: string;
  readonly area: Area | Stage;
  /** The file, unit, common name, setting or folder that it is about. */
  readonly subject: string;
  /** One sentence: what is wrong. */
  readonly cause: string;
  /** What to do. */
  readonly remedy: string;
  /** The program's steps that put it right, where there are any: names of resources. */
  readonly steps?: readonly string[];
  /** Whether a new full backup puts it right. */
  readonly needsFullBackup?: boolean;
  /** Unified, from what the program wants to what is there. */
  readonly diff?: string;
}

/** The worse of what was found; `ok` when nothing was. */
export function worst(findings: readonly Finding[]): Level | "ok" {
  if (findings.some(({ level }) => level === "fail")) return "fail";
  return findings.length > 0 ? "warn" : "ok";
}
