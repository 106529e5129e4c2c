import { hasHostMap, type Host } from "./hosts";
import { networkRange } from "./ipv4";
import { isOnThisMachine, privateStackOf } from "./libvirt-uri";
import { PROJECT_FOLDER } from "./project-folder";
import type { Refuse } from "./rules";
import { SCHEMA, type Values } from "./schema";
import { hasSites, type LibvirtSite, sitesOf } from "./sites";

/** Rules of `lab:sites`, and of the keys that it replaces. */
export function checkSites(values: Values, refuse: Refuse): void {
  if (!hasSites(values)) return;
  if (!hasHostMap(values)) {
    refuse("sites", "must be empty when lab:hosts is: each host of it names its site");
    return;
  }
  for (const key of ["libvirtUri", "network", "networkMode", "bridge"] as const) {
    if (values[key] === SCHEMA[key].default) continue;
    refuse(key, `must be left out when lab:sites is set, got "${values[key]}"; hint: each site has its own`);
  }
  const used = new Set(Object.values(values.hosts).map(({ site }) => site));
  const idle = Object.keys(values.sites).filter((name) => !used.has(name));
  if (idle.length > 0) refuse("sites", `must have a host in every site, got none in ${idle.join(", ")}`);
  for (const [index, site] of sitesOf(values).entries())
    for (const other of sitesOf(values).slice(index + 1)) checkPair(site, other, refuse);
  for (const { name = "", libvirtUri } of sitesOf(values)) {
    const stack = isOnThisMachine(libvirtUri) ? privateStackOf(libvirtUri, PROJECT_FOLDER) : undefined;
    if (stack === undefined) continue;
    refuse(
      "sites",
      `must be a libvirt that runs without this program, got the private libvirtd of stack "${stack}"`,
      `.${name}.libvirtUri`,
    );
  }
}

function checkPair(site: LibvirtSite, other: LibvirtSite, refuse: Refuse): void {
  const names = [site.name, other.name].join(" and of ");
  if (site.libvirtUri === other.libvirtUri)
    refuse("sites", `must have libvirts that differ, got "${site.libvirtUri}" of ${names}`);
  const [one, two] = [networkRange(site.network), networkRange(other.network)];
  if (one.first <= two.last && two.first <= one.last)
    refuse(
      "sites",
      `must have networks that do not overlap, got "${site.network}" of ${site.name} and "${other.network}" of ${other.name}`,
    );
}

/**
 * Rules of the hosts' sites.
 * @returns Whether every host has one: without, it has no address either.
 */
export function checkPlacement(values: Values, hosts: readonly Host[], refuse: Refuse): boolean {
  const { sites } = values;
  const list = (chosen: readonly Host[]): string => chosen.map(({ name }) => name).join(", ");
  const placed = hosts.filter(({ site }) => site !== undefined);
  if (!hasSites(values)) {
    if (placed.length > 0) refuse("hosts", `must leave out site when lab:sites is empty, got one of ${list(placed)}`);
    return placed.length === 0;
  }
  const names = Object.keys(sites);
  const problems: string[] = [];
  if (placed.length < hosts.length) {
    const missing = hosts.filter(({ site }) => site === undefined);
    problems.push(`must have a site of every host when lab:sites is set, got none of ${list(missing)}`);
  }
  for (const { name, site = "", existing } of placed) {
    if (!names.includes(site))
      problems.push(`must have sites of lab:sites (${names.join(", ")}), got "${site}" of ${name}`);
    else if (sites[site] === "existing" && existing === undefined)
      problems.push(`must have existing of every host whose site is existing, got none of ${name} in ${site}`);
    else if (sites[site] !== "existing" && existing !== undefined)
      problems.push(`must leave out existing of ${name}: its site ${site} is libvirt's`);
  }
  for (const problem of problems) refuse("hosts", problem);
  return problems.length === 0;
}
