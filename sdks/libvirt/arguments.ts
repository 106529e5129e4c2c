import type { Input } from "@pulumi/pulumi";

/** A value of which each part may be known only later. */
export type Deep<T> = Input<
  T extends readonly (infer Item)[] ? Deep<Item>[] : T extends object ? { [Key in keyof T]: Deep<T[Key]> } : T
>;

/** A resource's arguments: each, and each part of it, may be known only later. */
export type Arguments<T> = { [Key in keyof T]: Deep<T[Key]> };

/** The provider's configuration. */
export interface ProviderConfiguration {
  /**
   * The libvirt to talk to, such as `qemu:///system?socket=PATH` or `lxc:///system?socket=PATH`.
   * @default "qemu:///system"
   */
  uri?: string;
}

/** One host of a network's DHCP server. */
export interface DhcpHost {
  /** Its MAC address, `52:54:00:…`. */
  mac?: string;
  /** Its reserved address. */
  ip?: string;
  /** Its name, from DHCP and in the name service. */
  name?: string;
}

/** The names of one address, forward and backward. */
export interface DnsHost {
  /** The address. */
  ip: string;
  /** Its names; the first is the answer to a reverse look-up. */
  hostnames?: { hostname: string }[];
}

/** One address of a network, on the bridge itself. */
export interface NetworkAddress {
  /** The bridge's own address. */
  address?: string;
  /** The network's prefix length. */
  prefix?: number;
  /**
   * The DHCP server's addresses.
   * @default - no DHCP server
   */
  dhcp?: {
    /** For hosts without a reserved address. */
    ranges?: { start: string; end: string }[];
    /** Reserved addresses. A later change is **silently not applied** by the provider. */
    hosts?: DhcpHost[];
  };
}

/** A virtual network. Only `autostart` can change; any other change is silently not applied. */
export interface NetworkConfiguration {
  /** Unique in this libvirt. */
  name: string;
  /**
   * Started together with libvirt.
   * @default false
   */
  autostart?: boolean;
  /**
   * The bridge on this machine.
   * @default - a name that libvirt chooses
   */
  bridge?: { name?: string; stp?: "on" | "off"; delay?: string };
  /**
   * The way out of the network: `nat` through libvirt's machine.
   * @default - none: an isolated network
   */
  forward?: { mode?: string };
  /**
   * The domain of the hosts' names.
   * @default - none
   */
  domain?: {
    name?: string;
    /** `yes`: names of this domain are never forwarded to another name server. */
    localOnly?: string;
  };
  /**
   * The network's name service.
   * @default - answers for DHCP's hosts only
   */
  dns?: { hosts?: DnsHost[] };
  /**
   * Addresses on the bridge.
   * @default - none
   */
  ips?: NetworkAddress[];
}

/** A storage pool. Every change is an error. */
export interface PoolConfiguration {
  /** Unique in this libvirt. */
  name: string;
  /** `dir` for a folder: made if missing, removed with the pool. */
  type: string;
  /** Its folder on libvirt's machine. */
  target?: { path?: string };
}

/** The format of a volume: `qcow2`, `raw` or `iso`. */
export interface VolumeFormat {
  type: string;
}

/** A volume of a pool. A change of `pool` or `create` replaces it, with its data; any other change is an error. */
export interface VolumeConfiguration {
  /** Unique in the pool. */
  name: string;
  /** The pool's name. */
  pool: string;
  /**
   * Bytes.
   * @default - the size of `create.content`
   */
  capacity?: number;
  /**
   * Its format.
   * @default - the pool's own format, `raw` in a folder
   */
  target?: { format?: VolumeFormat };
  /**
   * The volume under this overlay, which must never change.
   * @default - none
   */
  backingStore?: { path: string; format?: VolumeFormat };
  /**
   * Its contents: a path on the machine that runs the program, `file://…` or `https://…`.
   * @default - nothing
   */
  create?: { content: { url: string } };
}

