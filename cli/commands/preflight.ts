import { someExist } from "../../config/sites";
import { findObstacles } from "../gates/machines";
import { type Invocation, stackOf } from "../invocation";
import { renderFinding } from "../show/findings";
import { stackSettings } from "../stack/stack-settings";

/** Finds what keeps the stack's machines from being in a lab; exit status 1 when something does. */
export async function preflight(invocation: Invocation, { json = false }: { json?: boolean }): Promise<number> {
  const stack = stackOf(invocation);
  const settings = stackSettings(invocation, stack, "nothing");
  if (!someExist(settings.configuration)) {
    throw new Error(
      `the hosts of stack "${stack.location.stack}" are libvirt's: ./lab up makes them; hint: docs/machines.md`,
    );
  }
  const findings = await findObstacles(settings, stack.location.stack);
  const isReady = findings.every(({ level }) => level !== "fail");
  process.stdout.write(
    json
      ? `${JSON.stringify(findings, undefined, 2)}\n`
      : [...findings.map(renderFinding), isReady ? "ready" : "not ready", ""].join("\n"),
  );
  return isReady ? 0 : 1;
}
