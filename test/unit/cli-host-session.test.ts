import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import type { FactScript } from "../../observe/host-session";
import { parseAnswer, renderQuestion } from "../../observe/host-session";
import { StandIns } from "../support/stand-ins";

const WELCOME = { problem: "", certificate: "" };
const scripts: FactScript[] = [
  {
    fact: "handshakes",
    script: "observe/status-handshakes.sh",
    args: ["postgres", "/certificates", "pg1-srv", "pg2-srv"],
  },
  { fact: "repository", script: "observe/status-repository.sh", args: ["pgbackrest", "demo"] },
];

/** Runs all of it as a host would, in one bash. */
function answerOf(standIns: StandIns, seconds: number): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", 'eval "$(cat)"'], {
    input: renderQuestion(
      scripts.map((script) => ({ ...script, seconds })),
      1,
    ),
    encoding: "utf8",
    env: { PATH: `${standIns.path("bin")}:${process.env.PATH}`, HOME: standIns.folder },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

it("reads several facts in one session, and a script that fails spoils no other", () => {
  const standIns = new StandIns();
  standIns.add("openssl", `echo '{"name":"pgBackRest","version":"2.45"}'`);
  standIns.add("pgbackrest", "echo 'repository not found' >&2; exit 55");
  expect(parseAnswer(answerOf(standIns, 20), scripts)).toEqual({
    facts: { handshakes: { "pg1-srv": WELCOME, "pg2-srv": WELCOME } },
    failures: ["observe/status-repository.sh: exit status 55: repository not found"],
  });
  standIns.remove();
});

it("waits for no script longer than it may take", () => {
  const standIns = new StandIns();
  standIns.add("openssl", "exec sleep 30");
  standIns.add("pgbackrest", "exit 0");
  const start = performance.now();
  expect(parseAnswer(answerOf(standIns, 1), scripts)).toEqual({
    facts: { repository: {} },
    failures: ["observe/status-handshakes.sh: no answer in time"],
  });
  expect(performance.now() - start).toBeLessThan(8000);
  standIns.remove();
});

it("says so when a fact is missing or is no JSON", () => {
  const { facts, failures } = parseAnswer("handshakes 0 1\nnonsense\n", scripts);
  expect(facts).toEqual({});
  expect(failures[0]).toMatch(/^observe\/status-handshakes\.sh: .*JSON/);
  expect(failures[1]).toBe("observe/status-repository.sh: exit status unknown: ");
});
