import { setMaxListeners } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type * as libvirt from "@pulumi/libvirt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Driver, MISSING, SHUT_OFF, type Subject, unknownInputs } from "../../engine/drivers/driver";
import { libvirtDrivers } from "../../engine/drivers/libvirt";
import type { Properties } from "../../engine/values";
import { container, virtualMachine } from "../../render/domain";

const UUID = "11111111-2222-3333-4444-555555555555";
const provider = { uri: "lxc:///system?socket=/run/x" };
const task = { signal: new AbortController().signal, log: () => undefined };
const PATH = process.env.PATH;

setMaxListeners(0, task.signal);

/** Stands in for virsh: keeps what it is given, and answers from files. */
const VIRSH = `#!/bin/bash
echo "$3" >"$VIRSH_FOLDER/uri"
shift 3
echo "$*" >>"$VIRSH_FOLDER/calls"
case " $* " in *" /dev/stdin "*) cat /dev/stdin >"$VIRSH_FOLDER/xml" ;; *) cat >/dev/null ;; esac
if [ "$1" = "$(cat "$VIRSH_FOLDER/broken" 2>/dev/null)" ]; then echo "error: $1 is broken" >&2; exit 1; fi
cat "$VIRSH_FOLDER/answer-$1$(case "$*" in *--all*) echo -all ;; esac)" 2>/dev/null || true
`;

