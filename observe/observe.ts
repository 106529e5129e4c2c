import { setTimeout as sleep } from "node:timers/promises";
import type { ApiAccess } from "../plan/access";
import { hostOf, type HostPlan, repositoryOf } from "../plan/plan";
import { askApi, clientEnds } from "./api-client";
import type { BackupApiFacts, ReadHost } from "./facts";
import { judge } from "./findings";
import { type DeployedLab, observedLab, UNMANAGED } from "./lab";
import { type Depth, type Question, questionsFor, REPOSITORY_SECONDS } from "./questions";
import { type Report, reportOn } from "./report";
import { ALL_RULES } from "./rules";
import { isLasting } from "./settling";
import { askHost, type Patience, patienceWith } from "./session";

/** Asks the hosts of a lab, side by side. This never rejects. */
export async function readFacts(
  lab: DeployedLab,
  depth: Depth,
  patience = patienceWith(lab.configuration),
  hosts: readonly HostPlan[] = lab.plan.hosts,
): Promise<Map<string, ReadHost>> {
  const read = async (host: HostPlan): Promise<[string, ReadHost]> => {
    const asked = { ...host, managed: lab.managed?.[host.name] ?? UNMANAGED };
    const isApiHost = lab.backupApi?.host === host.name;
    const [told, answers] = await Promise.all([
      askHost(lab.ssh, host, questionsFor(lab.plan, asked, depth, patience.script), patience),
      isApiHost ? askAround(lab.backupApi) : {},
    ]);
    const { backupApi, ...facts } = told.facts;
    return [host.name, { ...told, facts: { ...facts, ...(backupApi && { backupApi: { ...backupApi, ...answers } }) } }];
  };
  return new Map(await Promise.all(hosts.map(read)));
}

/** What a lab is worth by what was read. */
export function judgeLab(lab: DeployedLab, read: ReadonlyMap<string, ReadHost>): Report {
  const observed = observedLab(lab, read);
  return reportOn(observed, judge(observed, ALL_RULES), lab.stack);
}

/** Asks and judges. */
export async function observe(lab: DeployedLab, depth: Depth, patience?: Patience): Promise<Report> {
  return judgeLab(lab, await readFacts(lab, depth, patience));
}

interface ProofOptions {
  /**
   * How long it may take until the lab is proven.
   * @default 0
   */
  readonly seconds?: number;
  readonly patience?: Patience;
  /**
   * What is asked of a lab that is proven.
   * @default "proof"
   */
  readonly depth?: Depth;
  /**
   * Hosts that have just been started.
   * @default - none
   */
  readonly started?: readonly string[];
}

/**
 * Whether a lab is proven, and if not, why. What proves it is asked first, as that is quick; a lab that is not proven is then asked for
 * everything, so that causes are told as the doctor tells them. What no waiting mends, and is seen twice, is not waited for.
 */
export async function prove(
  lab: DeployedLab,
  { seconds = 0, patience, depth = "proof", started = [] }: ProofOptions = {},
): Promise<Report> {
  const deadline = performance.now() + seconds * 1000;
  for (let wasLasting = false; ;) {
    const report = await observe(lab, depth, patience);
    if (report.proven) return report;
    const lasts = isLasting(report, started);
    if ((lasts && wasLasting) || performance.now() >= deadline) return observe(lab, "all", patience);
    wasLasting = lasts;
    await sleep(1000);
  }
}

/** Takes a new full backup in each of these repositories, and gives their labels. */
export async function takeFullBackups(lab: DeployedLab, repositories: readonly number[]): Promise<string[]> {
  if (repositories.length === 0) return [];
  const host = repositoryOf(lab.plan);
  const args = [host.account, lab.plan.stanza, ...repositories.map(String)];
  return JSON.parse(await act(lab, host, "backup-plane/backup-again.sh", args, REPOSITORY_SECONDS)) as string[];
}

/** Allows the next step that has a standby follow its primary to move the data aside, whatever it is. */
export async function allowReplacement(lab: DeployedLab, host: string): Promise<void> {
  await act(lab, hostOf(lab.plan, host), "cluster/replacement-allow.sh", []);
}

/**
 * Runs a script of `scripts/` on a host, which does more than read.
 * @returns What it printed.
 */
export async function act(
  { ssh, configuration }: DeployedLab,
  host: HostPlan,
  script: string,
  args: readonly string[],
  seconds?: number,
): Promise<string> {
  let said = "";
  const question: Question = { ...{ fact: "units", script, args, seconds }, parse: (told) => (said = told) };
  const { unread, unreachable } = await askHost(ssh, host, [question], patienceWith(configuration));
  const problem = unreachable ?? unread.units ?? unread.everything;
  if (problem !== undefined) throw new Error(`${host.name}: ${script}: ${problem}; hint: ./lab doctor`);
  return said;
}

/** What the API answers its first client, and one without a certificate. */
async function askAround(api: ApiAccess): Promise<Pick<BackupApiFacts, "problem" | "answerToStranger" | "clients">> {
  const ask = async (client: string | undefined): Promise<{ answer?: string; refusal?: string }> => {
    try {
      const { status, reason, body } = await askApi(api, { path: "/status", client });
      return { answer: status === 200 ? body.trim() : `${status} ${reason}` };
    } catch (error) {
      return { refusal: (error as Error).message };
    }
  };
  const [known, stranger] = await Promise.all([ask(Object.keys(api.clients)[0]), ask(undefined)]);
  const told = known.answer ?? known.refusal ?? "";
  return { problem: told === '"OK"' ? "" : told, answerToStranger: stranger.answer ?? "", clients: clientEnds(api) };
}
