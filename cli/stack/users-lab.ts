import { findUsersStack } from "../../engine/pulumi/users-stack";
import { stackEngine } from "../../engine/stack-engine";
import { privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { findPulumi } from "./find-pulumi";
import type { Stack } from "./stack";

/**
 * Refuses a stack whose lab was made with `pulumi up`: `./lab` would create a second one of the same names.
 * @throws Error with the commands for it.
 */
export async function refuseUsersLab({ location, isPrivate }: Stack): Promise<void> {
  if (stackEngine(location) !== undefined) return;
  const cli = findPulumi(location)?.cli;
  const found = cli && (await findUsersStack(cli, location));
  if (found === undefined) return;
  const { stack } = location;
  const pulumi = isPrivate ? `nsenter --net=/run/netns/${privateLibvirtdOf(location).namespace} pulumi` : "pulumi";
  throw new Error(
    `stack "${stack}" was made by pulumi, in ${found.backend} (${found.resources} resources); ./lab works only on its own labs; ` +
      `hint: ${pulumi} up --stack ${stack}, or ${pulumi} destroy --stack ${stack} before ./lab up --stack ${stack}`,
  );
}
