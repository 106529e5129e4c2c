import { type Change, live, refused } from "./key";
import type { LabConfig } from "./schema";
import { hasSites, type LibvirtSite, siteKey, sitesOf } from "./sites";

const NEW_STACK = "bring up another stack beside this one: a copy of the stack's file under another name";

/** The effect of other sites: a libvirt's network stays as it is, and hosts stay in theirs. */
export function sitesChange(from: LabConfig, to: LabConfig): { change: Change } | undefined {
  const [old, next] = [sitesOf(from), sitesOf(to)];
  // Machines that exist are in no libvirt, with or without a site.
  if (hasSites(from) !== hasSites(to) && old.length > 0 && next.length > 0)
    return refused("hosts of libvirt stay in the one that they are in, and its network keeps its name", NEW_STACK);
  const stay = old.flatMap((site): [LibvirtSite, LibvirtSite][] =>
    next.filter(({ name }) => name === site.name).map((same) => [site, same]),
  );
  for (const [site, same] of stay)
    for (const field of ["network", "bridge"] as const)
      if (site[field] !== same[field])
        return refused(`libvirt applies no such change to a network that exists (${siteKey(site, field)})`, NEW_STACK);
  const moved = stay.find(([site, same]) => site.libvirtUri !== same.libvirtUri)?.[0];
  return moved === undefined
    ? undefined
    : live(
        `${siteKey(moved, "libvirtUri")} must be another URI of the same libvirt: elsewhere the hosts' disks are missing, and \`./lab up\` refuses`,
      );
}
