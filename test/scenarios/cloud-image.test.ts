import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDepth } from "../../cli/test-depth";
import { answers } from "../support/answers";
import { buildCloudImage, CLOUD_RELEASE } from "../support/cloud-image";
import { downloadPackages, PackageMirror } from "../support/package-mirror";
import { packagesOf, versionsOf } from "../support/releases";
import { type CommandResult, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { expectSpentSeeds } from "../support/spent-seeds";
import { PROJECT_FOLDER } from "../support/stack-config";

/** Virtual machines of an image as distributions ship them, which knows nothing of the lab: all that makes them its hosts is a seed. */
const lab = new ScenarioLab("local", "cloud-image");
const scratch = path.join(PROJECT_FOLDER, ".lab", "cloud-image-mirror");
/** Emulated hosts of such an image boot for a minute or two. */
const standbys = testDepth() === "full" ? ["pg2-srv"] : [];
const HOSTS = ["backup-srv", "pg1-srv", ...standbys];

/** Commands, and what they print on every host. */
const FACTS = {
  "jq -c .v1 /run/cloud-init/result.json": '{"datasource":"DataSourceNoCloud [seed=/dev/sr0][dsmode=net]","errors":[]}',
  "cloud-init schema --system": "Valid cloud-config: system userdata",
  "ls /etc/ssh/ssh_host_*": "/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub",
  "lsblk -no PTTYPE /dev/vda | uniq": "gpt",
  "findmnt -no SOURCE,FSTYPE /": "/dev/vda1 ext4",
  // It has grown.
  "test $(df --output=size / | tail -n 1) -gt 11000000 && echo 11 GB": "11 GB",
  "ls /usr/local/sbin /usr/local/bin": "/usr/local/bin:\n\n/usr/local/sbin:",
  "systemctl --failed --plain --no-legend": "",
  "apt-cache policy pgbackrest | grep -A 1 '^ \\*\\*\\*' | grep -o 'http://[^ /]*'": PackageMirror.url("10.83.14.1"),
};

const skipped = reasonToSkip({ vm: true });
let mirror: PackageMirror | undefined;
let config: string[] = [];
const up = (...args: string[]): Promise<CommandResult> => lab.run("up", "--yes", ...config, ...args);

/** What a host that reboots must keep: machine-id, addresses, rows. */
const identity = (host: string): Promise<string> =>
  lab.on(host, "cat /etc/machine-id; hostname --all-ip-addresses; df --output=source,size /");

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  const image = await buildCloudImage();
  fs.rmSync(scratch, { recursive: true, force: true });
  downloadPackages(scratch, CLOUD_RELEASE, packagesOf(CLOUD_RELEASE));
  config = [
    ...[`imagePath=${image}`, "savedGuestPath=", "networkMode=nat", `standbys=${standbys.length}`, "diskGiB=12"],
    ...versionsOf(CLOUD_RELEASE),
    ...["packages=mirror", `mirrorUrl=${PackageMirror.url("10.83.14.1")}`],
  ].map((setting) => `--config=lab:${setting}`);
  await lab.must("prepare", ...config);
  mirror = await PackageMirror.start(scratch, lab.namespace);
});

afterAll(async () => {
  mirror?.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.remove();
});

describe.skipIf(skipped)(`a lab on a cloud image${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up from nothing, with packages from a mirror in its network, and is proven", async () => {
    const { status, stdout, stderr } = await up();
    expect(status, stdout + stderr).toBe(0);
    const { proven, findings, hosts, backups } = await lab.status();
    expect({ proven, findings }).toEqual({ proven: true, findings: [] });
    expect(hosts.filter(({ streaming }) => streaming).map(({ name }) => name)).toEqual(standbys);
    expect(backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
      ["full", false],
      ...standbys.map(() => ["full", true]),
    ]);
  });

  it.concurrent.each(HOSTS)(
    "makes %s of the image by its seed alone, which the real cloud-init reads",
    async (host) => {
      const facts = Object.entries({ ...FACTS, hostname: host });
      expect(
        await answers(
          lab,
          host,
          facts.map(([command]) => command),
        ),
      ).toEqual(facts.map(([command, printed]) => ({ command, printed })));
    },
  );

  it("leaves no SSH host key in a seed that was read, but a seed: one that a guest can read", () => {
    expectSpentSeeds(lab, HOSTS.length);
  });

  it("stays what it was when the primary reboots, and its standbys follow it again", async () => {
    await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
    const before = await identity("pg1-srv");
    const boot = await lab.on("pg1-srv", "cat /proc/sys/kernel/random/boot_id");
    // The connection may end before its command does.
    await lab.run("ssh", "pg1-srv", "--", "sudo systemctl reboot");
    const bootNow = (): Promise<string> => lab.on("pg1-srv", "cat /proc/sys/kernel/random/boot_id").catch(() => boot);
    await expect.poll(bootNow, { timeout: 600_000, interval: 5000 }).not.toBe(boot);
    await expect.poll(async () => (await lab.status()).proven, { timeout: 300_000, interval: 5000 }).toBe(true);
    expect(await identity("pg1-srv")).toBe(before);
    expect(await lab.query("pg1-srv", "SELECT sum(number) FROM kept")).toBe("500500");
  });

  it("has nothing to change the second time", async () => {
    const { status, stdout, stderr } = await up();
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("nothing to change\n");
  });

  it("restarts one host after the other for more memory and processors, standbys first, and each comes back", async () => {
    const { status, stdout, stderr } = await up("--config=lab:memoryMiB=1280", "--config=lab:cpus=2");
    expect(status, stdout + stderr).toBe(0);
    expect(
      [...stdout.matchAll(/(\S+) +(resize|back) +updated in/g)].map(([, host, step]) => `${host} ${step}`),
    ).toEqual([...standbys, "backup-srv", "pg1-srv"].flatMap((host) => [`${host} resize`, `${host} back`]));
    expect(stdout).toMatch(/^proven$/m);
    for (const host of HOSTS) {
      expect(lab.memoryOf(host), host).toBe(`${1280 * 1024} KiB`);
      expect(await lab.on(host, "nproc"), host).toBe("2");
    }
    for (const host of ["pg1-srv", ...standbys])
      expect(await lab.query(host, "SELECT sum(number) FROM kept"), host).toBe("500500");
  });

  it("leaves nothing when it is destroyed, but the image", async () => {
    const { namespace } = lab;
    await lab.must("destroy", "--yes");
    expect(lab.remains(namespace)).toEqual([]);
  });
});
