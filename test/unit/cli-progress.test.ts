import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderChanges, summarize } from "../../cli/show/changes";
import { Progress } from "../../cli/show/progress";
import type { Change, EngineEvent } from "../../engine/engine";
import { HOST_TYPE } from "../../plan/layout";

function change(name: string, changes: Partial<Change> = {}): Change {
  const type = "command:remote:Command";
  return { urn: `urn:pulumi:container::lab::${type}::${name}`, type, name, operation: "create", diff: [], ...changes };
}

let clock: number;
let lines: string[];
let logged: string[];

function progress(debug = false): Progress {
  return new Progress({
    write: (line) => lines.push(line),
    writeLog: (line) => logged.push(line),
    now: () => clock,
    debug,
    hosts: () => ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"],
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  clock = 1000;
  lines = [];
  logged = [];
});

afterEach(() => {
  vi.useRealTimers();
});

describe("Progress", () => {
  it("tells each host's step with the time since the start, once it is done", () => {
    const { onEvent } = progress();
    const install = change("pg1-srv-certificate-install");
    onEvent({ kind: "begin", change: install });
    expect(lines).toEqual([]);
    clock = 13_340;
    onEvent({ kind: "end", change: install, seconds: 0.42 });
    onEvent({ kind: "end", change: change("authority-key", { operation: "replace" }), seconds: 0 });
    onEvent({
      kind: "end",
      change: change("pg2-srv", { type: "libvirt:index/domain:Domain", operation: "delete" }),
      seconds: 1,
    });
    expect(lines).toEqual([
      "   12.3 s  pg1-srv     certificate-install             created in 0.4 s",
      "   12.3 s  lab         authority-key                   replaced in 0.0 s",
      "   12.3 s  pg2-srv     domain                          deleted in 1.0 s",
    ]);
  });

  it("knows the hosts that are there before the run, and those that it is told of", () => {
    const { onEvent } = progress();
    onEvent({ kind: "begin", change: change("db-a", { type: HOST_TYPE }) });
    onEvent({ kind: "end", change: change("db-b", { type: HOST_TYPE, operation: "same" }), seconds: 0 });
    for (const name of ["db-a-disk", "db-b-ready", "db-c-ready", "pg1-srv-ready", "lab-network"]) {
      onEvent({ kind: "end", change: change(name), seconds: 0 });
    }
    expect(lines.map((line) => line.split(/ {2,}/).slice(2, 4))).toEqual([
      ["db-a", "disk"],
      ["db-b", "ready"],
      ["lab", "db-c-ready"],
      ["pg1-srv", "ready"],
      ["lab", "network"],
    ]);
  });

  it("does not tell what stays the same, nor what only orders other resources", () => {
    const { onEvent } = progress();
    onEvent({ kind: "end", change: change("pg1-srv-packages", { operation: "same" }), seconds: 0 });
    onEvent({ kind: "end", change: change("pg1-srv", { type: HOST_TYPE }), seconds: 0 });
    onEvent({ kind: "end", change: change("lab-container", { type: "pulumi:pulumi:Stack" }), seconds: 0 });
    onEvent({ kind: "end", change: change("libvirt", { type: "pulumi:providers:libvirt" }), seconds: 0 });
    expect(lines).toEqual([]);
  });

  it("shows the last lines of a failure below its host and step", () => {
    const output = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`).join("\n");
    progress().onEvent({ kind: "fail", change: change("backup-srv-stanza-create"), seconds: 3.14, message: output });
    expect(lines[0]).toBe("    0.0 s  backup-srv  stanza-create                   FAILED after 3.1 s");
    expect(lines.slice(1)).toHaveLength(20);
    expect(lines.at(-1)).toBe("            line 30");
  });

  it("explains what pgBackRest's error mostly means", () => {
    const message = [
      'exit status 56: running "sudo bash -s -- pgbackrest demo":',
      "P00  ERROR: [056]: unable to find primary cluster - cannot proceed",
    ].join("\n");
    progress().onEvent({ kind: "fail", change: change("backup-srv-stanza-create"), seconds: 3, message });
    expect(lines).toEqual([
      "    0.0 s  backup-srv  stanza-create                   FAILED after 3.0 s",
      '            exit status 56: running "sudo bash -s -- pgbackrest demo":',
      "            P00  ERROR: [056]: unable to find primary cluster - cannot proceed",
      "            hint: pgBackRest [056] db-connect: no PostgreSQL of the right role answers: is the primary running? with backup-standby=y, is a standby running too?",
    ]);
  });

  it("tells everybody where a step has put data, and nobody of records that are deleted", () => {
    const { onEvent } = progress();
    const message = "moved aside: pg2-srv is ahead; its data is now /var/lib/postgresql/15/main.diverged-1";
    onEvent({ kind: "log", severity: "info", message, urn: "" });
    onEvent({ kind: "end", change: change("pg2-srv-ready", { operation: "delete" }), seconds: 0 });
    expect(logged).toEqual([`info: ${message}`]);
    expect(lines).toEqual([]);
  });

  it("ends in short: which steps failed, and what was not told with them", () => {
    const watched = progress();
    expect(watched.renderFailure("no such key")).toBe("no such key");
    const failure = { kind: "fail", seconds: 1, message: "exit status 1\n\nERROR: [032]" } as const;
    watched.onEvent({ ...failure, change: change("pg1-srv-pgbackrest-start") });
    watched.onEvent({ ...failure, change: change("pg2-srv-pgbackrest-start") });
    expect(watched.renderFailure("pg1-srv-pgbackrest-start: exit status 1\n\nERROR: [032]\nthe program ended")).toBe(
      "failed: pg1-srv pgbackrest-start, pg2-srv pgbackrest-start; the state is saved, and the next run resumes there\n" +
        "the program ended",
    );
  });

  it("tells what still runs when it has been quiet for long, and not before", () => {
    const watched = progress();
    const pass = (seconds: number): void => {
      clock += seconds * 1000;
      vi.advanceTimersByTime(seconds * 1000);
    };
    watched.onEvent({ kind: "begin", change: change("pg1-srv-packages") });
    pass(14);
    watched.onEvent({ kind: "end", change: change("pg2-srv-packages"), seconds: 14 });
    pass(14);
    expect(lines).toHaveLength(1);
    pass(1);
    expect(lines.at(-1)).toBe("   29.0 s  still running: pg1-srv packages (29 s)");
    watched.onEvent({ kind: "end", change: change("pg1-srv-packages"), seconds: 29 });
    pass(60);
    expect(lines).toHaveLength(3);
    watched.stop();
  });

  it("tells warnings to everybody, once, and the rest to those who ask", () => {
    const info: EngineEvent = { kind: "log", severity: "info", message: "started\n", urn: "" };
    const warning: EngineEvent = { kind: "log", severity: "warning", message: "out of support\n", urn: "" };
    for (const event of [info, warning]) progress().onEvent(event);
    expect(logged).toEqual(["warning: out of support"]);
    // A preview before `up`, or a repair after it, runs the program again.
    progress().onEvent(warning);
    expect(logged).toHaveLength(1);
    progress(true).onEvent(info);
    expect(logged.at(-1)).toBe("info: started");
    expect(lines).toEqual([]);
  });
});

describe("a preview", () => {
  const changes = [
    ...["pg3-srv", "backup-srv"].map((host) => change(host, { type: HOST_TYPE, operation: "same" })),
    change("pg3-srv-packages"),
    change("backup-srv-standbys-conf", { operation: "update", diff: ["stdin"] }),
  ];

  it("counts what changes and lists it, with the hosts in the order of their names, as engines have none", () => {
    expect(summarize(changes)).toEqual({
      ...{ create: 1, update: 1, replace: 0, delete: 0 },
      hosts: ["backup-srv", "pg3-srv"],
      changes: changes.slice(2),
    });
  });

  it("reads as a line per change and the sum", () => {
    expect(renderChanges(summarize(changes))).toBe(
      [
        "  create   pg3-srv     packages",
        "  update   backup-srv  standbys-conf  (stdin)",
        "1 to create, 1 to update",
        "",
      ].join("\n"),
    );
  });

  it("says when there is nothing", () => {
    expect(renderChanges(summarize(changes.slice(0, 2)))).toBe("nothing to change\n");
  });
});
