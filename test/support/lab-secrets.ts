import { spawnSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabState } from "./lab-state";
import type { ScenarioLab } from "./scenario-lab";

/** Prints `FILE:NEEDLE` of every file of a host, and of its processes' command lines and environments; the needles come by standard input. */
const SEARCH = `
needles=$(cat)
find / -mindepth 1 -maxdepth 1 -type d -not -name proc -not -name sys -not -name usr -print0 |
  xargs -0 grep -roaHFf <(printf %s "$needles")
for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do grep -oaHFf <(printf %s "$needles") "$file" 2>/dev/null; done
true`;

/** The private keys, passwords and the passphrase of a lab, and where they are found. */
export class LabSecrets {
  /** What a secret looks like where it lies in the open, and the secret's name. */
  private readonly names = new Map<string, string>();

  /** @param lab one that is up */
  constructor(private readonly lab: ScenarioLab) {
    for (const [name, pem] of new LabState(lab).privateKeys()) {
      const { d } = crypto.createPrivateKey(pem).export({ format: "jwk" });
      this.learn(name, keyNeedles(Buffer.from(d ?? "", "base64url")));
      if (name.endsWith("-source")) {
        const password = crypto.createHash("sha256").update(pem).digest("base64url");
        this.learn(name.slice(0, -"-source".length), textNeedles(password));
      }
    }
    const passphrase = fs.readFileSync(path.join(lab.stateFolder, "passphrase"), "utf8").trim();
    this.learn("passphrase", textNeedles(passphrase));
  }

  private learn(name: string, needles: readonly string[]): void {
    for (const needle of needles) this.names.set(needle, name);
  }

  /** The names of all. */
  get all(): string[] {
    return [...new Set(this.names.values())].sort();
  }

  /** The names of the secrets that a text holds. */
  within(text: string): string[] {
    return [...new Set([...this.names].filter(([needle]) => text.includes(needle)).map(([, name]) => name))];
  }

  /** `SECRET: FILE OWNER MODE` of all that a host's files and processes hold. */
  async onHost(host: string): Promise<string[]> {
    const said = await this.lab.on(host, SEARCH, this.needles);
    const found = this.read(said);
    const modes = await this.lab.on(host, `stat -c '%n %U %a' ${found.map(([, file]) => file).join(" ")} /etc`);
    return places(found, modes);
  }

  /** `SECRET: FILE OWNER MODE` of all that a folder of this machine holds, without the hosts' disks. */
  inFolder(folder: string): string[] {
    const grep = spawnSync("grep", ["-roaHFf", "-", "--exclude=*.raw", "--exclude=*.qcow2", folder], {
      input: this.needles,
      encoding: "utf8",
    });
    const found = this.read(grep.stdout);
    const stat = spawnSync("stat", ["-c", "%n %U %a", ...found.map(([, file]) => file), "/etc"], { encoding: "utf8" });
    return places(found, stat.stdout).map((place) => place.replace(`${folder}/`, ""));
  }

  private get needles(): string {
    return [...this.names.keys()].join("\n");
  }

  private read(grepped: string): [string, string][] {
    return grepped
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [this.names.get(line.slice(line.indexOf(":") + 1)) ?? "?", line.slice(0, line.indexOf(":"))]);
  }
}

/** Every command line that this machine's processes have, looked at until told to stop: containers' processes are among them. */
export class CommandLines {
  private readonly seen = new Set<string>();
  private readonly timer = setInterval(() => {
    this.look();
  }, 50);

  /** All that were seen. */
  stop(): string[] {
    clearInterval(this.timer);
    return [...this.seen];
  }

  private look(): void {
    for (const id of fs.readdirSync("/proc")) {
      if (!/^\d+$/.test(id)) continue;
      try {
        this.seen.add(fs.readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch (error) {
        // It has ended.
        if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    }
  }
}

function places(found: readonly (readonly [string, string])[], modes: string): string[] {
  const ofFile = new Map(modes.split("\n").map((line) => [line.split(" ")[0], line]));
  return [...new Set(found.map(([name, file]) => `${name}: ${ofFile.get(file) ?? file}`))].sort();
}

/**
 * A private key's bytes as they stand in whatever form holds them in base64 (PEM of any kind, OpenSSH's file), and in base64 of
 * that. By halves: a line ends in one of them at most.
 */
function keyNeedles(bytes: Buffer): string[] {
  const plain = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)].flatMap(inBase64);
  return [...plain, ...plain.flatMap((needle) => inBase64(Buffer.from(needle)))];
}

function textNeedles(text: string): string[] {
  return [text, ...inBase64(Buffer.from(text))];
}

/** What base64 makes of these bytes, by where among others they begin. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((skip) => bytes.subarray(skip, bytes.length - ((bytes.length - skip) % 3)).toString("base64"));
}
