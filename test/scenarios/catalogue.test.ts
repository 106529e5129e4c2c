import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../observe/findings";
import type { Report } from "../../observe/report";
import { FAULTS } from "../faults/all";
import { type Fault, isTold, rounds } from "../faults/fault";
import { told } from "../support/observed-lab";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/**
 * The catalogue of faults on one lab, in rounds: the doctor names each fault of a round, and nothing beside them; the remedies as they are
 * printed, `./lab up`, or the person whom they ask put them right; no committed row is lost.
 */
const lab = new ScenarioLab("container", "catalogue");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();

/** How many faults were named, and put right, by what. */
const count = { named: 0, up: 0, remedy: 0, person: 0 };

async function inject({ host, inject: how }: Fault): Promise<void> {
  if (typeof how === "string") {
    await lab.on(host, how);
    return;
  }
  for (const event of how) {
    if (event === "disk") lab.loseDisk(host);
    else lab.virsh(event, lab.domainOf(host));
  }
}

async function diagnose(): Promise<readonly Finding[]> {
  return (JSON.parse((await lab.run("doctor", "--json")).stdout) as Report).findings;
}

/** Puts a fault right as far as `up`, which does so for all of a round, is not needed. */
async function heal({ host, healedBy }: Fault, remedies: readonly string[]): Promise<void> {
  if (healedBy === "up") count.up++;
  else if (healedBy === "remedy") {
    for (const remedy of remedies) type(remedy);
    count.remedy++;
  } else {
    if ("person" in healedBy) for (const each of healedBy.on ?? [host]) await lab.on(each, healedBy.person);
    else for (const remedy of remedies) type(healedBy.choice.exec(remedy)?.[0] ?? "false");
    count.person++;
  }
}

function needsUp({ healedBy }: Fault): boolean {
  return healedBy === "up" || (typeof healedBy === "object" && "then" in healedBy);
}

function type(command: string): void {
  execFileSync("bash", ["-c", command], { cwd: PROJECT_FOLDER, stdio: "pipe" });
}

/** Has the printed command remove what was moved aside. */
async function removeAside(): Promise<void> {
  const found = await diagnose();
  expect(found.map(({ code }) => code)).toEqual(["LAB-DATA-ASIDE"]);
  type(/\.\/lab ssh [^;]+/.exec(found[0]?.remedy ?? "")?.[0] ?? "false");
}

/** What is found although PostgreSQL and pgBackRest had time to go on by themselves. */
async function leftovers(): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const findings = told(await diagnose());
    if (findings.length === 0 || performance.now() > deadline) return findings;
  }
}

/** A round, by its name. */
const ROUNDS = rounds(FAULTS).map((round): [string, Fault[]] => [
  round.map(({ host, name }) => `${host}: ${name}`).join("; "),
  round,
]);
const begun = performance.now();

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes");
  await writer.start();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`a lab with faults${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it.each(ROUNDS)("%s", async (_name, round) => {
    await Promise.all(round.map(inject));
    const findings = await diagnose();
    const found = told(findings);
    for (const fault of round) {
      const own = findings.filter((_, index) => fault.told.some((wanted) => isTold(wanted, found[index] ?? "")));
      await heal(
        fault,
        own.map(({ remedy }) => remedy),
      );
    }
    if (round.some(needsUp)) await lab.must("up", "--yes");
    if (round.some(({ leavesAside }) => leavesAside)) await removeAside();
    const left = await leftovers();
    const wanted = round.flatMap((fault) => fault.told);
    expect({
      beside: found.filter((finding) => !wanted.some((one) => isTold(one, finding))),
      unnamed: wanted.filter((one) => found.filter((finding) => isTold(one, finding)).length !== 1),
      left,
    }).toEqual({ beside: [], unnamed: [], left: [] });
    count.named += round.length;
  });

  it("has lost no committed row", async () => {
    await lab.on("pg1-srv", "systemctl disable --now --quiet row-writer");
    const committed = await writer.committed();
    const lost =
      committed - Number(await lab.query("pg1-srv", `SELECT count(*) FROM written WHERE number <= ${committed}`));
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
    process.stderr.write(
      `${FAULTS.length} faults × ${count.named} named × ${count.up} healed by up × ${count.remedy} by the printed ` +
        `command × ${count.person} by a person × ${lost} of ${committed} rows lost; ${ROUNDS.length} rounds in ${minutes} min\n`,
    );
    expect([count.named, lost]).toEqual([FAULTS.length, 0]);
    expect(committed).toBeGreaterThan(500);
  });
});
