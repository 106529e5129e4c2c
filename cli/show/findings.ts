import type { Finding } from "../../observe/findings";

/** A finding for people, in a line: `LEVEL CODE HOST: CAUSE`. */
export function renderCause({ level, code, host, peer, subject, cause }: Finding): string {
  const where = peer === undefined ? host : `${host} → ${peer}`;
  const about = subject.startsWith("/") && !cause.includes(subject) ? `${subject}: ` : "";
  return `${level} ${code} ${where}: ${about}${cause}`;
}

/** The same, `; hint: REMEDY`, and the difference where there is one. */
export function renderFinding(finding: Finding): string {
  const lines = finding.diff === undefined ? [] : finding.diff.trimEnd().split("\n").slice(1);
  return [`${renderCause(finding)}; hint: ${finding.remedy}`, ...lines.map((line) => `     ${line}`)].join("\n");
}

/** Findings for people, and how many others follow from them. */
export function renderFindings(findings: readonly Finding[], consequences: readonly Finding[]): string[] {
  const count = consequences.length;
  return [
    ...findings.map(renderFinding),
    ...(count === 0
      ? []
      : [`${count} more ${count === 1 ? "finding follows" : "findings follow"} from these; hint: --json lists them`]),
  ];
}
