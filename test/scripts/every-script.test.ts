import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { PORTS } from "../../config/ports";

const FOLDER = path.join(__dirname, "..", "..", "scripts");

/** What follows them on stdin is a secret, which they read. */
const READS_INPUT = [
  "backup-api/backup-api-prove.sh",
  "backup-api/barman-role-create.sh",
  "trust/certificate-install.sh",
  "backup-api/pg-backup-api-install.sh",
  "backup-api/pg-backup-api-package.sh",
  "cluster/replication-role-create.sh",
  "site/seed-write.sh",
];

const textOf = (script: string): string => fs.readFileSync(path.join(FOLDER, script), "utf8");
const SCRIPTS = fs.readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sh"));
const SHARED = SCRIPTS.filter((file) => file.startsWith("common/"));
const STEPS = SCRIPTS.filter((file) => !file.startsWith("common/"));

/** A script without its comments. */
const codeOf = (script: string): string => textOf(script).replaceAll(/^ *#.*\n/gm, "");

/** What a script of `scripts/common/` has for others: functions and constants. */
const offeredBy = (script: string): string[] => [
  ...[...codeOf(script).matchAll(/^(\w+)\(\) \{$/gm)].map(([, name = ""]) => name),
  ...[...codeOf(script).matchAll(/^([A-Z_]+)=/gm)].map(([, name = ""]) => name),
];

/** Whether code calls a function, or has a constant. Where a command may stand: not in a sentence. */
const uses = (code: string, name: string): boolean =>
  new RegExp(
    name === name.toUpperCase()
      ? `\\$\\{?${name}\\b`
      : `(^|[;&|({!]|\\*\\)|\\b\\w+=\\S* |\\b(then|else|do|if|while|until|await \\d+ "[^\\n]*"))[ \\t]*${name}(?=[\\s;)])`,
    "m",
  ).test(code);

const askedBy = (script: string): string[] =>
  [...textOf(script).matchAll(/^source (\S+)$/gm)].map(([, file = ""]) => file);

describe.each(SCRIPTS)("scripts/%s", (script) => {
  const own = new Set([...codeOf(script).matchAll(/^(\w+)\(\) \{$/gm)].map(([, name]) => name));
  const usedOf = (file: string): string[] =>
    offeredBy(file).filter((name) => !own.has(name) && uses(codeOf(script), name));

  it("asks for what it uses of scripts/common, and for nothing else", () => {
    const asked = askedBy(script);
    expect(asked, "each once, in order").toEqual([...new Set(asked)].sort());
    expect(asked.filter((file) => usedOf(file).length === 0)).toEqual([]);
    // Two may offer the same under one name, one for each family.
    const names = new Set(SHARED.filter((file) => file !== script).flatMap(usedOf));
    expect([...names].filter((name) => !asked.some((file) => offeredBy(file).includes(name)))).toEqual([]);
  });

  it("waits for a condition, with a limit and a sentence", () => {
    const lines = codeOf(script).split("\n");
    const sleeps = lines.flatMap((line, index) => (/\bsleep\b/.test(line) ? [index] : []));
    for (const index of sleeps) expect(lines.slice(Math.max(0, index - 8), index).join("\n")).toMatch(/deadline/);
    const waits = codeOf(script).match(/^.*\bawait .*$/gm) ?? [];
    expect(waits.filter((line) => !/\bawait \d+ ".{15,}" \w/.test(line))).toEqual([]);
  });

  it("ends with a sentence when it gives up", () => {
    // A `return 1` answers a question. In `main`, only what has complained before it ends a step so.
    const main = /^main\(\) \{\n([^]*?)^\}$/m.exec(codeOf(script))?.[1] ?? "";
    const silent = main
      .split(/\breturn 1\b/)
      .slice(0, -1)
      .filter((before) => !/await|complain|>&2/.test(before.split("\n").slice(-5).join("\n")));
    expect(silent).toEqual([]);
    expect(codeOf(script).match(/\bexit [1-9]/g) ?? []).toEqual(script === "common/shell.sh" ? ["exit 1"] : []);
    // The last test of a step is its proof: when it fails, somebody must say so.
    expect(main.trimEnd().split("\n").at(-1)).not.toMatch(/^ *\[\[[^\n]*\]\]$/);
  });

  it("has no data that looks like a comment, which is not sent to hosts", () => {
    const documents = textOf(script).match(/<<-?(['"]?)(\w+)\1[^\n]*\n[^]*?\n\s*\2$/gm) ?? [];
    expect(documents.filter((document) => /^\s*#/m.test(document))).toEqual([]);
  });

  it("deletes nothing but what it made itself, and what it knows to be of no use", () => {
    expect(deletions(codeOf(script))).toEqual(MAY_DELETE[script] ?? []);
  });
});

/** The lines that delete or empty something, but for a file or folder that the script itself has had made by mktemp. */
function deletions(code: string): string[] {
  const deletes =
    /\b(rm|unlink|shred|wipefs|truncate|vol-delete|vol-wipe|pg_dropcluster|mkfs|rmdir)\b|-delete\b|\bdd \b|(^|[;&|({])\s*(: ?)?>(?!&)/;
  const scratch = [...code.matchAll(/\b(\w+)=\$\([^)]*\bmktemp\b/g)].map(([, name]) => name).join("|") || "nothing";
  const clean = new RegExp(`\\brm (-rf? |-f )?("\\$(${scratch})(\\.link)?" ?)+(?=$|['; ])`);
  return code
    .split("\n")
    .filter((line) => deletes.test(line.replace(clean, "")))
    .map((line) => line.trim());
}

/** What a step may delete beside: what the lab itself made, and has made anew elsewhere. */
const MAY_DELETE: Readonly<Record<string, readonly string[]>> = {
  "backup-api/apache-host-install.sh": ['rm "$host.old"'],
  "backup-api/pg-backup-api-install.sh": [
    'rm -rf "$new"',
    'for left in "$link".*; do [[ $left == "$new" || $left == "$old" ]] || rm -rf "$left"; done',
  ],
  "backup-api/pg-backup-api-package.sh": [
    '! grep -qs /usr/local/lib/pg-backup-api/ "$unit" || rm "$unit" /etc/pg-backup-api-config.py',
  ],
  "cluster/standby-rejoin.sh": ["[[ -n $(find /run/lab-yes-replace -mmin -10 -delete -print 2>/dev/null) ]]"],
  "common/postgresql-service.sh": ['rm -f "$settings.old"'],
  "cluster/postgresql-create-debian.sh": ['rm "$data"/{postgresql,pg_hba,pg_ident}.conf'],
  // The passphrases of repositories that are gone: the configuration that is kept has them.
  "common/repositories.sh": ['rm -f "$ciphers"'],
  // Units and scripts of what is switched off.
  "backup-plane/schedule-install.sh": ['rm "$file"'],
  // Whose the machine is: nobody's any more.
  "site/machine-release.sh": ['rm "$OWNER_NOTE"'],
  // A hint.
  "site/image-inspect.sh": [
    'echo "$1; hint: correct the key; after virsh -c $uri vol-delete $volume --pool $pool the next up downloads the image again" >&2',
  ],
  "trust/certificate-install.sh": [
    'for left in "$folder".lab-????????*; do [[ $left == "$new" ]] || rm -rf "$left"; done',
  ],
};

it("has an account run every command of pgBackRest: from 2.59 on, root may only restore, and ask for the version", () => {
  // The unit of what is scheduled says who runs it.
  const others = SCRIPTS.filter((script) => script !== "backup-plane/scheduled-run.sh");
  const commands = others.flatMap((script) => codeOf(script).match(/^.*\bpgbackrest ["']?--.*$/gm) ?? []);
  const byAccount = /\bas ("\$\w+"|postgres) (timeout \S+( \* SLOWNESS\)\)")? )?pgbackrest |hint: pgbackrest /;
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter((command) => !byAccount.test(command))).toEqual([]);
});

it("talks to pgBackRest's servers at the port that the plan has", () => {
  expect(textOf("common/pgbackrest-server.sh")).toContain(`\nTLS_PORT=${PORTS.pgbackrest}\n`);
});

it("knows a deletion when it sees one", () => {
  for (const line of [
    'rm -rf "$data"',
    'rm "$data"/postgresql.conf',
    'rm --recursive "$repository"',
    'find "$data" -type f -delete',
    'find "$data" -exec rm {} +',
    ': >"$data/PG_VERSION"',
    '> "$data/PG_VERSION"',
    'folder=$(mktemp -d); rm -rf "$data"',
    'truncate --size=0 "$file"',
    'unlink "$file"',
    "pg_dropcluster 15 main",
  ]) {
    expect(deletions(line), line).toEqual([line]);
  }
  for (const line of [
    "echo >&2",
    'cat <"$file" >/dev/null',
    'echo text >>"$conf"',
    "x=$((1 > 2))",
    "exec {ended}<> <(:)",
  ]) {
    expect(deletions(line), line).toEqual([]);
  }
});

describe.each(STEPS)("step scripts/%s", (script) => {
  const text = textOf(script);
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
    expect(codeOf(script).split("\n").length).toBeLessThanOrEqual(60);
  });
});
