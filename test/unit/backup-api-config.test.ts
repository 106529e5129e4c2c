import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packFolder } from "../../steps/package-content";
import { SOURCE_WAYS } from "../../config/api-source";
import { problemsOf as configProblems, PROJECT_FOLDER, stackConfig } from "../support/stack-config";

const STAND_IN = "test/support/backup-api-stand-in";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "lab-backup-api-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

function file(name: string, content = ""): string {
  const to = path.join(scratch, name);
  fs.writeFileSync(to, content);
  return to;
}

const problemsOf = (settings: Record<string, unknown>, stack?: string): readonly string[] =>
  configProblems({ backupApi: true, backupApiSource: STAND_IN, ...settings }, stack);

const sourceProblem = (problem: string, given: string): string =>
  `lab:backupApiSource ${problem}, got "${given}"; allowed are ${SOURCE_WAYS}; hint: docs/backup-api.md`;

describe("the backup API's configuration", () => {
  it("is off, and then nothing of it must be there", () => {
    expect(stackConfig("container")).toMatchObject({
      backupApi: false,
      backupApiHost: "barman-srv",
      backupApiSource: "",
    });
  });

  it("takes a path from the project's folder", () => {
    expect(stackConfig("container", { backupApi: true, backupApiSource: STAND_IN }).backupApiSource).toBe(
      path.join(PROJECT_FOLDER, STAND_IN),
    );
  });

  it.each([
    ["edb", { networkMode: "nat", backupApiTokenFile: file("token", "secret") }],
    [file("pg-backup-api.deb"), {}],
    [file("pg-backup-api.tar.gz"), {}],
    [file("pg-backup-api.zip"), {}],
    ["https://packages.example/simple", {}],
  ])("takes %s as a source", (backupApiSource, settings) => {
    expect(problemsOf({ backupApiSource, ...settings })).toEqual([]);
  });

  it.each([
    ["", "must say where pg-backup-api comes from, which is on no public registry"],
    ["http://packages.example/simple", "must be an https URL if it is a URL"],
    ["ftp://packages.example", "must be an https URL if it is a URL"],
    ["no/such/folder", "must be an existing file or folder"],
    ["docs", "must be a folder with setup.py or pyproject.toml"],
    [file("pg-backup-api.rpm"), "must be a file whose name ends in .deb, .tar.gz, .tgz or .zip"],
  ])("refuses source %j before the first resource, and lists the four ways", (given, problem) => {
    const source = /^$|:\/\//.test(given) ? given : path.resolve(PROJECT_FOLDER, given);
    expect(problemsOf({ backupApiSource: given })).toEqual([sourceProblem(problem, source)]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ backupApi: "yes" }, `lab:backupApi must be true or false, got "yes"`],
    [
      { backupApiHost: "pg4-srv" },
      `lab:backupApiHost must be one of barman-srv, backup-srv, pg1-srv, pg2-srv, pg3-srv, got "pg4-srv"`,
    ],
    [
      { backupApiSource: "edb", networkMode: "nat", backupApiTokenFile: "no/such/token" },
      `lab:backupApiTokenFile must be a file with the token of your EDB account when lab:backupApiSource is edb, got "${PROJECT_FOLDER}/no/such/token"`,
    ],
    [
      { backupApiSource: "edb", backupApiTokenFile: file("token", "secret") },
      `lab:backupApiSource must not be edb when lab:networkMode is isolated, as no host reaches EDB's repository, got "edb"; ` +
        "hint: lab:networkMode nat, or lab:backupApiSource with the package as a file",
    ],
    [{ backupApiVersion: "latest" }, `lab:backupApiVersion must be an exact version such as 2.2.0, got "latest"`],
    [
      { backupApiClients: ["admin", "'} || true"] },
      `lab:backupApiClients[1] must be a common name of letters, digits, ".", "_" and "-", got "'} || true"`,
    ],
    [{ backupApiClients: [] }, `lab:backupApiClients must be a list of at least one common name, each once, got []`],
    [{ backupApiEmail: "nobody" }, `lab:backupApiEmail must be an e-mail address, got "nobody"`],
    [{ backupApiOrganization: "" }, `lab:backupApiOrganization must be a name of 1 to 64 characters, got ""`],
    [{ backupApiKey: "dsa" }, `lab:backupApiKey must be one of ecdsa, rsa, got "dsa"`],
    [{ backupApiCertificateDays: 0 }, `lab:backupApiCertificateDays must be a whole number from 1 to 3650, got 0`],
    [
      { backupApiCertificateDays: 30 },
      `lab:backupApiCertificateDays must be more than lab:renewDays, which is 30, got "30"`,
    ],
    [
      { stanza: "all" },
      `lab:stanza must not be all or barman when lab:backupApi is true: Barman gives them a meaning of its own`,
    ],
    [
      { standbys: 8 },
      `lab:standbys must be at most 7 when lab:backupApi is true, got "8"; hint: Barman needs three of PostgreSQL's ten WAL senders; set max_wal_senders in lab:postgresql`,
    ],
  ])("refuses %o", (settings, problem) => {
    expect(problemsOf(settings)).toEqual([problem]);
  });

  it("takes eight standbys when PostgreSQL has more WAL senders", () => {
    expect(problemsOf({ standbys: 8, postgresql: { max_wal_senders: 12 } })).toEqual([]);
  });
});

describe("a source folder", () => {
  it("is packed the same byte by byte whenever its files are, and without what a build leaves", () => {
    const folder = path.join(scratch, "source");
    fs.mkdirSync(path.join(folder, "package", "__pycache__"), { recursive: true });
    fs.writeFileSync(path.join(folder, "setup.py"), "");
    const [before, later] = [packFolder(folder), new Date(Date.now() + 60_000)];
    fs.writeFileSync(path.join(folder, "package", "__pycache__", "module.pyc"), "");
    fs.utimesSync(path.join(folder, "setup.py"), later, later);
    expect(packFolder(folder)).toEqual(before);
    fs.writeFileSync(path.join(folder, "setup.py"), "changed");
    expect(packFolder(folder)).not.toEqual(before);
  });
});
