import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

const FOLDER = path.join(__dirname, "..", "..", "scripts");

/** What follows them on stdin is a secret, which they read. */
const READS_INPUT = [
  "backup-api/backup-api-prove.sh",
  "backup-api/barman-role-create.sh",
  "trust/certificate-install.sh",
  "backup-api/pg-backup-api-install.sh",
  "backup-api/pg-backup-api-package.sh",
  "cluster/replication-role-create.sh",
];

const STEPS = fs
  .readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".sh") && file !== "common.sh");

describe.each(STEPS)("scripts/%s", (script) => {
  const text = fs.readFileSync(path.join(FOLDER, script), "utf8");
  const lines = text.trimEnd().split("\n");

  it("says what it makes true and why it may run again, and stops at the first failure", () => {
    expect(lines[0]).toBe("#!/usr/bin/env bash");
    const comment = lines.slice(1, lines.indexOf("set -euo pipefail"));
    expect(comment.length).toBeGreaterThan(1);
    expect(comment.every((line) => line.startsWith("# "))).toBe(true);
    expect(comment.join("\n")).toMatch(/safe to run again/i);
  });

  it("is read to its end before anything can take its stdin", () => {
    const end = READS_INPUT.includes(script) ? ["{", '  main "$@"', "  exit", "}"] : ['main "$@" </dev/null'];
    expect(lines.slice(-end.length)).toEqual(end);
    expect(lines.filter((line) => line === "main() {")).toHaveLength(1);
  });

  it("is one step, short enough to be read at once", () => {
    expect(lines.length).toBeLessThanOrEqual(50);
  });

  it("has no data that looks like a comment, which is not sent to hosts", () => {
    const documents = text.match(/<<-?(['"]?)(\w+)\1[^\n]*\n[^]*?\n\s*\2$/gm) ?? [];
    expect(documents.filter((document) => /^\s*#/m.test(document))).toEqual([]);
  });

  it("waits for a condition, never for a time alone", () => {
    const sleeps = lines.flatMap((line, index) => (/\bsleep\b/.test(line) ? [index] : []));
    for (const index of sleeps) expect(lines.slice(Math.max(0, index - 8), index).join("\n")).toMatch(/until|deadline/);
  });

  it("deletes no data", () => {
    expect(text.match(/rm -rf? .*(PGDATA|\$data|repository|main)\b/g)).toBeNull();
  });
});
