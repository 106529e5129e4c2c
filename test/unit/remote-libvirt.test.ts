import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkRemote } from "../../cli/gates/remote-libvirt";
import { isOnThisMachine, machineOf } from "../../config/libvirt-uri";
import { describeRemote, parseRoutes, type Reach, remoteProblems } from "../../config/remote-libvirt";
import { THIS_MACHINE } from "../../config/this-machine";
import { askVirsh, virshUri } from "../../config/virsh";
import { EngineError } from "../../engine/engine";
import { stackConfig } from "../support/stack-config";

const URI = "qemu+sshcmd://root@hypervisor.example.com/system";
const config = (settings: Record<string, unknown> = {}) => stackConfig("dev", { libvirtUri: URI, ...settings });
const asked: string[] = [];
const reach = (routes: Reach["routes"], problem?: string): Reach => ({
  routes,
  connect: (uri) => {
    asked.push(uri);
    return problem;
  },
});
const refusal = (mode: string): string =>
  `no route from this machine to the hosts of libvirt at "${URI}" (lab:libvirtUri): ` +
  `10.83.14.0/24 (lab:network) is ${mode} on hypervisor.example.com; ` +
  "hint: bring up the lab on hypervisor.example.com itself, " +
  "or add a route first, such as a VPN's (ip route add 10.83.14.0/24 dev …)";

beforeEach(() => {
  asked.length = 0;
});

describe("a libvirt on another machine", () => {
  it("is told from one of this machine, and has a name", () => {
    const uris = [
      "qemu:///system",
      "lxc:///system?socket=/x",
      "qemu+unix:///system",
      URI,
      "qemu+ssh://[::1]:22/system",
    ];
    expect(uris.map(isOnThisMachine)).toEqual([true, true, true, false, false]);
    expect([URI, "qemu+tls://10.0.0.9/system", "qemu+ssh://[::1]:22/system"].map(machineOf)).toEqual([
      "hypervisor.example.com",
      "10.0.0.9",
      "[::1]",
    ]);
  });

  it("is refused when its network is not routed from here, before it is connected to", () => {
    for (const routes of [[], ["10.83.14.0/25", "192.168.1.0/24"]])
      expect(remoteProblems(config(), reach(routes, "no"))).toEqual([refusal("nat")]);
    const isolated = config({ networkMode: "isolated", packages: "mirror", mirrorUrl: "http://10.83.14.1" });
    expect(remoteProblems(isolated, reach([]))).toEqual([refusal("isolated")]);
    expect(asked).toEqual([]);
  });

  it("is refused in virsh's words when it cannot be connected to", () => {
    expect(remoteProblems(config(), reach(["10.83.0.0/16"], "Host key verification failed."))).toEqual([
      `cannot connect to libvirt at "${URI}" (lab:libvirtUri): Host key verification failed.; ` +
        'hint: virsh -c "qemu+ssh://root@hypervisor.example.com/system" uri must print the URI',
    ]);
  });

  it("is taken with a route and an answer, or an answer where routes cannot be read", () => {
    for (const routes of [["10.83.14.0/24"], ["10.0.0.0/8"], undefined])
      expect(remoteProblems(config(), reach(routes))).toEqual([]);
    expect(asked).toEqual([URI, URI, URI]);
  });

  it("is nothing to say about on this machine", () => {
    expect(remoteProblems(stackConfig("dev"), reach([], "no"))).toEqual([]);
    expect(describeRemote(stackConfig("dev"))).toBeUndefined();
  });

  it("is said to be there, and what is reached how", () => {
    expect(describeRemote(config())).toBe(
      "libvirt runs on hypervisor.example.com: this machine reaches it by virsh, and the hosts in 10.83.14.0/24 by SSH",
    );
  });

  it("is refused by a preview too", () => {
    expect(() => {
      checkRemote(config(), { ...THIS_MACHINE, ...reach([]) });
    }).toThrow(new EngineError(refusal("nat")));
  });
});

it("reads the kernel's routes, but for the default one and unreachable networks", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "wg0\t000E530A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "*\t000F530A\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "",
  ].join("\n");
  expect(parseRoutes(table)).toEqual(["192.168.1.0/24", "10.83.14.0/24"]);
});

describe("virsh", () => {
  let folder: string;
  const searchPath = process.env.PATH;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-virsh-"));
    process.env.PATH = `${folder}:${searchPath ?? ""}`;
  });
  afterEach(() => {
    process.env.PATH = searchPath;
    fs.rmSync(folder, { recursive: true });
  });
  const add = (body: string): void => {
    fs.writeFileSync(path.join(folder, "virsh"), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  };

  it("is given the provider's URI as its own", () => {
    expect([URI, "qemu:///system"].map(virshUri)).toEqual([
      "qemu+ssh://root@hypervisor.example.com/system",
      "qemu:///system",
    ]);
    add('echo "$*"');
    expect(askVirsh(URI, ["uri"])).toEqual({ stdout: "-q -c qemu+ssh://root@hypervisor.example.com/system uri\n" });
  });

  it("fails in its own words, in one line", () => {
    add("printf 'error: failed to connect to the hypervisor\\nerror: Connection refused\\n' >&2; exit 1");
    expect(askVirsh(URI, ["uri"])).toEqual({
      stdout: "",
      problem: "failed to connect to the hypervisor; Connection refused",
    });
  });

  it("is ended with all that it started when it does not answer", async () => {
    add(`echo "ssh: still trying" >&2; sleep 100 & echo $! >${folder}/started; wait`);
    expect(askVirsh(URI, ["uri"], 1)).toEqual({ stdout: "", problem: "no answer in 1 s: ssh: still trying" });
    const child = fs.readFileSync(path.join(folder, "started"), "utf8").trim();
    const runs = (): boolean => {
      const file = `/proc/${child}/status`;
      return fs.existsSync(file) && !/^State:\s+Z/m.test(fs.readFileSync(file, "utf8"));
    };
    await expect.poll(runs).toBe(false);
  });

  it("is said to be missing where it is", () => {
    process.env.PATH = folder;
    expect(askVirsh(URI, ["uri"])).toEqual({ stdout: "", problem: "virsh is not installed" });
  });
});
