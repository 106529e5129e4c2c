import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { EngineError, type Result, type StackLocation } from "../engine";
import { passphraseOf } from "../passphrase";
import { readProject, readYaml } from "../project";
import { PULUMI_FOLDER } from "../stack-engine";
import type { PulumiCli } from "./cli";
import { type CliRunOptions, CliStack, type Command } from "./cli-stack";
import { isLockedByTheDead } from "./dead-lock";
import { halfWritten } from "./half-written";

/**
 * The URL of a backend in a stack's own folder. The CLI replaces its files at once, but not those with their attributes, which it does not
 * need: killed in writing one, it can never read the stack again.
 */
export function ownBackend({ stateFolder }: Pick<StackLocation, "stateFolder">): string {
  return `file://${stateFolder}?metadata=skip`;
}

/** A stack of `./lab`: its settings are in a folder of its own, where the CLI may write and delete them. */
export class OwnStack extends CliStack {
  constructor(
    cli: PulumiCli,
    location: StackLocation,
    private readonly backend: string,
  ) {
    const folder = path.join(location.stateFolder, PULUMI_FOLDER);
    const settingsFile = path.join(folder, `Pulumi.${location.stack}.yaml`);
    const environment = (): NodeJS.ProcessEnv => ({
      PULUMI_BACKEND_URL: backend,
      PULUMI_CONFIG_PASSPHRASE: passphraseOf(location),
    });
    super({ cli, location, folder, settingsFile, environment });
  }

  override get isMade(): boolean {
    return fs.existsSync(this.options.settingsFile);
  }

  override async run(command: Command, options: CliRunOptions): Promise<Result> {
    if (!this.isMade) await this.make();
    await this.unlock();
    return super.run(command, options);
  }

  override async unprotect(): Promise<void> {
    await this.unlock();
    return super.unprotect();
  }

  /** Unlike the lock of ./lab, the CLI's outlasts a killed run, and so does what that was writing. */
  private async unlock(): Promise<void> {
    const { location } = this.options;
    const { name } = readProject(location);
    if (!isLockedByTheDead(this.backend, name, location.stack)) return;
    // First: while the lock is there, no other CLI writes.
    for (const file of halfWritten(this.backend, name, location.stack)) fs.rmSync(file);
    await this.call(["cancel", "--yes"]);
  }

  /** The stack's own passphrase, unless a value is encrypted with the user's. */
  protected override encryption(settings: object): object {
    const own = readYaml(this.options.settingsFile).toJS() as object;
    return readProject(this.options.location).encrypted.length > 0 ? { ...own, ...settings } : { ...settings, ...own };
  }

  override async forget(): Promise<void> {
    await super.forget();
    fs.rmSync(this.options.folder, { recursive: true });
  }

  /** Whether a run that was killed in `stack init` has left a stack without settings. A stack in the user's own backend may be theirs. */
  private isHalfMade(project: string): boolean {
    const { location } = this.options;
    const file = path.join(location.stateFolder, ".pulumi", "stacks", project, `${location.stack}.json`);
    return this.backend === ownBackend(location) && fs.existsSync(file);
  }

  private async make(): Promise<void> {
    const { folder, location, settingsFile } = this.options;
    const { name } = readProject(location);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    try {
      if (this.isHalfMade(name)) await this.call(["stack", "rm", "--yes", "--preserve-config"]);
      await this.call(["stack", "init", "--no-select"]);
    } catch (error) {
      fs.rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    if (!this.isMade) throw new EngineError(`pulumi stack init wrote no ${settingsFile} for stack "${location.stack}"`);
  }
}
