import { privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import type { DeployedLab } from "../../observe/lab";
import { repositoryOf } from "../../plan/plan";
import type { Repair } from "../repair";
import type { Stack } from "./stack";
import { findUsersLab } from "./users-lab";

/** The line that runs `pulumi up` on a stack with these words of a shell, as root in the namespace of its hosts where it has one of its own. */
export function plainUp({ location, isPrivate }: Stack, ...options: string[]): string {
  const inside = isPrivate ? [`nsenter --net=/run/netns/${privateLibvirtdOf(location).namespace}`] : [];
  return [...inside, "pulumi up --stack", location.stack, ...options].join(" ");
}

/** The line that carries out a repair with the user's own CLI; undefined where a lab was not made with that. */
export async function plainRepair(
  stack: Stack,
  { plan }: Pick<DeployedLab, "plan">,
  { steps, fullBackups }: Pick<Repair, "steps" | "fullBackups">,
): Promise<string | undefined> {
  const users = await findUsersLab(stack);
  if (users === undefined) return undefined;
  const { name, account } = repositoryOf(plan);
  const targets = (await users.urnsOf(steps)).flatMap((urn) => ["--target-replace", `'${urn}'`]);
  // What a step printed may change the inputs of others.
  const up = targets.length > 0 ? [plainUp(stack, ...targets, "--target-dependents")] : [];
  const backup = (number: number): string => {
    const repository = number === 1 ? "" : ` --repo=${number}`;
    return `./lab ssh --stack ${stack.location.stack} ${name} -- sudo -u ${account} pgbackrest --stanza=${plan.stanza}${repository} --type=full backup`;
  };
  return [...up, ...fullBackups.map(backup)].join(" && ");
}