describe("the libvirt driver", () => {
  let folder: string;
  let drivers: Readonly<Record<string, Driver>>;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-virsh-"));
    fs.writeFileSync(path.join(folder, "virsh"), VIRSH, { mode: 0o755 });
    process.env.PATH = `${folder}:${PATH ?? ""}`;
    process.env.VIRSH_FOLDER = folder;
    drivers = libvirtDrivers(folder);
  });
  afterEach(() => {
    process.env.PATH = PATH;
    fs.rmSync(folder, { recursive: true });
  });

  const read = (file: string): string => fs.readFileSync(path.join(folder, file), "utf8");
  const answer = (command: string, text: string): void => {
    fs.writeFileSync(path.join(folder, `answer-${command}`), text);
  };
  const calls = (): string[] => {
    const lines = read("calls").trim().split("\n");
    fs.rmSync(path.join(folder, "calls"));
    return lines;
  };
  const driver = (type: string): Driver => drivers[`libvirt:index/${type}`] ?? expect.fail(type);
  const subject = (inputs: object, outputs: Properties = { uuid: UUID }): Subject<Properties, never> =>
    ({ inputs: inputs as Properties, outputs, provider }) as Subject<Properties, never>;
  const create = (type: string, inputs: object) => driver(type).create(subject(inputs), task);

  it("calls what the provider calls +sshcmd as virsh does", async () => {
    const own = { ...subject({ name: "lab", type: "dir" }), provider: { uri: "qemu+sshcmd://there/system" } };
    await driver("pool:Pool").create(own, task);
    expect(read("uri")).toBe("qemu+ssh://there/system\n");
  });

  const parts = {
    name: "lab-here-pg1-srv",
    mac: "52:54:00:00:00:0b",
    cpus: 2,
    memoryMiB: 1024,
    networkName: "lab",
    diskPath: "/pool/pg1-srv",
  };

  it("defines and starts a container under a UUID of its own", async () => {
    const inputs = container({ ...parts, seed: { metaData: "META", userData: "a<b" } });
    expect(unknownInputs(driver("domain:Domain"), inputs as Properties)).toEqual([]);
    expect(await create("domain:Domain", inputs)).toEqual({ id: UUID, outputs: { uuid: UUID } });
    expect(calls()).toEqual(["define /dev/stdin", `autostart ${UUID}`, `start ${UUID}`]);
    expect(read("xml")).toBe(
      [
        '<domain type="lxc"><name>lab-here-pg1-srv</name><memory unit="MiB">1024</memory><vcpu>2</vcpu>',
        '<os><type arch="x86_64">exe</type><init>/usr/local/sbin/lab-init</init>',
        '<initenv name="LAB_META_DATA">META</initenv><initenv name="LAB_USER_DATA">a&lt;b</initenv></os>',
        "<features><privnet/></features>",
        '<devices><filesystem accessmode="passthrough" type="file"><driver type="loop" format="raw"/><source file="/pool/pg1-srv"/><target dir="/"/></filesystem>',
        '<interface type="network"><mac address="52:54:00:00:00:0b"/><source network="lab"/></interface>',
        `<console type="pty"><target type="lxc" port="0"/></console></devices><uuid>${UUID}</uuid></domain>`,
      ].join(""),
    );
  });

  it("defines a virtual machine", async () => {
    await create("domain:Domain", {
      ...virtualMachine({ ...parts, type: "qemu", seedPath: "/pool/seed" }),
      autostart: false,
    });
    expect(calls()).toEqual(["define /dev/stdin"]);
    expect(read("xml")).toBe(
      [
        '<domain type="qemu"><name>lab-here-pg1-srv</name><memory unit="MiB">1024</memory><vcpu>2</vcpu>',
        '<os><type arch="x86_64" machine="pc">hvm</type><boot dev="hd"/></os>',
        '<features><acpi/><apic/><tcg><tb-cache unit="MiB">512</tb-cache></tcg></features>',
        '<devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="/pool/pg1-srv"/><target dev="vda" bus="virtio"/></disk>',
        '<disk type="file" device="cdrom"><driver name="qemu" type="raw"/><source file="/pool/seed"/><target dev="hda" bus="ide"/><readonly/></disk>',
        '<interface type="network"><mac address="52:54:00:00:00:0b"/><model type="virtio"/><source network="lab"/></interface>',
        `<serial type="pty"><target port="0"/></serial></devices><uuid>${UUID}</uuid></domain>`,
      ].join(""),
    );
  });

  it("defines a network with its names and addresses, and a pool", async () => {
    const network: libvirt.NetworkConfiguration = {
      name: "lab",
      autostart: true,
      forward: { mode: "nat" },
      bridge: { name: "virbr-lab" },
      domain: { name: "lab", localOnly: "yes" },
      dns: { hosts: [{ ip: "10.0.0.10", hostnames: [{ hostname: "backup-srv" }, { hostname: "repo" }] }] },
      ips: [
        {
          address: "10.0.0.1",
          prefix: 24,
          dhcp: {
            ranges: [{ start: "10.0.0.10", end: "10.0.0.19" }],
            hosts: [
              { mac: "52:54:00:00:00:0a", ip: "10.0.0.10", name: "backup-srv" },
              { mac: "52:54:00:00:00:0b", ip: "10.0.0.11", name: "pg1-srv" },
            ],
          },
        },
      ],
    };
    await create("network:Network", network);
    expect(calls()).toEqual(["net-define /dev/stdin", `net-autostart ${UUID}`, `net-start ${UUID}`]);
    expect(read("xml")).toBe(
      [
        '<network><name>lab</name><forward mode="nat"/><bridge name="virbr-lab"/><domain name="lab" localOnly="yes"/>',
        '<dns><host ip="10.0.0.10"><hostname>backup-srv</hostname><hostname>repo</hostname></host></dns>',
        '<ip address="10.0.0.1" prefix="24"><dhcp><range start="10.0.0.10" end="10.0.0.19"/>',
        '<host mac="52:54:00:00:00:0a" ip="10.0.0.10" name="backup-srv"/><host mac="52:54:00:00:00:0b" ip="10.0.0.11" name="pg1-srv"/>',
        `</dhcp></ip><uuid>${UUID}</uuid></network>`,
      ].join(""),
    );
    await create("pool:Pool", { name: "lab", type: "dir", target: { path: "/pool" } });
    expect(calls()).toEqual([
      "pool-define /dev/stdin",
      `pool-build ${UUID}`,
      `pool-autostart ${UUID}`,
      `pool-start ${UUID}`,
    ]);
  });

  it("fills a volume from a file, and takes its size from there", async () => {
    const image = path.join(folder, "image.raw");
    fs.writeFileSync(image, "x".repeat(1000));
    answer("vol-path", "/pool/base.raw\n");
    const inputs = {
      name: "base.raw",
      pool: "lab",
      target: { format: { type: "raw" } },
      create: { content: { url: `file://${image}` } },
    };
    expect(await create("volume:Volume", inputs)).toEqual({
      id: "/pool/base.raw",
      outputs: { path: "/pool/base.raw", capacity: 1000 },
    });
    expect(calls()).toEqual([
      "vol-create lab /dev/stdin",
      `vol-upload base.raw ${image} --pool lab --sparse`,
      "vol-path base.raw --pool lab",
    ]);
    expect(read("xml")).toBe(
      '<volume><name>base.raw</name><target><format type="raw"/></target><capacity>1000</capacity></volume>',
    );
    await expect(create("volume:Volume", { name: "x", pool: "lab" })).rejects.toThrow(
      "a volume needs capacity or create.content.url",
    );

    fs.writeFileSync(path.join(folder, "broken"), "vol-upload");
    await expect(create("volume:Volume", inputs)).rejects.toThrow("error: vol-upload is broken");
    expect(calls().at(-1)).toBe("vol-delete base.raw --pool lab");
  });

  it("leaves nothing behind of what could not be started", async () => {
    fs.writeFileSync(path.join(folder, "broken"), "start");
    await expect(create("domain:Domain", { name: "x", type: "lxc", running: true })).rejects.toThrow(
      `exit status 1: running "virsh start ${UUID}":\nerror: start is broken`,
    );
    expect(calls().at(-1)).toBe(`undefine ${UUID}`);
  });

  it("finds out what is missing or shut off with one question a kind", async () => {
    answer("list-all", `${UUID}\nb\n`);
    answer("list", "b\n");
    const domains = [UUID, "b", "c"].map((uuid) => subject({ running: true }, { uuid }));
    expect(await driver("domain:Domain").observe?.(domains)).toEqual([SHUT_OFF, undefined, MISSING]);
    expect(calls().sort()).toEqual(["list --uuid", "list --uuid --all"]);
    answer("pool-list-all", "lab\n");
    answer("vol-list", " a.raw  /pool/a.raw\n");
    const volumes = [
      ["a.raw", "lab"],
      ["b.raw", "lab"],
      ["a.raw", "other"],
    ].map(([name, pool]) => subject({ name, pool }));
    expect(await driver("volume:Volume").observe?.(volumes)).toEqual([undefined, MISSING, MISSING]);
    // What libvirt has found in a volume, whatever it was created as.
    answer("vol-dumpxml", "<volume>\n  <target>\n    <path>/pool/a.raw</path>\n    <format type='raw'/>\n  </target>");
    const formats = ["raw", "iso"].map((type) => subject({ name: "a.raw", pool: "lab", target: { format: { type } } }));
    expect(await driver("volume:Volume").observe?.(formats)).toEqual([
      undefined,
      { path: "target.format.type", found: "raw" },
    ]);
    await driver("domain:Domain").update?.(subject({ running: true }), task, ["running"]);
    expect(calls().at(-1)).toBe(`start ${UUID}`);
  });

  it("asks each libvirt for its own pool, whatever the pool's name", async () => {
    answer("pool-list-all", "lab\n");
    answer("vol-list", " a.raw  /pool/a.raw\n");
    const volumes = ["lxc+ssh://north/system", "lxc+ssh://south/system"].map((uri) => ({
      ...subject({ name: "a.raw", pool: "lab" }),
      provider: { uri },
    }));
    expect(await driver("volume:Volume").observe?.(volumes)).toEqual([undefined, undefined]);
    expect(calls().filter((call) => call === "vol-list lab")).toHaveLength(2);
  });

  it("deletes what is there, and accepts that nothing is", async () => {
    answer("list-all", `${UUID}\n`);
    answer("list", `${UUID}\n`);
    await driver("domain:Domain").delete?.(subject({ type: "lxc" }), task);
    expect(calls().slice(2)).toEqual([`destroy ${UUID}`, `undefine ${UUID}`]);
    await driver("domain:Domain").delete?.(subject({ type: "lxc" }, { uuid: "other" }), task);
    expect(calls()).toEqual(["list --uuid --all"]);
    await driver("volume:Volume").delete?.(subject({ name: "x", pool: "none" }), task);
    expect(calls()).toEqual(["pool-list --all --name"]);
  });

  it("deletes a pool that a killed run has defined alone, without its folder", async () => {
    answer("pool-list-all", `${UUID}\n`);
    await driver("pool:Pool").delete?.(subject({ name: "lab", type: "dir" }), task);
    expect(calls().slice(2)).toEqual(["build", "delete", "undefine"].map((verb) => `pool-${verb} ${UUID}`));
  });

  it("refuses the changes that the real provider cannot make", () => {
    const change = (type: string, paths: string[], inputs: Properties = {}) => driver(type).change(paths, inputs);
    expect(() => change("pool:Pool", ["target.path"])).toThrow("a storage pool cannot be changed: target.path");
    expect(() => change("volume:Volume", ["capacity"])).toThrow(
      "Update Not Supported: Storage volumes cannot be updated. All changes require replacement. (capacity)",
    );
    expect(change("volume:Volume", ["create.content.url", "pool"])).toBe("replace");
    expect(change("network:Network", ["ips.0.address"])).toBe("update");
    expect(change("domain:Domain", ["memory"], { type: "qemu" })).toBe("update");
    expect(() => change("domain:Domain", ["memory"], { type: "lxc" })).toThrow(
      "a container needs replaceOnChanges and deleteBeforeReplace for a change of memory",
    );
    expect(change("domain:Domain", ["running"], { type: "lxc", running: true })).toBe("update");
  });
});