/** A disk of a virtual machine. */
export interface Disk {
  /** `disk` or `cdrom`. */
  device?: string;
  /** How it is read: `{ name: "qemu", type: "qcow2" }`. */
  driver?: { name?: string; type?: string };
  /** The file. With pool and volume names, AppArmor would not see the chain of backing files. */
  source?: { file?: { file?: string } };
  /** What the guest sees. */
  target?: { dev?: string; bus?: string };
  /**
   * The guest cannot write to it.
   * @default false
   */
  readOnly?: boolean;
}

/** A file system of a container. */
export interface Filesystem {
  /** `passthrough`: the container's owners and modes are the file system's own. */
  accessMode?: string;
  /** `{ type: "loop", format: "raw" }` for an image. */
  driver?: { type?: string; format?: string };
  /** The image. */
  source?: { file?: { file: string } };
  /** Where it is mounted. */
  target?: { dir: string };
}

/** A network card. */
export interface Interface {
  /** Its address, as the network reserves it. */
  mac?: { address: string };
  /**
   * What the guest sees, such as `virtio`.
   * @default - the hypervisor's
   */
  model?: { type: string };
  /** The network's name. */
  source?: { network?: { network?: string } };
}

/** What a domain is made of. */
export interface Devices {
  /** A virtual machine's disks. */
  disks?: Disk[];
  /** A container's file systems. */
  filesystems?: Filesystem[];
  /** Network cards. */
  interfaces?: Interface[];
  /** A virtual machine's serial ports. */
  serials?: { target?: { port?: number } }[];
  /** A container's consoles. */
  consoles?: { target?: { type?: string; port?: number } }[];
}

/**
 * A virtual machine or a container. A change stops it, redefines it under the same UUID and starts it;
 * on LXC the provider cannot do that: replace it there, with `deleteBeforeReplace`.
 */
export interface DomainConfiguration {
  /** Unique in this libvirt. */
  name: string;
  /** `kvm`, `qemu` (emulation) or `lxc`. */
  type: string;
  /** Memory, in `memoryUnit`. */
  memory?: number;
  /**
   * `MiB`, `GiB`, …
   * @default "KiB"
   */
  memoryUnit?: string;
  /**
   * Virtual CPUs. A container always sees the machine's.
   * @default 1
   */
  vcpu?: number;
  /**
   * Started when it is created.
   * @default false
   */
  running?: boolean;
  /**
   * Started together with libvirt.
   * @default false
   */
  autostart?: boolean;
  /** What is booted. */
  os?: {
    /** `hvm` for a virtual machine, `exe` for a container. */
    type?: string;
    /** Such as `x86_64`. */
    typeArch?: string;
    /** The machine type, such as `pc`. */
    typeMachine?: string;
    /** In boot order. */
    bootDevices?: { dev: string }[];
    /** A container's first process. */
    init?: string;
    /** Its environment. */
    initEnvs?: { name: string; value: string }[];
  };
  /** What the hypervisor provides. */
  features?: {
    acpi?: boolean;
    apic?: { eoi?: string };
    /** A container's own network. */
    privNet?: boolean;
    /** Emulation's cache of translated code, which otherwise grows to 1.2 GB a guest. */
    tcg?: { tbCache?: number; tbCacheUnit?: string };
  };
  /** Disks, network cards, consoles. */
  devices?: Devices;
}

/** Arguments of `Provider`. */
export type ProviderArgs = Arguments<ProviderConfiguration>;
/** Arguments of `Network`. */
export type NetworkArgs = Arguments<NetworkConfiguration>;
/** Arguments of `Pool`. */
export type PoolArgs = Arguments<PoolConfiguration>;
/** Arguments of `Volume`. */
export type VolumeArgs = Arguments<VolumeConfiguration>;
/** Arguments of `Domain`. */
export type DomainArgs = Arguments<DomainConfiguration>;
