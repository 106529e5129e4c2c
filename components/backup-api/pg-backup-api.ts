import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { API_ADDRESS, type BarmanFamily } from "../../plan/backup-api-layout";
import { packFolder, readPackage } from "../../steps/package-content";
import { API_CONF_FILE, API_ENVIRONMENT, renderApiUnit, renderGunicornConf } from "../../render/backup-api/service";
import { type ApiSource, SOURCE_WAYS } from "../../config/api-source";
import { fingerprint } from "../../steps/fingerprint";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript } from "../../steps/remote";

export interface PgBackupApiArgs {
  /** Barman's host. */
  host: RemoteHost;
  family: BarmanFamily;
  source: ApiSource;
  /** The exact version, from a source that has several. */
  version: string;
  /** File with the EDB account's token, for EDB's repository. */
  tokenFile: string;
}

/** pg-backup-api beside Barman, on an address reached only from its own host. */
export class PgBackupApi extends pulumi.ComponentResource {
  /** The source's digest. If it changes, the API must be verified again. */
  public readonly digest: string;

  constructor(name: string, args: PgBackupApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:PgBackupApi", name, {}, opts);
    const { host } = args;
    const { what, script, words, input, digest } = installationOf(args);

    const installed = runScript(`${name}-${what}`, host, script, words, {
      parent: this,
      dependsOn: opts?.dependsOn,
      input,
      timeout: "30m",
    });
    const files: FileArgs[] = [
      { path: API_CONF_FILE, content: renderGunicornConf(), owner: "root", mode: "0644" },
      { path: "/etc/systemd/system/pg-backup-api.service", content: renderApiUnit(), owner: "root", mode: "0644" },
    ];
    runScript(`${name}-start`, host, "backup-api/pg-backup-api-start.sh", [API_ADDRESS], {
      parent: this,
      dependsOn: [installed],
      // EDB's packages have their own.
      files: what === "package" ? [] : files,
      rerunOn: [digest],
      keeps: { units: ["pg-backup-api.service"] },
    });

    this.digest = digest;
    this.registerOutputs({});
  }
}

/** The step that installs pg-backup-api from its source, and the digest of what it installs. */
function installationOf({ family, source, version, tokenFile }: PgBackupApiArgs) {
  if (source.kind === "repository" || source.kind === "package") {
    const isFile = source.kind === "package";
    const wanted = isFile ? "" : version;
    const input = isFile ? readPackage(source.file).base64 : fs.readFileSync(tokenFile, "utf8").trim();
    const words = [family.packageFormat, wanted, SOURCE_WAYS];
    // The token is no part of what is installed.
    const digest = fingerprint(wanted, isFile ? input : "");
    return { what: "package", script: "backup-api/pg-backup-api-package.sh", words, input, digest };
  }
  const [from, wanted, input] =
    source.kind === "index" ? [source.url, `pg-backup-api==${version}`, ""] : archiveOf(source);
  const digest = fingerprint(from, wanted, input);
  const words = [API_ENVIRONMENT, digest, from, wanted, SOURCE_WAYS];
  return { what: "environment", script: "backup-api/pg-backup-api-install.sh", words, input, digest };
}

function archiveOf({ isFolder, path }: Extract<ApiSource, { kind: "source" }>): [string, string, string] {
  const { name, base64 } = isFolder ? packFolder(path) : readPackage(path);
  return [name, "", base64];
}
