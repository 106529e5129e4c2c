import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { scriptText } from "../../steps/script-text";

export interface ScriptRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was called, in order: the command and its arguments. */
  readonly calls: readonly string[];
}

/**
 * A folder in which a host script runs as it is, sent over stdin as on a host, with stand-ins for the programs that it calls. Every
 * stand-in drains its stdin, as many real programs do: a script that is read from there must survive that.
 */
export class StandIns {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stand-ins-"));
  private readonly bin = path.join(this.folder, "bin");
  private readonly log = path.join(this.folder, "calls");

  constructor() {
    fs.mkdirSync(this.bin);
    // Runs the command as the account that it is, so that the next stand-in is found.
    this.add("setpriv", 'while [[ $1 == -* ]]; do shift; done; "$@"');
  }

  /**
   * Adds a stand-in.
   * @param body bash; it sees the arguments.
   */
  add(program: string, body: string): this {
    const silent = program === "setpriv" ? "" : `echo "${program} $*" >>${this.log}\ncat >/dev/null\n`;
    fs.writeFileSync(path.join(this.bin, program), `#!/bin/bash\n${silent}${body}\n`, { mode: 0o755 });
    return this;
  }

  /** Runs a file of `scripts/`; `input` is what the script reads, `places` are those that it has elsewhere than on a host. */
  run(
    script: string,
    args: readonly string[] = [],
    input = "",
    places: Readonly<Record<string, string>> = {},
  ): ScriptRun {
    fs.writeFileSync(this.log, "");
    let text = scriptText(script);
    for (const [place, here] of Object.entries(places)) text = text.replaceAll(place, here);
    const result = spawnSync("bash", ["-s", "--", ...args], {
      // What does not come is not waited for as long as on a host.
      input: text.replaceAll(/\bawait \d+ /g, "await 2 ") + input,
      encoding: "utf8",
      env: { PATH: `${this.bin}:${process.env.PATH}`, HOME: this.folder, HOSTNAME: "pg1-srv", SLOWNESS: "1" },
      timeout: 60_000,
    });
    const calls = fs.readFileSync(this.log, "utf8").split("\n").filter(Boolean);
    return { status: result.status, stdout: result.stdout, stderr: result.stderr, calls };
  }

  /** Path of a file in the folder, for stand-ins that remember something. */
  path(name: string): string {
    return path.join(this.folder, name);
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true });
  }
}
