import type { LabConfig } from "../../config/schema";
import { type Change, type Engine, EngineError, type Output } from "../../engine/engine";
import { expiryFindings } from "../../observe/expiry";
import type { ReadHost } from "../../observe/facts";
import type { Finding } from "../../observe/findings";
import type { DeployedLab } from "../../observe/lab";
import { readFacts } from "../../observe/observe";
import { hostOf } from "../../plan/plan";
import { renderRotation } from "../../config/ca-stages";
import type { Invocation } from "../invocation";
import { isStep } from "../resource-names";
import { writeError } from "../show/progress";
import { deployedLab, hasLab } from "../stack/deployed-lab";
import type { Stack } from "../stack/stack";
import { reachedRotation } from "./rotation";

interface ExpiryOptions {
  readonly allowExpiring?: boolean;
  /** What the run would change; without it, a preview finds out when something expires soon. */
  readonly previewed?: readonly Change[];
  /** The hosts' facts; read here when not given. For a host without facts, the stack's outputs count. */
  readonly facts?: ReadonlyMap<string, ReadHost>;
  /** The stack's outputs before the run. */
  readonly outputs: Readonly<Record<string, Output>>;
}

/**
 * Checks, before the first resource, when the hosts' certificates and their CA expire.
 * @param wanted The configuration of the run.
 * @throws EngineError when one that this run does not renew expires in less than 7 days, unless that is allowed.
 */
export async function checkExpiry(
  { options, signal }: Invocation,
  { location }: Stack,
  engine: Engine,
  wanted: LabConfig,
  { allowExpiring = false, previewed, facts, outputs }: ExpiryOptions,
): Promise<void> {
  const reached = reachedRotation(outputs, location);
  if (reached === undefined || !hasLab(outputs)) return;
  const lab = deployedLab(outputs, location.stack);
  const { renewDays } = wanted;
  const found = expiryFindings(lab, facts ?? (await readFacts(lab, "proof")), renewDays);
  if (found.length === 0) return;

  const changes = previewed ?? (await engine.preview({ config: options.config, signal }));
  const isRotating = wanted.caStage !== "retire" || renderRotation(wanted) !== renderRotation(reached);
  const failures: string[] = [];
  for (const finding of found) {
    const outside = finding.code.startsWith("LAB-CA-") ? wanted.caCertificate : wanted.hostCertificates;
    const judged = judgeExpiry(finding, lab, changes, { renewDays, isRotating, isOutside: outside !== "" });
    if (judged.isRenewed) writeError(`lab: ${judged.text}; this run renews it`);
    else if (finding.level === "warn" || allowExpiring) writeError(`warning: ${judged.text}; hint: ${judged.hint}`);
    else failures.push(`${judged.text}; hint: ${judged.hint}`);
  }
  if (failures.length > 0) throw new EngineError([...failures, "hint: --allow-expiring continues anyway"].join("\n"));
}

/** An expiry, whether this run renews the certificate, and what does. For a PKI from outside, a run renews what it installs. */
export function judgeExpiry(
  { code, host, cause }: Finding,
  { plan, managed }: Pick<DeployedLab, "plan" | "managed">,
  changes: readonly Change[],
  { renewDays, isRotating, isOutside }: { renewDays: number; isRotating: boolean; isOutside: boolean },
): { text: string; isRenewed: boolean; hint: string } {
  const { resources, certificate } = hostOf(plan, host);
  const isInstalled = (path: string): boolean => {
    const [step] = managed?.[host]?.files.find((file) => file.path === path)?.steps ?? [];
    return changes.some(({ name, operation }) => name === step && operation !== "same");
  };
  // The component has the same name.
  const signed = changes.find((change) => change.name === resources.certificate && isStep(change))?.operation;
  if (code.startsWith("LAB-CA-")) {
    const hint = isOutside ? 'docs/trust.md, "A PKI of your own"' : "./lab rotate-ca";
    return { text: cause, isRenewed: isRotating || (isOutside && isInstalled(certificate.ca)), hint };
  }
  return {
    text: `${host}: ${cause}`,
    isRenewed: isOutside ? isInstalled(certificate.certificate) : signed === "create" || signed === "replace",
    hint: isOutside
      ? "put a new certificate and key into the files of lab:hostCertificates"
      : `lab:renewDays is ${renewDays}; a higher lab:keyGeneration renews it now`,
  };
}
