import type { Resource } from "./state";

type Protected = Pick<Resource, "urn">;

/** Why a protected resource is not replaced: Pulumi's sentence, and the way in this project. */
export function keptFromReplacement(resource: Protected, root?: Protected): string {
  const part = root === undefined ? "" : ` as part of replacing "${root.urn}"`;
  return `unable to replace resource "${resource.urn}"${part}, as it is protected; hint: ${lift(resource)}`;
}

/** Why a protected resource is not deleted. */
export function keptFromDeletion(resource: Protected): string {
  return (
    `resource "${resource.urn}" cannot be deleted, because it is protected; ` +
    `hint: ${lift(resource)} first, or ./lab destroy --stack ${stackOf(resource)} --unprotect`
  );
}

function lift(resource: Protected): string {
  return `./lab up --stack ${stackOf(resource)} --config protect=false`;
}

function stackOf({ urn }: Protected): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
}
