import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { BarmanFamily } from "../../plan/backup-api-layout";
import { API_ADDRESS } from "../../plan/backup-api-layout";
import { packFolder, readPackage } from "../../steps/package-content";
import { API_CONF_FILE, API_ENVIRONMENT, renderApiUnit, renderGunicornConf } from "../../render/backup-api/service";
import type { ApiSource } from "../../config/api-source";
import { SOURCE_WAYS } from "../../config/api-source";
import { fingerprint } from "../../steps/fingerprint";
import type { FileArgs } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

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
    const { host, source } = args;
    const options = { parent: this, dependsOn: opts?.dependsOn };

    const isPackage = source.kind === "repository" || source.kind === "package";
    const [installed, digest] = isPackage
      ? this.installPackage(`${name}-package`, args, source, options)
      : this.installEnvironment(`${name}-environment`, args, source, options);
    const files: FileArgs[] = [
      { path: API_CONF_FILE, content: renderGunicornConf(), owner: "root", mode: "0644" },
      { path: "/etc/systemd/system/pg-backup-api.service", content: renderApiUnit(), owner: "root", mode: "0644" },
    ];
    runScript(`${name}-start`, host, "backup-api/pg-backup-api-start.sh", [API_ADDRESS], {
      parent: this,
      dependsOn: [installed],
      // EDB's packages have their own.
      files: isPackage ? [] : files,
      rerunOn: [digest],
    });

    this.digest = digest;
    this.registerOutputs({});
  }

  private installPackage(
    name: string,
    { host, family, version, tokenFile }: PgBackupApiArgs,
    source: Extract<ApiSource, { kind: "repository" | "package" }>,
    options: { parent: pulumi.Resource; dependsOn: pulumi.ResourceOptions["dependsOn"] },
  ): [pulumi.Resource, string] {
    const [wanted, content] =
      source.kind === "repository"
        ? [version, fs.readFileSync(tokenFile, "utf8").trim()]
        : ["", readPackage(source.file).base64];
    const digest = fingerprint(wanted, source.kind === "package" ? content : "");
    const installed = runScript(
      name,
      host,
      "backup-api/pg-backup-api-package.sh",
      [family.packageFormat, wanted, SOURCE_WAYS],
      { ...options, input: content, timeout: "30m" },
    );
    return [installed, digest];
  }

  private installEnvironment(
    name: string,
    { host, version }: PgBackupApiArgs,
    source: Extract<ApiSource, { kind: "source" | "index" }>,
    options: { parent: pulumi.Resource; dependsOn: pulumi.ResourceOptions["dependsOn"] },
  ): [pulumi.Resource, string] {
    const { from, wanted, content } =
      source.kind === "index"
        ? { from: source.url, wanted: `pg-backup-api==${version}`, content: "" }
        : archiveOf(source);
    const digest = fingerprint(from, wanted, content);
    const installed = runScript(
      name,
      host,
      "backup-api/pg-backup-api-install.sh",
      [API_ENVIRONMENT, digest, from, wanted, SOURCE_WAYS],
      { ...options, input: content, timeout: "30m" },
    );
    return [installed, digest];
  }
}

function archiveOf(source: Extract<ApiSource, { kind: "source" }>): { from: string; wanted: string; content: string } {
  const { name, base64 } = source.isFolder ? packFolder(source.path) : readPackage(source.path);
  return { from: name, wanted: "", content: base64 };
}
