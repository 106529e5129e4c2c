import type { Output } from "../../engine/engine";
import type { Finding } from "../../observe/findings";
import { planLab } from "../../plan/plan";
import { renderFinding } from "../show/findings";
import { deployedLab, hasLab } from "../stack/deployed-lab";
import type { StackSettings } from "../stack/stack-settings";

/**
 * Looks at machines that exist and are not in the lab yet.
 * @param canRestart Whether somebody consents to the restart of a cluster that is adopted, or will be asked.
 * @throws Error when one of them cannot be in it: nothing has changed then.
 */
export async function checkMachines(
  settings: StackSettings,
  stack: string,
  outputs: Readonly<Record<string, Output>>,
  canRestart: boolean,
): Promise<void> {
  const deployed = hasLab(outputs) ? deployedLab(outputs, stack).plan.hosts.map(({ name }) => name) : [];
  const findings = await findObstacles(settings, stack, deployed);
  for (const finding of findings.filter(({ level }) => level !== "fail"))
    process.stderr.write(`lab: ${renderFinding(finding)}\n`);
  const obstacles = findings.filter(({ level }) => level === "fail");
  const restart = findings.find(({ code }) => code === "LAB-ADOPT-RESTART");
  if (obstacles.length === 0 && restart !== undefined && !canRestart)
    throw new Error(`PostgreSQL on ${restart.host} would restart, and this is no terminal to ask on; hint: --yes`);
  if (obstacles.length > 0) throw new Error(["nothing was changed:", ...obstacles.map(renderFinding)].join("\n"));
}

/** The obstacles on machines that exist, unless they are in a lab already; none where libvirt has the hosts. */
export async function findObstacles(
  { configuration, sshPrivateKey, unread }: StackSettings,
  stack: string,
  deployed: readonly string[] = [],
): Promise<readonly Finding[]> {
  const plan = planLab(configuration);
  const machines = plan.hosts.filter(({ existing }) => existing !== undefined);
  const names = machines.map(({ name }) => name).filter((name) => !deployed.includes(name));
  if (names.length === 0) return [];
  if (unread.includes("sshPrivateKey"))
    process.stderr.write("lab: lab:sshPrivateKey is encrypted, so the machines are asked with the SSH agent's keys\n");
  const hostKeys = Object.fromEntries(machines.map(({ name, existing }) => [name, existing?.hostKey ?? ""]));
  const ssh = { user: "", privateKey: sshPrivateKey, hostKeys };
  // Loaded on use: what asks hosts takes a while.
  const { preflightMachines } = await import("../../observe/preflight");
  return preflightMachines({ stack, plan, configuration, ssh }, names);
}
