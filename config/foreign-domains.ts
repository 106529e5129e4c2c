import { askVirsh, virshUri } from "./virsh";

/** A domain of a lab: its name, and the file of its disk in the lab's pool. */
export interface OwnDomain {
  readonly name: string;
  readonly disk: string;
}

/** Definitions of these domains, as XML by name. When libvirt cannot be asked, there are none: the first resource fails with the reason. */
export function readDomains(libvirtUri: string, names: readonly string[]): ReadonlyMap<string, string> {
  const virsh = (...args: string[]): string => askVirsh(libvirtUri, args).stdout;
  const all = virsh("list", "--all", "--name").split("\n");
  const found = names.filter((name) => all.includes(name));
  return new Map(found.flatMap((name) => [virsh("dumpxml", name)].flatMap((xml) => (xml ? [[name, xml]] : []))));
}

/** Whether a definition is a lab's: its disk is in the lab's pool, whether the file exists or not. */
export function isOwnDomain(xml: string, pool: string, disk: string): boolean {
  return diskOf(xml).endsWith(`/${pool}/${disk}`);
}

/** Problems with other domains of the names of a lab's, a line each. */
export function foreignDomainProblems(
  libvirtUri: string,
  pool: string,
  own: readonly OwnDomain[],
  domains: ReadonlyMap<string, string>,
): string[] {
  // libvirt cannot rename containers.
  const rename = (name: string): string =>
    /^lxc/.test(libvirtUri)
      ? "bring up a stack of another name"
      : `once it is shut off, virsh -c "${virshUri(libvirtUri)}" domrename ${name} ${name}-other`;
  return own.flatMap(({ name, disk }) => {
    const xml = domains.get(name);
    if (xml === undefined || isOwnDomain(xml, pool, disk)) return [];
    return [
      `domain "${name}" of ${libvirtUri} is not this lab's: its disk is ${diskOf(xml) || "no file"}; ` +
        `hint: ${rename(name)}`,
    ];
  });
}

/** The file of the first disk; empty when there is none. */
function diskOf(xml: string): string {
  return /<source file=['"]([^'"]+)/.exec(xml)?.[1] ?? "";
}
