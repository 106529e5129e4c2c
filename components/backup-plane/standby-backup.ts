import * as pulumi from "@pulumi/pulumi";
import { PGBACKREST_FOLDER, REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface StandbyBackupArgs {
  /** The stanza's name. */
  stanza: string;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** That host's configuration: a change may have led to a repository that holds nothing yet. */
  repositoryConf: string;
  /** The standbys' part of its configuration, for conf.d. */
  conf: string;
  /** How many standbys there are. With none, the configuration says so and no backup is taken. */
  standbys: number;
}

/** The standbys as members of the stanza, and a full backup whose files come from one of them. */
export class StandbyBackup extends pulumi.ComponentResource {
  constructor(name: string, args: StandbyBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:StandbyBackup", name, {}, opts);
    const { stanza, repositoryHost, repositoryConf, conf, standbys } = args;

    // With the standbys as members, `check` asks every one of them; the backup asks one.
    const members = runScript(
      `${name}-conf`,
      repositoryHost,
      "backup-plane/stanza-check.sh",
      [REPOSITORY_ACCOUNT, stanza],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        rerunOn: [repositoryConf],
        files: [{ path: `${PGBACKREST_FOLDER}/conf.d/standbys.conf`, content: conf, owner: "root", mode: "0644" }],
      },
    );
    if (standbys > 0) {
      const take = [REPOSITORY_ACCOUNT, stanza, "standby"];
      runScript(`${name}-take`, repositoryHost, "backup-plane/backup-full.sh", take, {
        parent: this,
        dependsOn: [members],
        rerunOn: [repositoryConf],
        timeout: "2h",
      });
    }

    this.registerOutputs({});
  }
}
