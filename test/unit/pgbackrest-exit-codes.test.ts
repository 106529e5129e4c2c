import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { PGBACKREST_ERRORS, pgBackRestHint } from "../../observe/pgbackrest-exit-codes";
import { PROJECT_FOLDER } from "../support/stack-config";

it("has a hint for every error that a user of the lab is likely to meet", () => {
  expect(Object.keys(PGBACKREST_ERRORS).map(Number)).toEqual(
    expect.arrayContaining([39, 42, 49, 56, 95, 101, 103, 105]),
  );
  for (const [code, { name, hint }] of Object.entries(PGBACKREST_ERRORS)) {
    expect(Number(code), name).toBeGreaterThanOrEqual(25);
    expect(hint, name).toMatch(/^.{20,}[^.]$/);
  }
});

it("finds the error in what a command printed", () => {
  const output = "P00   INFO: check command begin\nP00  ERROR: [105]: access denied\n";
  expect(pgBackRestHint(output)).toBe(
    "pgBackRest [105] access: the server does not let this certificate have this stanza: see tls-server-auth, and name the stanza in the command",
  );
  expect(pgBackRestHint("P00  ERROR: [025]: assert")).toBeUndefined();
  expect(pgBackRestHint("exit status 56")).toBeUndefined();
});

it("stands in the documentation for those who run pulumi up", () => {
  const text = fs.readFileSync(path.join(PROJECT_FOLDER, "docs", "pulumi.md"), "utf8").replaceAll(/ +/g, " ");
  for (const [code, { name, hint }] of Object.entries(PGBACKREST_ERRORS)) {
    expect(text).toContain(`| ${code} | ${name} | ${hint} |`);
  }
});
