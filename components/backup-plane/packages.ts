import * as pulumi from "@pulumi/pulumi";
import { type Family, familyOf } from "../../config/families";
import { PORTS } from "../../plan/layout";
import { renderDnfIni } from "../../render/ini-dialects";
import type { LabConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript } from "../../steps/remote";

export interface PackagesArgs {
  host: RemoteHost;
  config: Pick<LabConfig, "family" | "packages" | "mirrorUrl" | "pgbackrestVersion" | "postgresqlVersion">;
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
    const serverPackages = host.plan.role === "repository" ? [] : family.serverPackages;

    const { ids, version } = family.system;
    const installed = runScript(
      `${name}-install`,
      host,
      family.packagesScript,
      [
        `${config.family}: ${ids.join(" ")} ${version}`,
        config.packages,
        config.packages === "pgdg" ? family.repositoryPackages.join(" ") : config.mirrorUrl,
        config.pgbackrestVersion,
        ...serverPackages,
      ],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        files: mirrorFiles(family, config),
        timeout: "30m",
        keeps: {
          packages: {
            pgbackrest: config.pgbackrestVersion,
            ...Object.fromEntries(serverPackages.map((name) => [name, ""])),
          },
        },
      },
    );
    if (family.guardsScript !== undefined) {
      const ports = [PORTS.pgbackrest, ...(host.plan.role === "repository" ? [] : [PORTS.postgresql])];
      runScript(`${name}-guards`, host, family.guardsScript, ports.map(String), {
        parent: this,
        dependsOn: [installed],
      });
    }

    this.registerOutputs({});
  }
}

/** The mirror's repository file, where packages come from a mirror and the package manager needs one. */
export function mirrorFiles(
  family: Family,
  { packages, mirrorUrl }: Pick<LabConfig, "packages" | "mirrorUrl">,
): FileArgs[] {
  if (packages !== "mirror" || family.repositoryFile === undefined) return [];
  // The user's own mirror: they vouch for it.
  const mirror = { name: "lab", baseurl: mirrorUrl, gpgcheck: false, enabled: true };
  return [{ path: family.repositoryFile, content: renderDnfIni({ lab: mirror }), owner: "root", mode: "0644" }];
}
