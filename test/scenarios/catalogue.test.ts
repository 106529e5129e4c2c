import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../observe/report";
import { FAULTS } from "../faults/all";
import type { Fault } from "../faults/fault";
import { told } from "../support/observed-lab";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/**
 * The catalogue of faults, one after the other on one lab: the doctor names each, and nothing beside it; `./lab up`, the remedy as it is
 * printed, or the person whom it asks puts it right; no committed row is lost.
 */
const lab = new ScenarioLab("container", "catalogue");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();

/** How many faults were put right, by what. */
const healed = { up: 0, remedy: 0, person: 0 };

async function diagnose(): Promise<Report> {
  return JSON.parse((await lab.run("doctor", "--json")).stdout) as Report;
}

async function heal({ host, healedBy }: Fault, remedies: readonly string[]): Promise<void> {
  if (healedBy === "up") {
    await lab.must("up", "--yes");
    healed.up++;
  } else if (healedBy === "remedy") {
    for (const remedy of remedies) type(remedy);
    healed.remedy++;
  } else if ("choice" in healedBy) {
    for (const remedy of remedies) type(healedBy.choice.exec(remedy)?.[0] ?? "false");
    healed.person++;
  } else {
    await lab.on(host, healedBy.person);
    if (healedBy.then === "up") await lab.must("up", "--yes");
    healed.person++;
  }
}

function type(command: string): void {
  execFileSync("bash", ["-c", command], { cwd: PROJECT_FOLDER, stdio: "pipe" });
}

/** Has the printed command remove what was moved aside. */
async function removeAside(): Promise<void> {
  const [aside, ...others] = (await diagnose()).findings;
  expect([aside?.code, ...others]).toEqual(["LAB-DATA-ASIDE"]);
  type(/\.\/lab ssh [^;]+/.exec(aside?.remedy ?? "")?.[0] ?? "false");
}

/** What fails although PostgreSQL and pgBackRest had time to go on by themselves. */
async function failures(): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const findings = told((await diagnose()).findings);
    if (findings.length === 0 || performance.now() > deadline) return findings;
  }
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes");
  await writer.start();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`a lab with a fault${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it.each(FAULTS)("$host: $name", async (fault) => {
    await lab.on(fault.host, fault.inject);
    const found = (await diagnose()).findings;
    await heal(
      fault,
      found.map(({ remedy }) => remedy),
    );
    if (fault.leavesAside) await removeAside();
    const left = await failures();
    expect(told(found)).toEqual(
      fault.told.map((one) => (typeof one === "string" ? one : (expect.stringMatching(one) as string))),
    );
    expect(left).toEqual([]);
  });

  it("has lost no committed row", async () => {
    await lab.on("pg1-srv", "systemctl disable --now --quiet row-writer");
    const committed = await writer.committed();
    const lost =
      committed - Number(await lab.query("pg1-srv", `SELECT count(*) FROM written WHERE number <= ${committed}`));
    const sum = healed.up + healed.remedy + healed.person;
    process.stderr.write(
      `${FAULTS.length} faults × ${sum} named × ${healed.up} healed by up × ${healed.remedy} by the printed command × ` +
        `${healed.person} by a person × ${lost} of ${committed} rows lost\n`,
    );
    expect([sum, lost]).toEqual([FAULTS.length, 0]);
    expect(committed).toBeGreaterThan(500);
  });
});
