import type { Finding } from "./findings";
import type { Report } from "./report";

/** What a boot does not change. */
const LASTING: readonly Finding["area"][] = ["certificate", "files", "versions", "disk"];

/** But a server that has come up, or a clock that was set. */
const SETTLING = ["LAB-CERT-NOT-SERVED", "LAB-CERT-NOT-YET-VALID"];

/**
 * Whether a lab is not proven for reasons alone that no waiting mends.
 * @param started Hosts that have just been started: their units come up later.
 */
export function isLasting({ unproven }: Pick<Report, "unproven">, started: readonly string[]): boolean {
  const failures = unproven.filter(({ level }) => level === "fail");
  return failures.every(({ code, area, host }) =>
    area === "units" ? !started.includes(host) : LASTING.includes(area) && !SETTLING.includes(code),
  );
}
