import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { create } from "xmlbuilder2";
import { covers, leaves, type Properties } from "../values";
import { type Driver, type Drift, MISSING, SHUT_OFF, type Subject, type Task } from "./driver";
import { runProcess } from "./running";

type ObjectInputs = { type?: string; running?: boolean; autostart?: boolean };
type ObjectSubject = Subject<ObjectInputs, { uuid: string }>;
type VolumeInputs = {
  name: string;
  pool: string;
  capacity?: number;
  target?: { format?: { type: string } };
  create?: { content: { url: string } };
};

/**
 * Each input's place in libvirt's XML. `*` stands for an item of a list and for the element made of it, `@` for an attribute,
 * `=` for a constant, `-` for no place at all.
 */
type Places = ReadonlyMap<string, string>;

const DOMAIN = placesOf(`
  type @type  name name  memory memory  memoryUnit memory@unit  vcpu vcpu  running -  autostart -
  os.type os/type  os.typeArch os/type@arch  os.typeMachine os/type@machine  os.bootDevices.*.dev os/boot*@dev
  os.init os/init  os.initEnvs.*.name os/initenv*@name  os.initEnvs.*.value os/initenv*
  features.acpi features/acpi  features.apic features/apic  features.apic.eoi features/apic@eoi
  features.privNet features/privnet
  features.tcg.tbCache features/tcg/tb-cache  features.tcg.tbCacheUnit features/tcg/tb-cache@unit
  devices.disks.*.device devices/disk*@device  devices.disks.*.readOnly devices/disk*/readonly
  devices.disks.*.driver.name devices/disk*/driver@name  devices.disks.*.driver.type devices/disk*/driver@type
  devices.disks.*.source.file.file devices/disk*/source@file;devices/disk*@type=file
  devices.disks.*.target.dev devices/disk*/target@dev  devices.disks.*.target.bus devices/disk*/target@bus
  devices.filesystems.*.accessMode devices/filesystem*@accessmode
  devices.filesystems.*.driver.type devices/filesystem*/driver@type
  devices.filesystems.*.driver.format devices/filesystem*/driver@format
  devices.filesystems.*.source.file.file devices/filesystem*/source@file;devices/filesystem*@type=file
  devices.filesystems.*.target.dir devices/filesystem*/target@dir
  devices.interfaces.*.mac.address devices/interface*/mac@address
  devices.interfaces.*.model.type devices/interface*/model@type
  devices.interfaces.*.source.network.network devices/interface*/source@network;devices/interface*@type=network
  devices.serials.*.target.port devices/serial*/target@port;devices/serial*@type=pty
  devices.consoles.*.target.type devices/console*/target@type;devices/console*@type=pty
  devices.consoles.*.target.port devices/console*/target@port
`);
const NETWORK = placesOf(`
  name name  autostart -  forward.mode forward@mode  bridge.name bridge@name  bridge.stp bridge@stp  bridge.delay bridge@delay  domain.name domain@name  domain.localOnly domain@localOnly
  dns.hosts.*.ip dns/host*@ip  dns.hosts.*.hostnames.*.hostname dns/host*/hostname*
  ips.*.address ip*@address  ips.*.prefix ip*@prefix
  ips.*.dhcp.ranges.*.start ip*/dhcp/range*@start  ips.*.dhcp.ranges.*.end ip*/dhcp/range*@end
  ips.*.dhcp.hosts.*.mac ip*/dhcp/host*@mac  ips.*.dhcp.hosts.*.ip ip*/dhcp/host*@ip
  ips.*.dhcp.hosts.*.name ip*/dhcp/host*@name
`);
const POOL = placesOf("name name  type @type  target.path target/path");
const VOLUME = placesOf(`
  name name  pool -  capacity capacity  target.format.type target/format@type  create.content.url -
  backingStore.path backingStore/path  backingStore.format.type backingStore/format@type
`);

const SHUTDOWN_SECONDS = 30;

/** The types of `@pulumi/libvirt`, by `virsh`. An image is downloaded to the state's folder first. */
export function libvirtDrivers(stateFolder: string): Readonly<Record<string, Driver>> {
  return {
    "libvirt:index/domain:Domain": objectDriver("domain", "", DOMAIN),
    "libvirt:index/network:Network": objectDriver("network", "net-", NETWORK),
    "libvirt:index/pool:Pool": objectDriver("pool", "pool-", POOL),
    "libvirt:index/volume:Volume": volumeDriver(stateFolder),
  };
}

