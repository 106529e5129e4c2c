import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDepth } from "../../cli/test-depth";
import { planAddresses } from "../../plan/address-plan";
import { type CommandResult, reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** Hosts on a bridge that was there before, with addresses by configuration and a DHCP server that reserves them: containers, or virtual machines. */
const KINDS = [
  { base: "container", name: "bridge", lease: 40 },
  ...(testDepth() === "full" ? [{ base: "local", name: "bridge-vm", lease: 120 }] : []),
];
const skipped = reasonToSkip();

const BRIDGE = "br-office";
const NETWORK = "192.168.70.0/24";
const ADDRESSES = { "backup-srv": "192.168.70.30", "pg1-srv": "192.168.70.131" };
const WITH_STANDBY = { ...ADDRESSES, "pg2-srv": "192.168.70.52" };

describe.skipIf(skipped).each(KINDS)(
  `an existing bridge, stack $base${skipped === undefined ? "" : ` (skipped: ${skipped})`}`,
  ({ base, name, lease }) => {
    const lab = new ScenarioLab(base, name);
    let dhcp: ChildProcess | undefined;

    function up(addresses: Readonly<Record<string, string>>, standbys: number): Promise<CommandResult> {
      const settings = [
        ...["lab:networkMode=bridge", `lab:bridge=${BRIDGE}`, `lab:network=${NETWORK}`],
        ...[`lab:addresses=${JSON.stringify(addresses)}`, `lab:standbys=${standbys}`],
      ];
      return lab.run("up", "--yes", ...settings.map((setting) => `--config=${setting}`));
    }

    /** What a user's network has: a bridge … */
    function setUpBridge(): void {
      const ip = (...args: string[]): void => void execFileSync("ip", ["-n", lab.namespace, ...args]);
      ip("link", "add", BRIDGE, "type", "bridge");
      ip("address", "add", "192.168.70.1/24", "dev", BRIDGE);
      ip("link", "set", BRIDGE, "up");
    }

    async function stop(): Promise<void> {
      const running = dhcp;
      dhcp = undefined;
      if (running?.kill()) await once(running, "close");
    }

    /** … and a DHCP server without a name service. */
    async function serve(addresses: Readonly<Record<string, string>>): Promise<void> {
      await stop();
      const hosts = planAddresses(NETWORK, addresses).reservations.map(
        ({ mac, address }) => `--dhcp-host=${mac},${address}`,
      );
      const options = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file="];
      const serving = [
        `--interface=${BRIDGE}`,
        "--bind-interfaces",
        "--leasefile-ro",
        "--dhcp-range=192.168.70.0,static",
      ];
      dhcp = spawn("nsenter", [`--net=/run/netns/${lab.namespace}`, "dnsmasq", ...options, ...serving, ...hosts], {
        stdio: "inherit",
      });
    }

    beforeAll(async () => {
      if (skipped === undefined) await lab.begin();
    });

    afterAll(async () => {
      await stop();
      await lab.remove();
    });

    it("that is missing is told before the first resource", async () => {
      const { status, stderr } = await up(ADDRESSES, 0);
      expect(status).toBe(1);
      expect(stderr).toContain(
        `lab:bridge must be a bridge of this machine, got "${BRIDGE}"; it has none; ` +
          `hint: ip link add ${BRIDGE} type bridge, or libvirt's own network: lab:networkMode nat\n`,
      );
      expect(lab.virsh("net-list", "--name", "--all")).toEqual([]);
    });

    it("carries a lab, whose hosts have the given addresses and know each other by name", async () => {
      setUpBridge();
      await serve(ADDRESSES);
      const { status, stdout, stderr } = await up(ADDRESSES, 0);
      expect(status, stdout + stderr).toBe(0);
      expect(await lab.status()).toMatchObject({ proven: true, findings: [] });
      for (const [host, address] of Object.entries(ADDRESSES)) {
        expect(await lab.on(host, "hostname -I | xargs; getent hosts backup-srv pg1-srv | xargs"), host).toBe(
          `${address}\n192.168.70.30 backup-srv 192.168.70.131 pg1-srv`,
        );
      }
      expect(
        execFileSync("bridge", ["-n", lab.namespace, "link"], { encoding: "utf8" }).split(`master ${BRIDGE} `),
      ).toHaveLength(3);
      expect((await up(ADDRESSES, 0)).stdout).toMatch(/^nothing to change$/m);
    });

    it("tells in seconds that the DHCP server does not know a further host, and how to go on", async () => {
      const { status, stdout } = await up(WITH_STANDBY, 1);
      expect(status).toBe(1);
      const domain = lab.domainOf("pg2-srv");
      const [uri] = /\w+:\S+(?=" destroy)/.exec(stdout) ?? [];
      const remedy = `virsh -c "${String(uri)}" destroy ${domain}; virsh -c "${String(uri)}" start ${domain}`;
      expect(stdout).toMatch(/pg2-srv {5}address {25}FAILED after \d+\.\d s\n/);
      expect(stdout).toContain(
        `            ${domain} does not answer at 192.168.70.52: no DHCP server on bridge ${BRIDGE} has given it that in ${lease} s; ` +
          `hint: reserve 192.168.70.52 for MAC address 52:54:00:a8:46:34 there, then ${remedy}, and run up again\n`,
      );
      await serve(WITH_STANDBY);
      execFileSync("sh", ["-c", remedy], { stdio: "inherit" });
    });

    it("takes a further host, which the others know then", async () => {
      const { status, stdout, stderr } = await up(WITH_STANDBY, 1);
      expect(status, stdout + stderr).toBe(0);
      const { proven, hosts } = await lab.status();
      expect({
        proven,
        hosts: hosts.map(({ name, address, streaming }) => [name, address, streaming ?? false]),
      }).toEqual({
        proven: true,
        hosts: [
          ["backup-srv", "192.168.70.30", false],
          ["pg1-srv", "192.168.70.131", false],
          ["pg2-srv", "192.168.70.52", true],
        ],
      });
    });

    it("keeps a host's address", async () => {
      const { status, stderr } = await up({ ...WITH_STANDBY, "pg2-srv": "192.168.70.53" }, 1);
      expect(status).toBe(1);
      expect(stderr).toContain(
        "existing hosts keep their addresses; those of further hosts may be added; hint: bring up another stack",
      );
    });

    it("has nothing left on it when the lab is destroyed", async () => {
      const { namespace } = lab;
      await stop();
      await lab.must("destroy", "--yes");
      expect(lab.remains(namespace)).toEqual([]);
    });
  },
);
