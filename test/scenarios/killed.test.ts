import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** A libvirtd that a second stack shares: what that leaves there does not go with the libvirtd. */
const lab = new ScenarioLab("container", "killed", "embedded");
const skipped = reasonToSkip({ engine: "pulumi" });
const OTHER = "scenario-killed-2";
const otherFile = path.join(PROJECT_FOLDER, `Pulumi.${OTHER}.yaml`);
const otherFolder = path.join(PROJECT_FOLDER, ".lab", OTHER);

/** Between the drivers and virsh: defines the network, or does not, and waits until the drivers' process is killed. */
const VIRSH = `#!/bin/bash
case " $* " in *" net-define "*)
  drivers=$(ps -o ppid= "$PPID" | xargs)
  if [ "$DEFINES" = yes ]; then /usr/bin/virsh "$@"; fi
  touch "$REACHED"
  while [ -d "/proc/$drivers" ]; do sleep 0.1; done
  exit 1 ;;
esac
exec /usr/bin/virsh "$@"
`;

let folder = "";

/** The second stack's command, where the libvirtd's networks are. */
function command(name: string, ...args: string[]): [string, string[]] {
  return ["nsenter", [`--net=/run/netns/${lab.namespace}`, "./lab", name, "--stack", OTHER, "--yes", ...args]];
}

/** Brings the second stack up, and kills `./lab` where the first object is created. */
async function killAtFirst(engine: string, defines: "yes" | "no"): Promise<void> {
  const reached = path.join(folder, `${engine}-${defines}`);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, REACHED: reached, DEFINES: defines };
  const child = spawn(...command("up", "--engine", engine), { cwd: PROJECT_FOLDER, env, stdio: "inherit" });
  const closed = once(child, "close");
  try {
    await expect.poll(() => fs.existsSync(reached), { timeout: 60_000 }).toBe(true);
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
}

const networks = (): string[] => lab.virsh("net-list", "--all", "--uuid");

beforeAll(async () => {
  if (skipped !== undefined) return;
  fs.rmSync(otherFolder, { recursive: true, force: true });
  await lab.begin();
  await lab.must("prepare");
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-killed-"));
  fs.writeFileSync(path.join(folder, "virsh"), VIRSH, { mode: 0o755 });
  const text = fs.readFileSync(path.join(PROJECT_FOLDER, "Pulumi.container.yaml"), "utf8");
  fs.writeFileSync(otherFile, text.replaceAll(".lab/container/run/", `/run/lab/${lab.namespace}/`));
});

afterAll(async () => {
  await lab.remove();
  fs.rmSync(otherFile, { force: true });
  fs.rmSync(otherFolder, { recursive: true, force: true });
  if (folder !== "") fs.rmSync(folder, { recursive: true });
});

describe.skipIf(skipped)(
  `a run killed at its first object${skipped === undefined ? "" : ` (skipped: ${skipped})`}`,
  () => {
    it.each(["embedded", "pulumi"])(
      "leaves nothing on a shared libvirt once it is destroyed, engine %s",
      async (engine) => {
        await killAtFirst(engine, "yes");
        expect(networks()).toHaveLength(1);
        execFileSync(...command("destroy"), { cwd: PROJECT_FOLDER, stdio: "inherit" });
        expect(networks()).toEqual([]);
        expect(fs.existsSync(otherFolder)).toBe(false);
      },
    );

    it.each(["embedded", "pulumi"])("takes nobody else's network of that name with it, engine %s", async (engine) => {
      await killAtFirst(engine, "no");
      const file = path.join(folder, "network.xml");
      fs.writeFileSync(file, `<network><name>lab-${OTHER}</name></network>`);
      lab.virsh("net-define", file);
      const theirs = networks();
      expect(theirs).toHaveLength(1);
      execFileSync(...command("destroy"), { cwd: PROJECT_FOLDER, stdio: "inherit" });
      expect(networks()).toEqual(theirs);
      lab.virsh("net-undefine", `lab-${OTHER}`);
    });
  },
);