/** Domains, networks and pools: defined, started, listed, stopped and undefined in the same way. */
function objectDriver(root: "domain" | "network" | "pool", prefix: string, places: Places): Driver {
  const list = (subject: ObjectSubject, ...flags: string[]) => words(subject, `${prefix}list`, "--uuid", ...flags);
  const define = async (subject: ObjectSubject, task: Task): Promise<void> => {
    const { inputs } = subject;
    const { uuid } = subject.outputs;
    await virsh(subject, [`${prefix}define`, "/dev/stdin"], task, toXml(root, { ...inputs, uuid }, places));
    if (root === "pool") await virsh(subject, ["pool-build", uuid], task);
    if (root === "pool" || inputs.autostart) await virsh(subject, [`${prefix}autostart`, uuid], task);
    if (root !== "domain" || inputs.running) await virsh(subject, [`${prefix}start`, uuid], task);
  };
  const driver: Driver<ObjectInputs, { uuid: string }> = {
    inputs: [...places.keys()],
    stable: ["uuid"],
    leavesObjects: true,
    observed: { running: true },
    change: (paths, { type, running }) => {
      if (paths.join() === "running" && running !== false) return "update";
      if (root === "pool") throw new Error(`a storage pool cannot be changed: ${paths.join(", ")}`);
      if (type !== "lxc") return "update";
      throw new Error(`a container needs replaceOnChanges and deleteBeforeReplace for a change of ${paths.join(", ")}`);
    },
    create: async (subject, task) => {
      const { uuid } = subject.outputs;
      try {
        await define(subject, task);
      } catch (error) {
        await virsh(subject, [`${prefix}undefine`, uuid]).catch(() => undefined);
        throw error;
      }
      return { id: uuid, outputs: { uuid } };
    },
    update: async (subject, task, paths) => {
      const { inputs } = subject;
      const { uuid } = subject.outputs;
      if (paths.join() === "running" && inputs.running !== false) await virsh(subject, [`${prefix}start`, uuid], task);
      else if (root === "network") {
        const ignored = paths.filter((path) => path !== "autostart");
        if (ignored.length > 0)
          task.log(`libvirt's provider does not apply a change of ${ignored.join(", ")}`, "warning");
        await virsh(subject, ["net-autostart", uuid, ...(inputs.autostart ? [] : ["--disable"])], task);
      } else {
        for (let second = 0; (await list(subject)).includes(uuid); second++) {
          const command = second === 0 ? "shutdown" : second < SHUTDOWN_SECONDS ? "domstate" : "destroy";
          await virsh(subject, [command, uuid], task).catch(async (error: unknown) => {
            // It may have shut down meanwhile.
            if ((await list(subject)).includes(uuid)) throw error;
          });
          await sleep(1000);
        }
        await define(subject, task);
      }
      return { uuid };
    },
    delete: async (subject, task) => {
      const { uuid } = subject.outputs;
      if (!(await list(subject, "--all")).includes(uuid)) return;
      if ((await list(subject)).includes(uuid)) await virsh(subject, [`${prefix}destroy`, uuid], task);
      // A killed run may have defined a pool and made no folder, which libvirt wants to delete.
      if (root === "pool") for (const verb of ["build", "delete"]) await virsh(subject, [`pool-${verb}`, uuid], task);
      const flags = root === "domain" && subject.inputs.type !== "lxc" ? ["--managed-save"] : [];
      await virsh(subject, [`${prefix}undefine`, uuid, ...flags], task);
    },
    observe: (subjects) => {
      const lists = once((subject: ObjectSubject) => Promise.all([list(subject, "--all"), list(subject)]));
      const finding = async (subject: ObjectSubject): Promise<Drift | undefined> => {
        const { inputs, outputs } = subject;
        const [all, active] = await lists(subject, subject.provider.uri);
        if (!all.includes(outputs.uuid)) return MISSING;
        return (root !== "domain" || inputs.running) && !active.includes(outputs.uuid) ? SHUT_OFF : undefined;
      };
      return Promise.all(subjects.map(finding));
    },
  };
  return driver;
}

