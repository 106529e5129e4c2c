import * as path from "node:path";
import * as v from "valibot";
import { flag, type Key, live, oneOf, refused, restart, text, textAs, whole } from "../key";
import { PROJECT_FOLDER } from "../project-folder";
import { address, hostMap, LIMITS } from "./hosts";
import { BRIDGE, LIBVIRT_URI, networkCheck, siteMap, withAbsoluteSocket } from "./sites";

/** A network's way out: through libvirt's machine, by a router's routes, none, or the one of an existing bridge. */
const NETWORK_MODES = ["nat", "route", "isolated", "bridge"] as const;

/** A file's absolute path; an empty text and URLs stay. */
export function absoluteFile(file: string): string {
  return file === "" || /^[a-z+]+:\/\//i.test(file) ? file : path.resolve(PROJECT_FOLDER, file);
}

const ADDRESSES = "must be an object of hosts and their IPv4 addresses";

/** The value is a secret: no message shows it. */
const PRIVATE_KEY = "must be empty or the text of a private key, as OpenSSH or PEM has it";

const ONE_BY_ONE =
  "hosts restart one after the other, standbys first and the primary last, each once the one before works";

const OTHER_STACK = "bring up another stack beside this one: a copy of the stack's file under another name";

/** Where the hosts run, and what they are. */
export const SITE_KEYS = {
  hypervisor: {
    ...oneOf(["kvm", "qemu", "lxc"]),
    default: "kvm",
    description: "The hosts' kind: kvm or qemu (virtual machines), lxc (containers)",
    ...refused(
      "the disks of containers and virtual machines differ; from kvm to qemu and back every host restarts",
      OTHER_STACK,
    ),
  },
  libvirtUri: {
    ...textAs(LIBVIRT_URI.pattern, LIBVIRT_URI.allowed, withAbsoluteSocket),
    default: "qemu:///system",
    description: "The libvirt to connect to. A relative socket is taken from the project's folder",
    ...live(
      "it must be another URI of the same libvirt: elsewhere the hosts' disks are missing, and `./lab up` refuses",
    ),
  },
  imagePath: {
    ...textAs(/^\S+$/, "a file or a URL without blanks", absoluteFile),
    default:
      "https://dl.rockylinux.org/pub/rocky/8.10/images/x86_64/Rocky-8-GenericCloud-Base-8.10-20240528.0.x86_64.qcow2",
    description: "The image that every host starts from, as a file (relative to the project's folder) or a URL",
    ...live(
      "existing hosts keep their disks; new containers start from it, new virtual machines from the lab's first image",
    ),
  },
  imageChecksum: {
    ...text(/^(sha256:[0-9a-f]{64})?$/, "empty or sha256: and 64 digits of 0-9a-f"),
    default: "",
    description:
      "The image's checksum, sha256:…, or nothing. A file is verified before the first resource, what was downloaded from a URL before the first host",
    ...live("the image file is verified again"),
  },
  savedGuestPath: {
    ...textAs(/^\S*$/, "empty or a file without blanks", absoluteFile),
    default: "",
    description:
      "Saved memory (`virsh save`) of a guest of that image: emulated hosts resume from it instead of booting, if it matches",
    ...live("new hosts resume from it"),
  },
  network: {
    type: "string",
    check: networkCheck,
    default: "10.83.14.0/24",
    description: "The hosts' IPv4 network in CIDR form: the lab's own, or the bridge's",
    ...refused("libvirt does not apply such a change, and no host could be reached at its address", OTHER_STACK),
  },
  networkMode: {
    ...oneOf(NETWORK_MODES),
    default: "nat",
    description:
      "The network's way out: nat (through libvirt's machine), route (the same without translation: routers need a route back), isolated (none: packages come with the image or from a mirror inside), or bridge (an existing one: see bridge and addresses)",
    ...refused("libvirt does not apply such a change to a network that exists", OTHER_STACK),
  },
  bridge: {
    ...text(BRIDGE.pattern, BRIDGE.allowed),
    default: "",
    description: "The existing bridge of libvirt's machine that the hosts are on when `networkMode` is bridge",
    ...refused("libvirt does not apply such a change to a network that exists", OTHER_STACK),
  },
  addresses: {
    type: "object",
    check: v.pipe(v.string(), v.parseJson(undefined, ADDRESSES), v.record(v.string(), address, ADDRESSES)),
    default: {},
    description:
      "Each host's IPv4 address on the bridge, which its DHCP server reserves for the host's MAC address: 52:54:00 and the address's last three numbers, hexadecimal",
    ...refused("existing hosts keep their addresses; those of further hosts may be added", OTHER_STACK),
  },
  hosts: {
    ...hostMap,
    default: {},
    description:
      "The lab's hosts by their names, host names or FQDNs: role (repository, primary, standby or barman), address, site, index (pgBackRest's, of a standby), cpus, memoryMiB, diskGiB (docs/hosts.md). None: the seed's names, by primary, standbys and backupApiHost",
    ...live("standbys are added and restored from the repository, or removed with their disks"),
  },
  sites: {
    ...siteMap,
    default: {},
    description:
      "Where the hosts of lab:hosts run, by name: libvirtUri, network and perhaps bridge, or existing for machines that exist (docs/sites.md). None: one site, by libvirtUri, network, networkMode and bridge",
    ...live("sites come and go with their hosts"),
  },
  sshPrivateKey: {
    type: "string",
    check: v.pipe(v.string(), v.regex(/^$|^-----BEGIN [A-Z ]+-----\n[^]+\n-----END [A-Z ]+-----\n?$/, PRIVATE_KEY)),
    default: "",
    description:
      "The private key with which the program connects to existing machines, for all of them; empty: the keys of the SSH agent",
    secret: true,
    ...live("the next run connects with it"),
  },
  cpus: {
    ...whole(...LIMITS.cpus),
    default: 1,
    description: "Virtual processors of a host",
    ...restart(ONE_BY_ONE),
  },
  memoryMiB: {
    ...whole(...LIMITS.memoryMiB, "; PostgreSQL's default shared buffers and pgBackRest need that much"),
    default: 1024,
    description: "Memory of a host, in MiB",
    ...restart(ONE_BY_ONE),
  },
  diskGiB: {
    ...whole(...LIMITS.diskGiB),
    default: 20,
    description: "Disk of a virtual machine, in GiB; an image that is larger keeps its size, and so does a container's",
    ...live("existing hosts keep their disks; new ones get this size"),
  },
  protect: {
    ...flag,
    default: false,
    description:
      "Whether the disks of the repository host and the primary are protected: no run deletes or replaces them, `./lab destroy` included; where these are machines that exist, none gives them back",
    ...live("the two disks are protected from then on, or no longer"),
  },
} as const satisfies Record<string, Key>;
