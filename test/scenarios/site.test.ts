import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bridgeNameOf } from "../../config/libvirt-names";
import { PROJECT_FOLDER } from "../support/stack-config";
import { type CommandResult, ENGINE, type LabStatus, reasonToSkip, ScenarioLab } from "../support/scenario-lab";

const lab = new ScenarioLab("container", "site");
/** A second stack on the same libvirtd, which is no private one of its own. */
const OTHER = "scenario-site-2";
const otherFile = path.join(PROJECT_FOLDER, `Pulumi.${OTHER}.yaml`);
const otherFolder = path.join(PROJECT_FOLDER, ".lab", OTHER);

const skipped = reasonToSkip();

/** Runs `./lab` for the second stack where its hosts can be reached. */
function other(command: string, ...args: string[]): Promise<CommandResult> {
  const words = ["./lab", command, "--stack", OTHER, "--engine", ENGINE, ...args];
  return new Promise((resolve) => {
    execFile(
      "nsenter",
      [`--net=/run/netns/${lab.namespace}`, "--", ...words],
      { cwd: PROJECT_FOLDER, maxBuffer: 64 * 1024 ** 2 },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

/** What a stack has in libvirt. */
const own = (names: readonly string[], stack: string): string[] =>
  names.filter((name) => name === `lab-${stack}` || new RegExp(`^lab-${stack}-(backup|pg\\d)-srv$`).test(name));

beforeAll(async () => {
  if (skipped === undefined) await lab.begin();
});

afterAll(async () => {
  // What is left of the second stack goes with its libvirtd.
  await lab.remove();
  fs.rmSync(otherFile, { force: true });
  fs.rmSync(otherFolder, { recursive: true, force: true });
});

describe.skipIf(skipped)(`a site${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up with protected disks, which are not destroyed without a word for it", async () => {
    await lab.must("up", "--yes", "--config=lab:protect=true");
    const { status, stderr } = await lab.run("destroy", "--yes");
    expect(status).toBe(1);
    expect(stderr).toContain(
      `lab: stack "${lab.stack}" has protected resources: backup-srv-disk, pg1-srv-disk; nothing was destroyed; ` +
        `hint: ./lab destroy --stack ${lab.stack} --unprotect destroys them too, with every backup\n`,
    );
    expect(await lab.status()).toMatchObject({ proven: true });
  });

  it("restarts hosts of another size one after the other, and each comes back before the next", async () => {
    const identity = await lab.on("pg1-srv", "cat /etc/machine-id");
    const stdout = await lab.must("up", "--yes", "--config=lab:protect=true", "--config=lab:memoryMiB=1280");
    const steps = [...stdout.matchAll(/^ *[\d.]+ s {2}(\S+) +(\S+) +(updated|replaced|created) in/gm)];
    expect(steps.map(([, host, step, how]) => `${host} ${step} ${how}`)).toEqual(
      ["pg2-srv", "pg3-srv", "backup-srv", "pg1-srv"].flatMap((host) => [
        `${host} resize updated`,
        `${host} back updated`,
      ]),
    );
    expect(stdout).toMatch(/^proven$/m);
    for (const host of ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"])
      expect(await lab.on(host, "systemctl is-active pgbackrest"), host).toBe("active");
    expect(lab.memoryOf("pg1-srv")).toBe("1310720 KiB");
    expect(await lab.on("pg1-srv", "cat /etc/machine-id")).toBe(identity);
    const again = await lab.must("up", "--yes", "--config=lab:protect=true", "--config=lab:memoryMiB=1280");
    expect(again).toContain("nothing to change\n");
  });

  it("has room for a second stack, but not for its network", async () => {
    const text = fs.readFileSync(path.join(PROJECT_FOLDER, "Pulumi.container.yaml"), "utf8");
    const socket = `/run/lab/${lab.namespace}/`;
    fs.writeFileSync(otherFile, `${text.replaceAll(".lab/container/run/", socket)}  lab:standbys: 0\n`);
    const { status, stderr } = await other("up", "--yes");
    expect(status).toBe(1);
    const bridge = bridgeNameOf(`lab-${lab.stack}`);
    expect(stderr).toContain(
      `lab:network must not overlap a network of this machine, got "10.83.14.0/24", and ${bridge} has 10.83.14.1/24; ` +
        "hint: another one, such as 10.84.14.0/24\n",
    );
    fs.appendFileSync(otherFile, "  lab:network: 10.84.14.0/24\n");
  });

  it("refuses a second stack whose host's name has a domain of somebody else, before the first resource", async () => {
    const name = `lab-${OTHER}-pg1-srv`;
    const xml = `<domain type='lxc'><name>${name}</name><memory unit='MiB'>64</memory><os><type>exe</type><init>/bin/true</init></os>
      <devices><filesystem type='mount'><source dir='/srv'/><target dir='/'/></filesystem></devices></domain>`;
    const uri = `lxc:///system?socket=/run/lab/${lab.namespace}/libvirt-sock`;
    // Node gives a socket, which cannot be opened as /dev/stdin.
    execFileSync("sh", ["-c", `cat | virsh -q -c "${uri}" define /dev/stdin`], { input: xml });
    const { status, stderr } = await other("up", "--yes");
    lab.virsh("undefine", name);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `domain "${name}" of ${uri} is not this lab's: its disk is no file; hint: bring up a stack of another name\n`,
    );
    expect(own(lab.virsh("net-list", "--name", "--all"), OTHER)).toEqual([]);
    expect(fs.existsSync(path.join(otherFolder, "state.json"))).toBe(false);
  });

  it("holds two stacks side by side: names, bridges, pools and volumes do not meet", async () => {
    const { status, stdout, stderr } = await other("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    const { proven, hosts } = JSON.parse((await other("status", "--json")).stdout) as LabStatus;
    expect(proven).toBe(true);
    expect(hosts.map(({ name, address }) => `${name} ${address}`)).toEqual([
      "backup-srv 10.84.14.10",
      "pg1-srv 10.84.14.11",
    ]);
    const stacks = [lab.stack, OTHER];
    expect(lab.virsh("net-list", "--name").sort()).toEqual(stacks.map((stack) => `lab-${stack}`).sort());
    expect(lab.virsh("pool-list", "--name").sort()).toEqual(stacks.map((stack) => `lab-${stack}`).sort());
    expect(stacks.map((stack) => own(lab.virsh("list", "--name"), stack).length)).toEqual([4, 2]);
    expect(stacks.map((stack) => lab.virsh("vol-list", `lab-${stack}`).length)).toEqual([4, 2]);
    const links = execFileSync("ip", ["-n", lab.namespace, "-br", "link", "show", "type", "bridge"], {
      encoding: "utf8",
    });
    for (const stack of stacks) expect(links).toContain(`${bridgeNameOf(`lab-${stack}`)} `);
    expect(await lab.status()).toMatchObject({ proven: true });
  });

  it("loses one of them and keeps the other", async () => {
    const { status, stderr } = await other("destroy", "--yes");
    expect(status, stderr).toBe(0);
    expect(lab.virsh("net-list", "--name", "--all")).toEqual([`lab-${lab.stack}`]);
    expect(lab.virsh("pool-list", "--name", "--all")).toEqual([`lab-${lab.stack}`]);
    expect(await lab.status()).toMatchObject({ proven: true });
  });

  it("is destroyed when it is told to unprotect", async () => {
    const { namespace } = lab;
    await lab.must("destroy", "--yes", "--unprotect");
    expect(lab.remains(namespace)).toEqual([]);
  });
});
