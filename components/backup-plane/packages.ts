import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Family, familyOf } from "../../config/families";
import { PORTS } from "../../config/ports";
import { renderDnfIni } from "../../render/ini-dialects";
import type { LabConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript, type ScriptOptions } from "../../steps/remote";

/** What decides about packages. */
export type PackagesConfig = Pick<
  LabConfig,
  "family" | "packages" | "mirrorUrl" | "pgbackrestVersion" | "postgresqlVersion"
>;

export interface PackagesArgs {
  host: RemoteHost;
  config: PackagesConfig;
}

/**
 * PostgreSQL and pgBackRest as packages, let through SELinux and firewalld. pgBackRest's version is exact and held, since different versions
 * refuse to talk to each other.
 */
export class Packages extends pulumi.ComponentResource {
  constructor(name: string, args: PackagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:host:Packages", name, {}, opts);
    const { host, config } = args;
    const family = familyOf(config.family, config.postgresqlVersion);

    const installed = runOnPackages(`${name}-install`, host, family.packagesScript, config, {
      parent: this,
      dependsOn: opts?.dependsOn,
      keeps: {
        packages: {
          pgbackrest: config.pgbackrestVersion,
          ...Object.fromEntries(serverPackagesOf(host, family).map((name) => [name, ""])),
        },
      },
    });
    if (family.guardsScript !== undefined) {
      const { role, postgresqlPort = PORTS.postgresql } = host.plan;
      const ports = [PORTS.pgbackrest, ...(role === "repository" ? [] : [postgresqlPort])];
      runScript(`${name}-guards`, host, family.guardsScript, ports.map(String), {
        parent: this,
        dependsOn: [installed],
      });
    }

    this.registerOutputs({});
  }
}

/** Runs a script of the family's that installs pgBackRest, or fetches it: both take the same arguments. */
export function runOnPackages(
  name: string,
  host: RemoteHost,
  script: string,
  config: PackagesConfig,
  options: Pick<ScriptOptions, "parent" | "dependsOn" | "keeps" | "onlyOnChange">,
): command.remote.Command {
  const family = familyOf(config.family, config.postgresqlVersion);
  const { ids, version } = family.system;
  return runScript(
    name,
    host,
    script,
    [
      `${config.family}: ${ids.join(" ")} ${version}`,
      config.packages,
      family.repositoryPackages.join(" "),
      config.pgbackrestVersion,
      ...serverPackagesOf(host, family),
    ],
    { ...options, files: mirrorFiles(family, config), timeout: "30m" },
  );
}

function serverPackagesOf(host: RemoteHost, { serverPackages }: Family): readonly string[] {
  return host.plan.role === "repository" ? [] : serverPackages;
}

/** The file that makes the mirror a source, where packages come from one. The user vouches for it: it is a mirror of their own. */
export function mirrorFiles(
  { layout, repositoryFile: path }: Family,
  { packages, mirrorUrl }: Pick<LabConfig, "packages" | "mirrorUrl">,
): FileArgs[] {
  if (packages !== "mirror") return [];
  const mirror = { name: "lab", baseurl: mirrorUrl, gpgcheck: false, enabled: true };
  const content = {
    debian: () => `deb [trusted=yes] ${mirrorUrl} ./\n`,
    el: () => renderDnfIni({ lab: mirror }),
    // SLES has packages of the same names: those of the repository with the lowest number are taken.
    suse: () => renderDnfIni({ lab: { ...mirror, priority: 90 } }),
  }[layout]();
  return [{ path, content, owner: "root", mode: "0644" }];
}
