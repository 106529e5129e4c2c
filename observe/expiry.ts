import type { ReadHost } from "./facts";
import { type Finding, judge } from "./findings";
import { type DeployedLab, observedLab } from "./lab";
import { CERTIFICATES } from "./rules/certificates";

/**
 * What expires soon, or has expired: of a host that was not read, or whose files are not what the program wrote, by the certificates that
 * the stack's outputs tell.
 * @param renewDays Those of the next run.
 */
export function expiryFindings(
  lab: DeployedLab,
  read: ReadonlyMap<string, ReadHost>,
  renewDays: number,
  now = Date.now() / 1000,
): Finding[] {
  const known = lab.plan.hosts.map(({ name, role, certificate: { certificate, ca } }): [string, ReadHost] => {
    const seen = read.get(name)?.facts.certificates;
    const told = (path: string): string | undefined =>
      lab.managed?.[name]?.files.find((file) => file.path === path)?.content;
    // What differs from what the program wrote is replaced by it.
    const lasting = (text: string | undefined, path: string): string | undefined =>
      text?.trim() === told(path)?.trim() ? text : (told(path) ?? text);
    const certificates = {
      ...{ now, ...seen },
      ...{ certificate: lasting(seen?.certificate, certificate), trusted: lasting(seen?.trusted, ca) },
    };
    return [name, { facts: role === "barman" ? {} : { certificates }, unread: {} }];
  });
  const observed = observedLab({ ...lab, configuration: { ...lab.configuration, renewDays } }, new Map(known));
  const { causes } = judge(observed, [CERTIFICATES]);
  return causes.filter(({ code }) => code.includes("-EXPIRE"));
}
