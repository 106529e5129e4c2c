import { adoptionArgs } from "../plan/adoption";
import { isAdopted, machineOwner, ownPlaces, serversOf } from "../plan/machines";
import { PARSERS } from "./answers";
import type { ReadHost } from "./facts";
import { type Finding, judge } from "./findings";
import { type DeployedLab, observedLab } from "./lab";
import type { Question } from "./questions";
import { reportOn } from "./report";
import { ADOPTION } from "./rules/adoption";
import { MACHINES } from "./rules/machines";
import { askHost, patienceWith } from "./session";

/** What keeps these machines from being in a lab, failures first: none is changed. Sudo is tried by asking. */
export async function preflightMachines(
  lab: Pick<DeployedLab, "stack" | "plan" | "configuration" | "ssh">,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const { plan } = lab;
  const patience = patienceWith(lab.configuration);
  const read = await Promise.all(
    plan.hosts
      .filter(({ name }) => names.includes(name))
      .map(async (host): Promise<[string, ReadHost]> => {
        const places = ownPlaces(plan, host);
        const args = [String(places.length), ...places, ...serversOf(plan, host)];
        const questions: Question[] = [
          { fact: "machine", script: "observe/machine-read.sh", args, parse: PARSERS.machine },
        ];
        if (isAdopted(host)) {
          const args = [machineOwner(lab.stack), ...adoptionArgs(plan, host, lab.configuration)];
          questions.push({ fact: "adoption", script: "observe/adoption-read.sh", args, parse: PARSERS.adoption });
        }
        return [host.name, await askHost(lab.ssh, host, questions, patience)];
      }),
  );
  const observed = observedLab(lab, new Map(read));
  return reportOn(observed, judge(observed, [MACHINES, ADOPTION]), lab.stack).findings;
}
