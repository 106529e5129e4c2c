import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { PARSERS } from "../../observe/answers";
import type { Question } from "../../observe/questions";
import { parseAnswer, patienceWith, renderQuestions } from "../../observe/session";
import { StandIns } from "../support/stand-ins";

const GREETING = `{"name":"pgBackRest","version":"2.45"}`;
const WELCOME = { tcp: "", said: GREETING };
const questions: Question[] = [
  {
    fact: "peers",
    script: "observe/peers-read.sh",
    args: ["postgres", "/certificates", "demo", "", "pg1-srv", "pg2-srv"],
    parse: PARSERS.peers,
  },
  {
    fact: "repositories",
    script: "observe/repository-read.sh",
    args: ["pgbackrest", "demo", ""],
    parse: PARSERS.repositories,
  },
];

/** Runs all of it as a host would, in one bash. */
function answerOf(standIns: StandIns, seconds: number): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", 'eval "$(cat)"'], {
    input: renderQuestions(
      questions.map((question) => ({ ...question, seconds })),
      patienceWith({ hypervisor: "lxc" }),
    ),
    encoding: "utf8",
    env: { PATH: `${standIns.path("bin")}:${process.env.PATH}`, HOME: standIns.folder },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

it("reads several facts in one session, and a script that fails spoils no other", () => {
  const standIns = new StandIns();
  standIns.add("openssl", `echo '${GREETING}'`);
  standIns.add("pgbackrest", "echo 'repository not found' >&2; exit 55");
  expect(parseAnswer(answerOf(standIns, 20), questions)).toEqual({
    facts: { peers: { "pg1-srv": WELCOME, "pg2-srv": WELCOME } },
    unread: { repositories: "exit status 55: repository not found" },
  });
  standIns.remove();
});

it("waits for no script longer than it may take", () => {
  const standIns = new StandIns();
  standIns.add("openssl", "exec sleep 30");
  standIns.add("timeout", 'shift; exec "$@"');
  standIns.add("pgbackrest", `[[ "$*" != *repo-ls* ]] || echo '{}'`);
  const start = performance.now();
  expect(parseAnswer(answerOf(standIns, 1), questions)).toEqual({
    facts: { repositories: { 1: { fromStandby: {}, wal: {} } } },
    unread: { peers: "no answer in time" },
  });
  expect(performance.now() - start).toBeLessThan(8000);
  standIns.remove();
});

it("reads what has ended in time, and ends well, when a script ends at the very moment at which its time is over", () => {
  const standIns = new StandIns();
  for (const program of ["openssl", "timeout"]) standIns.add(program, "exit 0");
  standIns.add("pgbackrest", `[[ "$*" != *repo-ls* ]] || echo '{}'`);
  for (let attempt = 0; attempt < 5; attempt++) {
    const { unread } = parseAnswer(answerOf(standIns, 0), questions);
    expect(Object.values(unread).every((reason) => reason === "no answer in time")).toBe(true);
  }
  standIns.remove();
});

it("says so when a fact is missing or is not as it must be", () => {
  expect(parseAnswer("peers 0 1\nnonsense\nrepositories 0 1\nnonsense\n", questions)).toEqual({
    facts: { peers: {} },
    unread: { repositories: "the answer has no section backups" },
  });
  expect(parseAnswer("peers 0 0\n", questions).unread).toEqual({ repositories: "exit status unknown: " });
});

it("is as patient as what hosts run on needs, and more while they boot", () => {
  expect(patienceWith({ hypervisor: "lxc" })).toEqual({ connect: 4, script: 8, settle: 75, slowness: 1 });
  expect(patienceWith({ hypervisor: "qemu" }, true)).toEqual({ connect: 80, script: 160, settle: 240, slowness: 20 });
});
