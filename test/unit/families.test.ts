import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { FAMILY_NAMES, familyOf } from "../../config/families";
import { BARMAN_FAMILIES, WEB_SERVERS } from "../../plan/backup-api-layout";
import { PROJECT_FOLDER } from "../support/stack-config";

const textOf = (file: string): string => fs.readFileSync(path.join(PROJECT_FOLDER, file), "utf8");

describe("the table of families", () => {
  it.each(FAMILY_NAMES)("says of %s what runs where, and the documentation knows it", (name) => {
    const family = familyOf(name, 16);
    const { packagesScript, packagesFetchScript, updatesReadScript, postgresqlUpdateScript, createScript } = family;
    for (const script of [
      ...[packagesScript, packagesFetchScript, updatesReadScript, postgresqlUpdateScript, createScript],
      ...[family.guardsScript ?? packagesScript, BARMAN_FAMILIES[family.layout].packagesScript],
      WEB_SERVERS[family.layout].prepareScript,
    ]) {
      expect(fs.existsSync(path.join(PROJECT_FOLDER, "scripts", script)), script).toBe(true);
    }
    expect(family.sources).toContain("pgdg");
    expect(family.sources.includes("distribution")).toBe(family.distributionVersion !== undefined);
    for (const file of ["Pulumi.yaml"]) expect(textOf(file), file).toContain(name);
    expect(textOf("docs/families.md")).toContain(`\`${name}\``);
  });

  it("has PGDG's names and layout on EL", () => {
    expect(familyOf("el9", 16)).toMatchObject({
      system: { ids: ["rocky", "almalinux", "rhel"], version: "9" },
      repositoryPackages: [
        "https://download.postgresql.org/pub/repos/yum/reporpms/EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm",
        "https://dl.fedoraproject.org/pub/epel/epel-release-latest-9.noarch.rpm",
      ],
      serverPackages: ["postgresql16-server", "postgresql16-contrib"],
      service: "postgresql-16.service",
      dataFolder: "/var/lib/pgsql/16/data",
      binaries: "/usr/pgsql-16/bin",
    });
  });

  it("has on SLES PGDG's names and layout, not SUSE's", () => {
    expect(familyOf("sles15", 17)).toMatchObject({
      layout: "suse",
      system: { ids: ["sles"], version: "15" },
      repositoryPackages: [
        "https://download.postgresql.org/pub/repos/zypp/keys/PGDG-RPM-GPG-KEY-SLES15",
        "https://download.postgresql.org/pub/repos/zypp/reporpms/SLES-15-x86_64/pgdg-suse-repo-latest.noarch.rpm",
      ],
      serverPackages: ["postgresql17-server", "postgresql17-contrib"],
      service: "postgresql-17.service",
      dataFolder: "/var/lib/pgsql/17/data",
      binaries: "/usr/pgsql-17/bin",
    });
  });

  it("has Debian's names and layout on Ubuntu", () => {
    expect(familyOf("ubuntu24.04", 14)).toMatchObject({
      system: { ids: ["ubuntu"], version: "24.04" },
      distributionVersion: 16,
      serverPackages: ["postgresql-14"],
      service: "postgresql@14-main.service",
    });
  });
});
