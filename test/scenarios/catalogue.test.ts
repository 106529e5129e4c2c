import { execFileSync } from "node:child_process";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../observe/findings";
import type { Report } from "../../observe/report";
import { FAULTS } from "../faults/all";
import { BACKUP_API_FAULTS, PRIMARY_LOST } from "../faults/backup-api";
import { type Fault, HOST_EVENTS, type HostEvent, isTold, rounds } from "../faults/fault";
import { LabState } from "../support/lab-state";
import { told } from "../support/observed-lab";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/**
 * The catalogue of faults on one lab, in rounds: the doctor names each fault of a round, and nothing beside them; the remedies as they are
 * printed, `./lab up`, or the person whom they ask put them right; no committed row is lost. The lab then gets a backup API for its faults.
 */
const lab = new ScenarioLab("container", "catalogue");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();

/** How many faults were named, and put right, by what. */
const count = { named: 0, itself: 0, up: 0, remedy: 0, person: 0 };

/** The lab's CA, certificate first. */
let authority = "";

async function inject({ host, inject: how }: Fault): Promise<void> {
  for (const each of typeof how === "string" ? [how] : how) {
    if (isEvent(each)) await happen(host, each);
    else await lab.on(host, each, authority);
  }
}

function isEvent(word: string): word is HostEvent {
  return (HOST_EVENTS as readonly string[]).includes(word);
}

async function happen(host: string, event: HostEvent): Promise<void> {
  if (event === "disk") lab.loseDisk(host);
  else if (event === "reboot") {
    const boot = "cat /proc/1/stat | cut -d ' ' -f 22";
    const before = await lab.on(host, boot);
    await lab.run("ssh", host, "--", "sudo systemctl reboot");
    await expect.poll(() => lab.on(host, boot).catch(() => before), { timeout: 60_000 }).not.toBe(before);
    await lab.on(host, "systemctl is-system-running --wait || true");
  } else lab.virsh(event, lab.domainOf(host));
}

async function diagnose(): Promise<readonly Finding[]> {
  return (JSON.parse((await lab.run("doctor", "--json")).stdout) as Report).findings;
}

/** Puts a fault right as far as `up`, which does so for all of a round, is not needed. */
async function heal({ host, healedBy }: Fault, remedies: readonly string[]): Promise<void> {
  if (typeof healedBy === "string") {
    if (healedBy === "remedy") for (const remedy of remedies) type(remedy);
    count[healedBy]++;
    return;
  }
  count.person++;
  if ("person" in healedBy) for (const each of healedBy.on ?? [host]) await lab.on(each, healedBy.person);
  else if ("choice" in healedBy) for (const remedy of remedies) type(healedBy.choice.exec(remedy)?.[0] ?? "false");
  else {
    for (const remedy of remedies) type(`${healedBy.hint.exec(refusalOf(`${remedy} --yes`))?.[0] ?? "false"} --yes`);
  }
}

function needsUp({ healedBy }: Fault): boolean {
  return healedBy === "up" || (typeof healedBy === "object" && "then" in healedBy);
}

function type(command: string): void {
  execFileSync("bash", ["-c", command], { cwd: PROJECT_FOLDER, stdio: "pipe" });
}

/** What a command that fails says. */
function refusalOf(command: string): string {
  return execFileSync("bash", ["-c", `! ${command} 2>&1`], { cwd: PROJECT_FOLDER, encoding: "utf8" });
}

/** Has the printed commands remove what was moved aside. */
async function removeAside(): Promise<void> {
  const found = await diagnose();
  expect([...new Set(found.map(({ code }) => code))]).toEqual(["LAB-DATA-ASIDE"]);
  for (const { remedy } of found) type(/\.\/lab ssh [^;]+/.exec(remedy)?.[0] ?? "false");
}

/** What is found although PostgreSQL and pgBackRest had time to go on by themselves. */
async function leftovers(): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const findings = told(await diagnose());
    if (findings.length === 0 || performance.now() > deadline) return findings;
  }
}

