import { findUsersStack } from "../../engine/pulumi/users-stack";
import { stackEngine } from "../../engine/stack-engine";
import { privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import type { Stack } from "./stack";

/**
 * Refuses a stack whose lab the user has brought up with `pulumi up`: beside it, `./lab` would make a second one of the same names.
 * @throws Error with the commands that work on it.
 */
export async function refuseUsersLab({ location, isPrivate }: Stack): Promise<void> {
  if (stackEngine(location) !== undefined) return;
  const found = await findUsersStack(location);
  if (found === undefined) return;
  const { stack } = location;
  const pulumi = isPrivate ? `nsenter --net=/run/netns/${privateLibvirtdOf(location).namespace} pulumi` : "pulumi";
  throw new Error(
    `stack "${stack}" has a lab that pulumi made, in ${found.backend} (${found.resources} resources), and ./lab works only on labs that it made; ` +
      `hint: ${pulumi} up --stack ${stack}, or, before ./lab up --stack ${stack}, ${pulumi} destroy --stack ${stack}`,
  );
}