function volumeDriver(stateFolder: string): Driver {
  const list = async (subject: Subject<VolumeInputs>): Promise<string[]> => {
    const pools = await words(subject, "pool-list", "--all", "--name");
    return pools.includes(subject.inputs.pool) ? words(subject, "vol-list", subject.inputs.pool) : [];
  };
  /** The format that libvirt detected. */
  const formatOf = async (subject: Subject<VolumeInputs>): Promise<string> => {
    const xml = await virsh(subject, ["vol-dumpxml", subject.inputs.name, "--pool", subject.inputs.pool]);
    return /<target>[^]*?<format type='([^']+)'/.exec(xml)?.[1] ?? "none";
  };
  const driver: Driver<VolumeInputs, { path: string; capacity: number }> = {
    inputs: [...VOLUME.keys()],
    stable: ["path", "capacity"],
    leavesObjects: true,
    observed: { "target.format.type": undefined },
    change: (paths) => {
      const other = paths.find((path) => path !== "pool" && !covers("create", path));
      if (other !== undefined) {
        throw new Error(
          `Update Not Supported: Storage volumes cannot be updated. All changes require replacement. (${other})`,
        );
      }
      return "replace";
    },
    create: async (subject, task) => {
      const { inputs } = subject;
      const { name, pool } = inputs;
      const download = path.join(stateFolder, `${name}-${randomUUID()}.download`);
      const file = inputs.create && (await fetchFile(inputs.create.content.url, download));
      const capacity = file === undefined ? inputs.capacity : fs.statSync(file).size;
      if (capacity === undefined) throw new Error("a volume needs capacity or create.content.url");
      await virsh(subject, ["vol-create", pool, "/dev/stdin"], task, toXml("volume", { ...inputs, capacity }, VOLUME));
      try {
        if (file !== undefined) await virsh(subject, ["vol-upload", name, file, "--pool", pool, "--sparse"], task);
      } catch (error) {
        await virsh(subject, ["vol-delete", name, "--pool", pool]);
        throw error;
      } finally {
        fs.rmSync(download, { force: true });
      }
      const volumePath = (await virsh(subject, ["vol-path", name, "--pool", pool], task)).trim();
      return { id: volumePath, outputs: { path: volumePath, capacity } };
    },
    delete: async (subject, task) => {
      const { name, pool } = subject.inputs;
      if ((await list(subject)).includes(name)) await virsh(subject, ["vol-delete", name, "--pool", pool], task);
    },
    observe: (subjects) => {
      const names = once(list);
      const finding = async (subject: Subject<VolumeInputs>): Promise<Drift | undefined> => {
        const { name, pool, target } = subject.inputs;
        // Libvirts have pools of the same name.
        if (!(await names(subject, `${subject.provider.uri ?? ""} ${pool}`)).includes(name)) return MISSING;
        const wanted = target?.format?.type;
        const found = wanted === undefined ? undefined : await formatOf(subject);
        return found === wanted ? undefined : { path: "target.format.type", found };
      };
      return Promise.all(subjects.map(finding));
    },
  };
  return driver;
}

/** The local file of a URL; a remote one is downloaded to `copy`. */
async function fetchFile(url: string, copy: string): Promise<string> {
  if (!/^https?:/.test(url)) return url.startsWith("file:") ? fileURLToPath(url) : url;
  const { ok, status, body } = await fetch(url);
  if (!ok || !body) throw new Error(`${url}: HTTP status ${status}`);
  await pipeline(body, fs.createWriteStream(copy, { mode: 0o600 }));
  return copy;
}

async function virsh(
  { provider }: Pick<Subject, "provider">,
  args: string[],
  task = idle(),
  stdin = "",
): Promise<string> {
  // The provider's name for a connection by the program ssh, which virsh calls `+ssh`.
  const uri = (provider.uri ?? "qemu:///system").replace(/^(\w+)\+sshcmd:/, "$1+ssh:");
  const command = ["virsh", "-q", "-c", uri, ...args];
  return (await runProcess(command, { stdin, what: `virsh ${args.join(" ")}` }, task)).stdout;
}

function idle(): Task {
  return { signal: new AbortController().signal, log: () => undefined };
}

async function words(subject: Pick<Subject, "provider">, ...args: string[]): Promise<string[]> {
  return (await virsh(subject, args)).split(/\s+/);
}

/** Asks once a key. */
function once<S, T>(ask: (subject: S) => T): (subject: S, key: string | undefined) => T {
  const answers = new Map<string | undefined, T>();
  return (subject, key) => {
    const answer = answers.get(key) ?? ask(subject);
    answers.set(key, answer);
    return answer;
  };
}

function placesOf(table: string): Places {
  const pairs = [...table.matchAll(/(\S+) (\S+)/g)];
  return new Map(pairs.map(([, input = "", place = ""]) => [input, place]));
}

function toXml(root: string, inputs: object, places: Places): string {
  const tree: Properties = {};
  for (const leaf of leaves(inputs)) {
    const steps = leaf.split(".");
    const value = steps.reduce<unknown>((part, step) => (part as Properties)[step], inputs);
    const place = leaf === "uuid" ? leaf : (places.get(leaf.replace(/\.\d+(?=\.|$)/g, ".*")) ?? "-");
    const indices = steps.filter((step) => /^\d+$/.test(step));
    if (place !== "-" && value !== false) for (const one of place.split(";")) put(tree, one, indices, value);
  }
  return create({ [root]: tree }).end({ headless: true });
}

/** Puts a value where it belongs. A list's items are elements of one name; `true` and an empty object are an empty element. */
function put(tree: Properties, place: string, indices: readonly string[], value: unknown): void {
  const [way = "", attribute] = place.split("@");
  const [name, constant] = attribute?.split("=") ?? [];
  const left = [...indices];
  let node = tree;
  for (const step of way.split("/").filter((part) => part !== "")) {
    const [element = "", repeated] = step.split(/(\*)/);
    node = (node[element] ??= repeated ? [] : {}) as Properties;
    if (repeated) node = (node[left.shift() ?? 0] ??= {}) as Properties;
  }
  if (typeof value !== "object" && value !== true) node[name === undefined ? "#" : `@${name}`] = constant ?? value;
}