/** Makes the faults of a round, looks, and puts them right; what fails is told at the end, and leaves the next round a sound lab. */
async function tryRound(round: readonly Fault[]): Promise<void> {
  const problems: unknown[] = [];
  const all = async (work: readonly Promise<void>[]): Promise<void> => {
    const ends = await Promise.allSettled(work);
    problems.push(...ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])));
  };
  await all(round.map(inject));
  const findings = await diagnose();
  const found = told(findings);
  for (const fault of round) {
    const own = findings.filter((_, index) => fault.told.some((wanted) => isTold(wanted, found[index] ?? "")));
    const remedies = own.map(({ remedy }) => remedy);
    await all([heal(fault, remedies)]);
  }
  const hasFailed = problems.length > 0;
  const isUp = hasFailed || round.some(needsUp);
  if (isUp) await all([lab.must("up", "--yes").then(() => undefined)]);
  const leavesAside = round.some((fault) => fault.leavesAside);
  if (leavesAside) await all([removeAside()]);
  // `up` has proven the lab; what it does not look at, the next round's doctor finds beside its own faults.
  const left = isUp && !leavesAside && problems.length === 0 ? [] : await leftovers();
  const wanted = round.flatMap((fault) => fault.told);
  // Two faults of a host may be told in the same words.
  const times = (one: string | RegExp): number => wanted.filter((each) => each === one).length;
  const outcome = {
    problems,
    beside: found.filter((finding) => !wanted.some((one) => isTold(one, finding))),
    unnamed: wanted.filter((one) => found.filter((finding) => isTold(one, finding)).length !== times(one)),
    left,
  };
  // At once: the rounds go on, and what failed would else be told at their end.
  if (Object.values(outcome).some((each) => each.length > 0))
    process.stderr.write(`${inspect({ found, ...outcome })}\n`);
  expect(outcome).toEqual({ problems: [], beside: [], unnamed: [], left: [] });
  count.named += round.length;
}

/** Rounds, by their names. */
function named(faults: readonly Fault[]): [string, Fault[]][] {
  return rounds(faults).map((round) => [round.map(({ host, name }) => `${host}: ${name}`).join("; "), round]);
}

const ROUNDS = named(FAULTS);
const API_ROUNDS = named(BACKUP_API_FAULTS);
const faults = FAULTS.length + BACKUP_API_FAULTS.length + 1;
const begun = performance.now();
let committed = 0;

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes");
  const { certificate, key } = new LabState(lab).authority();
  authority = certificate + key;
  await writer.start();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`a lab with faults${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it.each(ROUNDS)("%s", (_name, round) => tryRound(round));

  it("gets a backup API", async () => {
    lab.configure({ backupApi: true, backupApiSource: "test/support/backup-api-stand-in" });
    await lab.must("up", "--yes");
    // The primary will be restored with the tablespace of an earlier round.
    await lab.on("backup-srv", "runuser -u pgbackrest -- pgbackrest --stanza=demo --type=incr backup");
  });

  it.each(API_ROUNDS)("%s", (_name, round) => tryRound(round));

  it("writes no more rows", async () => {
    await lab.on("pg1-srv", "systemctl disable --now --quiet row-writer");
    committed = await writer.committed();
    expect(committed).toBeGreaterThan(100);
  });

  it(PRIMARY_LOST.name, () => tryRound([PRIMARY_LOST]));

  it("has lost no committed row, and is sound", async () => {
    expect(await leftovers()).toEqual([]);
    const lost =
      committed - Number(await lab.query("pg1-srv", `SELECT count(*) FROM written WHERE number <= ${committed}`));
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
    process.stderr.write(
      `${faults} faults × ${count.named} named × ${count.itself} healed by themselves × ${count.up} by up × ${count.remedy} by the ` +
        `printed command × ${count.person} by a person × ${lost} of ${committed} rows lost; ` +
        `${ROUNDS.length + API_ROUNDS.length + 1} rounds in ${minutes} min\n`,
    );
    expect([count.named, lost]).toEqual([faults, 0]);
  });
});
