import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { IMAGE_BYTES, type Registered, runMocked } from "../support/run-mocked";
import { labArgs, stackConfig } from "../support/stack-config";

const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"];

const STAND_IN = "test/support/backup-api-stand-in";

const API = { backupApi: true, backupApiSource: STAND_IN };

const STACKS: [string, Record<string, unknown>][] = [
  ["dev", {}],
  ["container", {}],
  ["container", { standbys: 0 }],
  ["container", { primary: "pg2-srv", standbys: 3 }],
  ["container", API],
  ["container", { ...API, backupApiHost: "backup-srv", standbys: 1 }],
];

const runs = new Map<string, Registered[]>();

/** The program's resources; each configuration is run once. */
async function runLab(stack: string, settings: Record<string, unknown> = {}): Promise<Registered[]> {
  const key = JSON.stringify([stack, settings]);
  const resources = runs.get(key) ?? (await runMocked(() => new Lab("lab", labArgs(stack, settings))));
  runs.set(key, resources);
  return resources;
}

const commandsOf = (resources: Registered[]): Registered[] =>
  resources.filter(({ type }) => type === "command:remote:Command");

/** The SDK's mark of a secret. */
const SECRET = "4dabf18193072939515e22adb298388d";
const SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270";

/** The names of the keys, and of the passwords that are made of them, which a value has in it. */
function secretsIn(value: unknown, resources: Registered[]): string[] {
  const text = JSON.stringify(value);
  return resources
    .filter(({ type }) => type.endsWith("PrivateKey"))
    .map(({ name }) => name)
    .filter((name) => {
      const pem = `-----BEGIN EC PRIVATE KEY-----\n${name}\n-----END EC PRIVATE KEY-----\n`;
      const password = createHash("sha256").update(pem).digest("base64url");
      return [`PRIVATE KEY-----\\n${name}\\n`, password].some((secret) => text.includes(secret));
    });
}

describe.each(STACKS)("the whole program, stack %s %o", (stack, settings) => {
  it("gives every resource a component as parent", async () => {
    const resources = await runLab(stack, settings);
    const orphans = resources.filter(({ type, options }) => type !== "lab:index:Lab" && options.parent === undefined);
    expect(resources.length).toBeGreaterThan(50);
    expect(orphans.map(({ name }) => name)).toEqual([]);
  });

  it("gives every resource a name of its own, without the stack's name", async () => {
    const names = (await runLab(stack, settings)).map(({ type, name }) => `${type} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.includes("test"))).toEqual([]);
  });

  it("puts no key and no password into a command's text, its environment or its triggers", async () => {
    const resources = await runLab(stack, settings);
    for (const { name, inputs } of commandsOf(resources)) {
      const { create, update, environment, triggers } = inputs;
      expect(secretsIn({ create, update, environment, triggers }, resources), name).toEqual([]);
    }
  });

  it("hands every secret over as one: each connection, and what a step with a key or a password reads", async () => {
    const resources = await runLab(stack, settings);
    const withSecrets = commandsOf(resources).filter(({ inputs }) => {
      expect(inputs.connection).toEqual({ [SECRET]: SECRET_VALUE, value: expect.anything() as unknown });
      return secretsIn(inputs.stdin, resources).length > 0;
    });
    for (const { name, inputs } of withSecrets) {
      expect(inputs.stdin, name).toEqual({ [SECRET]: SECRET_VALUE, value: expect.any(String) as string });
      expect(inputs.logging, name).toBe("none");
    }
    // Every host has a certificate's key to read.
    const hosts = resources.filter(({ type }) => type === "lab:tls:HostCertificate").length;
    expect(withSecrets.length).toBeGreaterThanOrEqual(hosts);
  });

  it("runs every step again on a recreated host, and deletes nothing on a host", async () => {
    for (const { name, inputs } of commandsOf(await runLab(stack, settings))) {
      expect(inputs.triggers, name).toEqual([expect.stringMatching(/^\S+-srv-domain-uuid$/)]);
      expect(inputs.delete, name).toBeUndefined();
    }
  });

  it("checks the host key on every connection", async () => {
    for (const { name, inputs } of commandsOf(await runLab(stack, settings))) {
      const host = /^[a-z0-9]+-srv/.exec((inputs.triggers as string[])[0] ?? "")?.[0];
      expect((inputs.connection as { value: unknown }).value, name).toMatchObject({
        user: "lab",
        hostKey: `ssh-ed25519 ${host}-host-key\n`,
      });
    }
  });

  it("lets a command with a `delete` go before its replacement comes", async () => {
    const local = (await runLab(stack, settings)).filter(({ inputs }) => inputs.delete !== undefined);
    for (const { options, inputs } of local) {
      expect(options.deleteBeforeReplace).toBe(true);
      expect(inputs.delete).toMatch(/ \S+-srv-domain-uuid$/);
    }
    const own = settings.backupApi === true && settings.backupApiHost === undefined ? 1 : 0;
    expect(local).toHaveLength(stack === "dev" ? 0 : 2 + Number(settings.standbys ?? 2) + own);
  });
});

describe("the program", () => {
  it.each([
    ["trust", "lab-ca-1-certificate", ["lab-ca-2-certificate", "lab-ca-1-certificate"]],
    ["issue", "lab-ca-2-certificate", ["lab-ca-2-certificate", "lab-ca-1-certificate"]],
    ["retire", "lab-ca-2-certificate", ["lab-ca-2-certificate"]],
  ])("at stage %s signs with %s, and every host trusts %j", async (caStage, signer, trusted) => {
    const resources = await runLab("container", { caGeneration: 2, caStage });
    expect(resources.filter(({ type }) => type.endsWith("SelfSignedCert")).map(({ name }) => name)).toEqual(trusted);
    for (const host of ["backup-srv", "pg1-srv", "pg3-srv"]) {
      const inputsOf = (name: string) =>
        resources.find((one) => !one.type.startsWith("lab:") && one.name === `${host}-${name}`)?.inputs;
      expect(inputsOf("certificate")?.caCertPem).toBe(`${signer} certificate\n`);
      expect(JSON.stringify(inputsOf("pgbackrest-certificate")?.stdin)).toContain(
        [`${host}-certificate`, ...trusted].map((name) => `${name} certificate\\n`).join(""),
      );
    }
  });

  it("loads its certificates again and proves every pair of hosts again at each stage, when both have them", async () => {
    const steps = async (settings: Record<string, unknown>): Promise<Map<string, unknown>> =>
      new Map(commandsOf(await runLab("container", settings)).map(({ name, inputs }) => [name, inputs.create]));
    // Between trust and issue only the certificates differ, and a mocked one is the same whoever signs it.
    const stages = [{}, ...["trust", "retire"].map((caStage) => ({ caGeneration: 2, caStage }))];
    for (const step of ["pg2-srv-pgbackrest-start", "pg2-srv-handshake-as-client", "pg3-srv-handshake-as-server"]) {
      const lines = await Promise.all(stages.map(async (settings) => (await steps(settings)).get(step)));
      expect(new Set(lines).size).toBe(stages.length);
    }
    expect([...(await allBefore(await runLab("container"), "pg2-srv-handshake-as-client"))]).toEqual(
      expect.arrayContaining(["backup-srv", "pg2-srv"].map((host) => `${host}-pgbackrest-start`)),
    );
  });

  it("takes a revoked standby out of the stanza and of what the repository host lets in, and proves that it is refused", async () => {
    const resources = await runLab("container", { revoked: ["pg3-srv"] });
    const text = (name: string) => JSON.stringify(resources.find((one) => one.name === name)?.inputs.stdin);
    expect(text("backup-srv-pgbackrest-start")).toContain("tls-server-auth=pg2-srv=demo");
    expect(text("backup-srv-pgbackrest-start")).not.toContain("pg3-srv");
    expect(text("backup-srv-standbys-conf")).toContain("pg2-host=pg2-srv");
    expect(text("backup-srv-standbys-conf")).not.toContain("pg3-srv");
    const names = resources.map(({ name }) => name);
    expect(names.filter((name) => /^pg3-srv-(refusal|handshake|agreement|streaming)/.test(name)).sort()).toEqual([
      "pg3-srv-refusal",
      "pg3-srv-refusal",
      "pg3-srv-streaming",
      "pg3-srv-streaming-refused",
    ]);
    expect([...(await allBefore(resources, "pg3-srv-refusal"))]).toContain("backup-srv-pgbackrest-start");
  });

  it("takes backups from the primary when every standby is revoked", async () => {
    const resources = await runLab("container", { revoked: ["pg2-srv", "pg3-srv"] });
    expect(resources.map(({ name }) => name)).not.toContain("backup-srv-standbys-take");
    expect(resources.find(({ name }) => name === "backup-srv-standbys-conf")?.inputs.stdin).toContain(
      "printf %s '# no standbys: backups are taken from the primary\n' | install ",
    );
  });

  it("gives the hosts new keys in a new generation, and nobody else", async () => {
    const keys = async (keyGeneration: number): Promise<string[]> =>
      (await runLab("container", { keyGeneration }))
        .filter(({ type }) => type.endsWith("PrivateKey"))
        .map(({ name }) => name);
    const [first, second] = [await keys(1), await keys(2)];
    expect(second.filter((name) => !first.includes(name))).toEqual(
      ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"].map((host) => `${host}-certificate-2-key`),
    );
    expect(first).toContain("pg1-srv-certificate-1-key");
    expect(second).not.toContain("pg1-srv-certificate-1-key");
  });

  it("has the same resources in preview", async () => {
    const names = (resources: Registered[]): string[] => resources.map(({ type, name }) => `${type} ${name}`).sort();
    const preview = await runMocked(() => new Lab("lab", labArgs("container")), { preview: true });
    expect(names(preview)).toEqual(names(await runLab("container")));
  });

  it("takes no backup from a standby when there is none, and has no standby steps", async () => {
    const names = (await runLab("container", { standbys: 0 })).map(({ name }) => name);
    expect(names).toContain("backup-srv-standbys-conf");
    expect(names.filter((name) => /standbys-take|follow|streaming/.test(name))).toEqual([]);
  });

  it.each([
    ["el8", "gpgcheck=0\nenabled=1\n", "/etc/yum.repos.d/lab.repo"],
    ["sles15", "gpgcheck=0\nenabled=1\npriority=90\n", "/etc/zypp/repos.d/lab.repo"],
  ])("gives hosts of family %s a mirror as a .repo file, before their packages", async (family, settings, file) => {
    const resources = await runLab("dev", { family, packages: "mirror", mirrorUrl: "http://mirror.example/rpm" });
    const step = resources.find(({ name }) => name === "pg1-srv-packages-install");
    expect(step?.inputs.stdin).toContain(
      `set -e\nprintf %s '[lab]\nname=lab\nbaseurl=http://mirror.example/rpm\n${settings}' | install -D -o root -g root -m 0644 /dev/stdin ${file}.lab-new\n`,
    );
  });

  it("inspects the image before any host is made from it: its checksum where a URL led to it, and its size", async () => {
    const inspect = async (settings: Record<string, unknown>): Promise<unknown> =>
      (await runMocked(() => new Lab("lab", labArgs("dev", settings)))).find(
        ({ name }) => name === "lab-storage-base-inspect",
      )?.inputs.create;
    const checksum = `sha256:${"1".repeat(64)}`;
    // A quote in the URI stays a part of its word.
    const settings = { imageChecksum: checksum, libvirtUri: "qemu+ssh://there/system?command='ssh'" };
    const uri = String.raw`'qemu+ssh://there/system?command='\''ssh'\'''`;
    const line = `bash scripts/site/image-inspect.sh ${uri} lab-test base.qcow2`;
    expect(await inspect(settings)).toBe(`${line} ${checksum}`);
    // A file was checked before the first resource.
    expect(await inspect({ ...settings, imagePath: "image.qcow2" })).toBe(`${line} ''`);
    expect((await runLab("container")).map(({ name }) => name)).not.toContain("lab-storage-base-inspect");
  });

  it("gives virsh the URI in its own words, and the provider as it is", async () => {
    const libvirtUri = "qemu+sshcmd://there/system";
    const resources = await runLab("dev", { libvirtUri });
    expect(resources.find(({ type }) => type === "pulumi:providers:libvirt")?.inputs.uri).toBe(libvirtUri);
    const local = resources.filter(({ type }) => type === "command:local:Command");
    for (const { name, inputs } of local)
      expect(String(inputs.create ?? inputs.update), name).toContain(" qemu+ssh://there/system ");
    expect(local).toHaveLength(17);
  });

  it("gives virtual machines a disk of lab:diskGiB, but none smaller than the image, and leaves a disk alone that is there", async () => {
    const disk = async (stack: string, settings: Record<string, unknown> = {}) =>
      (await runLab(stack, settings)).find(({ name }) => name === "pg1-srv-disk");
    expect((await disk("dev"))?.inputs.capacity).toBe(20 * 1024 ** 3);
    expect((await disk("dev", { diskGiB: 8 }))?.inputs.capacity).toBe(IMAGE_BYTES);
    expect((await disk("container"))?.inputs).not.toHaveProperty("capacity");
    for (const stack of ["dev", "container"]) {
      expect((await disk(stack))?.options).toMatchObject({ ignoreChanges: ["create", "capacity", "backingStore"] });
    }
  });

  it.each(["local", "container"])(
    "protects the disks of the repository host and the primary where it is asked to, and nothing else, stack %s",
    async (stack) => {
      const protectedIn = async (settings: Record<string, unknown>): Promise<string[]> =>
        (await runLab(stack, settings)).filter(({ options }) => options.protect === true).map(({ name }) => name);
      expect(await protectedIn({ ...API, primary: "pg2-srv", protect: true })).toEqual([
        "backup-srv-disk",
        "pg2-srv-disk",
      ]);
      expect(await protectedIn({})).toEqual([]);
    },
  );

  it("gives the network a way out unless it is isolated", async () => {
    const forward = async (stack: string): Promise<unknown> =>
      (await runLab(stack)).find(({ type }) => type === "libvirt:index/network:Network")?.inputs.forward;
    expect(await forward("dev")).toEqual({ mode: "nat" });
    expect(await forward("container")).toBeUndefined();
  });

  it("names what libvirt has after the stack, so that two stacks live side by side, and not the hosts", async () => {
    const resources = await runLab("dev");
    const names = (type: string): unknown[] =>
      resources.filter((one) => one.type === `libvirt:index/${type}`).map(({ inputs }) => inputs.name);
    expect(names("domain:Domain")).toEqual(HOSTS.map((host) => `lab-test-${host}`));
    expect([...names("network:Network"), ...names("pool:Pool")]).toEqual(["lab-test", "lab-test"]);
    const seed = resources.find(({ name }) => name === "pg1-srv-seed-write")?.inputs.stdin;
    expect(seedIn(seed)).toContain('"hostname": "pg1-srv"');
  });

  it("brings a virtual machine's seed from the state into its volume, as a secret and by no file of this machine, and takes the key back", async () => {
    const resources = await runLab("dev");
    const step = (name: string) => resources.find((one) => one.name === `pg1-srv-${name}`);
    const [write, takeBack] = [step("seed-write")?.inputs, step("seed-take-back")?.inputs];
    const line = "bash scripts/site/seed-write.sh qemu:///system lab-test pg1-srv-seed.iso";
    expect(write?.create).toBe(`${line} pg1-srv-domain-uuid`);
    expect(isSecret(write?.stdin)).toBe(true);
    expect(seedIn(write?.stdin)).toContain("pg1-srv-host-key");
    expect(takeBack?.create).toBe(line);
    expect(seedIn(takeBack?.stdin)).not.toMatch(/key/i);
    expect(takeBack?.triggers).toEqual(write?.triggers);
    expect([...(await allBefore(resources, "pg1-srv-seed-take-back"))]).toEqual(
      expect.arrayContaining(["pg1-srv-ready", "pg1-srv-start", "pg1-srv-seed-write"]),
    );
    // The provider refuses every update of a volume, and finds one that was not written yet to be raw.
    expect(step("seed")?.options).toMatchObject({ ignoreChanges: ["target"] });
    expect(step("seed")?.inputs).not.toHaveProperty("create");
    expect(resources.filter(({ type }) => /cloudinit/i.test(type))).toEqual([]);
  });

  it("starts virtual machines once they have their seed, before they are ready, and again when they are defined again", async () => {
    const runs = async (settings: Record<string, unknown>) => {
      const resources = await runLab("local", { savedGuestPath: "/images/saved", ...settings });
      const inputsOf = (name: string) => resources.find((one) => one.name === name)?.inputs;
      const running = HOSTS.map((host) => inputsOf(`${host}-domain`)?.running);
      return { resources, running, starts: HOSTS.map((host) => inputsOf(`${host}-start`)) };
    };
    const { resources, running, starts } = await runs({});
    expect(running).toEqual([false, false, false, false]);
    const { libvirtUri } = stackConfig("local");
    const definition: unknown = expect.stringMatching(/^\w{12}$/);
    const start = (host: string, saved: string) =>
      `bash scripts/site/domain-start.sh '${libvirtUri}' ${host}-domain-uuid ${saved}`;
    expect(starts).toEqual(
      HOSTS.map((host) => ({
        create: start(host, "/images/saved"),
        triggers: [`${host}-domain-uuid`, definition],
      })),
    );
    expect(new Set(starts.map((inputs) => JSON.stringify(inputs?.triggers))).size).toBe(4);
    for (const host of HOSTS) {
      const before = ["domain", "seed-write"].map((what) => `${host}-${what}`);
      expect([...(await allBefore(resources, `${host}-start`))]).toEqual(expect.arrayContaining(before));
      expect([...(await allBefore(resources, `${host}-ready`))]).toContain(`${host}-start`);
    }

    const fingerprints = ({ starts }: Awaited<ReturnType<typeof runs>>) =>
      starts.map((inputs) => (inputs?.triggers as string[] | undefined)?.[1]);
    const before = fingerprints(await runs({}));
    expect(fingerprints(await runs({ stanza: "other" }))).toEqual(before);
    // Another size is not the domains' own to take.
    expect(fingerprints(await runs({ memoryMiB: 2048, cpus: 2 }))).toEqual(before);
    const changed = fingerprints(await runs({ hypervisor: "kvm" }));
    expect(changed.filter((fingerprint) => before.includes(fingerprint))).toEqual([]);

    for (const settings of [{ savedGuestPath: "" }, { hypervisor: "kvm" }]) {
      expect((await runs(settings)).starts.map((inputs) => inputs?.create)).toEqual(
        HOSTS.map((host) => start(host, "''")),
      );
    }
  });

  it.each(["local", "container"])(
    "restarts hosts of another size one after the other, the primary last, each when the one before is back, stack %s",
    async (stack) => {
      const resources = await runLab(stack, API);
      const order = ["pg2-srv", "pg3-srv", "barman-srv", "backup-srv", "pg1-srv"].flatMap((host) => [
        `${host}-resize`,
        `${host}-back`,
      ]);
      for (const [index, name] of order.entries()) {
        const before = await allBefore(resources, name);
        expect([...before].filter((one) => /-(resize|back)$/.test(one)).sort(), name).toEqual(
          order.slice(0, index).sort(),
        );
        expect([...before], name).toContain("lab-guard-pg1-srv");
      }
      for (const install of ["backup-srv-packages-install", "barman-srv-barman-packages-install"])
        expect([...(await allBefore(resources, install))], install).toEqual(expect.arrayContaining(order));
      for (const host of [...HOSTS, "barman-srv"])
        expect(resources.find(({ name }) => name === `${host}-domain`)?.options.ignoreChanges).toEqual([
          "memory",
          "memoryUnit",
          "vcpu",
        ]);
    },
  );

  it("upgrades pgBackRest on one host after the other, once archiving works and every host has the packages", async () => {
    const resources = await runLab("container", API);
    const fetched = ["backup-srv-archiving", ...HOSTS.map((host) => `${host}-packages-fetch`)];
    const order = HOSTS.map((host) => `${host}-packages-upgrade`);
    for (const [index, name] of order.entries()) {
      const before = await allBefore(resources, name);
      expect([...before], name).toEqual(expect.arrayContaining([...fetched, "pg1-srv-back"]));
      expect([...before].filter((one) => one.endsWith("-packages-upgrade")).sort()).toEqual(
        order.slice(0, index).sort(),
      );
    }
    expect([...(await allBefore(resources, "backup-srv-resize"))]).toEqual(expect.arrayContaining(fetched));
    expect([...(await allBefore(resources, "backup-srv-packages-install"))]).toEqual(expect.arrayContaining(order));
  });

  it("changes for another version of pgBackRest the steps that upgrade and verify it, and no certificate", async () => {
    const text = (resources: Registered[]): Map<string, string> =>
      new Map(
        resources
          .filter(({ type }) => type.includes("ommand"))
          .map(({ name, inputs }) => [name, JSON.stringify(inputs)]),
      );
    const old = text(await runLab("container"));
    const next = text(await runLab("container", { pgbackrestVersion: "2.60.0" }));
    const changed = [...old].filter(([name, inputs]) => next.get(name) !== inputs).map(([name]) => name);
    expect(changed.sort()).toEqual(
      [
        ...HOSTS.flatMap((host) => ["fetch", "upgrade", "install"].map((step) => `${host}-packages-${step}`)),
        ...HOSTS.slice(1).flatMap((host) => [`${host}-handshake-as-client`, `${host}-handshake-as-server`]),
        ...["archiving", "agreement-seen", "stanza-backup", "stanza-check", "stanza-create"].map(
          (step) => `backup-srv-${step}`,
        ),
        ...["backup-srv-standbys-conf", "backup-srv-standbys-take"],
      ].sort(),
    );
    // On a new host, packages are installed at once.
    for (const name of ["backup-srv-archiving", "pg1-srv-packages-fetch", "pg1-srv-packages-upgrade"])
      expect((await runLab("container")).find((one) => one.name === name)?.inputs.create, name).toBeUndefined();
  });

  it("changes for another size just the steps that apply it, and verifies a host on a change alone", async () => {
    const steps = async (settings: Record<string, unknown>) =>
      (await runLab("container", settings)).filter(({ name }) => /-(resize|back)$/.test(name));
    const lineOf = ({ inputs }: Registered): unknown => inputs.create ?? inputs.update;
    const [before, after] = [await steps({}), await steps({ memoryMiB: 2048, cpus: 2 })];
    expect(before).toHaveLength(8);
    expect(
      before
        .filter(({ inputs }) => inputs.create === undefined)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(HOSTS.map((host) => `${host}-back`));
    const resize = after.find(({ name }) => name === "pg2-srv-resize")?.inputs;
    expect(resize?.triggers).toEqual(["pg2-srv-domain-uuid"]);
    expect(resize?.create).toMatch(/^bash scripts\/site\/domain-resize\.sh 'lxc:\S+' lab-test-pg2-srv 2 2048$/);
    const changed = after.filter(
      (step) => lineOf(step) !== lineOf(before.find(({ name }) => name === step.name) ?? step),
    );
    expect(changed.map(({ name }) => name).sort()).toEqual(HOSTS.map((host) => `${host}-resize`));
    // The time of the restart is the first word.
    expect(after.find(({ name }) => name === "pg2-srv-back")?.inputs.update).toContain(
      "bash -s -- 'pg2-srv-resize stdout' standby postgres demo ",
    );
  });

  it("opens EL's guards once the packages are there and before anything is served; Debian has none", async () => {
    const guards = (resources: Registered[]): string[] =>
      resources
        .filter(({ name }) => name.endsWith("-guards"))
        .map(({ name, inputs }) => `${name} ${String(inputs.create).replace(/^.* -- (.*?) \|\| .*$/, "$1")}`);
    expect(guards(await runLab("dev"))).toEqual([
      "backup-srv-packages-guards 8432",
      ...["pg1", "pg2", "pg3"].map((host) => `${host}-srv-packages-guards 8432 5432`),
    ]);
    expect([...(await allBefore(await runLab("dev"), "pg1-srv-pgbackrest-start"))]).toEqual(
      expect.arrayContaining(["pg1-srv-packages-install", "pg1-srv-packages-guards"]),
    );
    expect(guards(await runLab("container"))).toEqual([]);
  });

  it("changes nothing on the lab's hosts for a backup API, but for who may connect to PostgreSQL", async () => {
    const inputs = (resources: Registered[]): Map<string, string> =>
      new Map(commandsOf(resources).map(({ name, inputs }) => [name, JSON.stringify(inputs)]));
    const [without, withApi] = [inputs(await runLab("container")), inputs(await runLab("container", API))];
    expect([...without].filter(([name, text]) => withApi.get(name) !== text).map(([name]) => name)).toEqual([
      "pg1-srv-postgresql-start",
      "pg2-srv-postgresql-start",
      "pg3-srv-postgresql-start",
    ]);
  });

  it("signs the backup API's certificates with an authority of their own, a client's for clients alone", async () => {
    const resources = await runLab("container", API);
    const inputsOf = (wanted: string): unknown =>
      resources.find(({ type, name }) => type.startsWith("tls:") && name === wanted)?.inputs;
    expect(inputsOf("lab-api-client-admin")).toMatchObject({
      caCertPem: "lab-api-ca-certificate certificate\n",
      allowedUses: ["digital_signature", "client_auth"],
      validityPeriodHours: 90 * 24,
      earlyRenewalHours: 30 * 24,
    });
    expect(inputsOf("lab-api-server")).toMatchObject({ allowedUses: ["digital_signature", "server_auth"] });
    expect(inputsOf("lab-api-server-request")).toMatchObject({
      subject: { commonName: "barman-srv", organization: "lab", emailAddress: "root@localhost" },
      dnsNames: ["barman-srv"],
      ipAddresses: ["10.83.14.20"],
    });
    expect(inputsOf("lab-api-client-admin-request")).not.toHaveProperty("dnsNames");
  });

  it("proves the backup API again when what guards it has changed", async () => {
    const proof = async (settings: Record<string, unknown>): Promise<unknown> =>
      (await runLab("container", { ...API, ...settings })).find(({ name }) => name === "barman-srv-api-proof-ports")
        ?.inputs.create;
    expect(await proof({ backupApiOperations: true })).not.toBe(await proof({}));
    expect(await proof({ backupApiEmail: "dba@example.com" })).toBe(await proof({}));
  });

  it("makes the backup API's keys as they are asked for", async () => {
    const resources = await runLab("container", { ...API, backupApiKey: "rsa" });
    const keys = resources.filter(({ type, name }) => type.endsWith("PrivateKey") && name.startsWith("lab-api-"));
    expect(keys.map(({ inputs }) => inputs)).toEqual(keys.map(() => ({ algorithm: "RSA", rsaBits: 2048 })));
    expect(keys).toHaveLength(3);
  });

  it("sends the token of an EDB account as a secret on stdin, and installs no unit of its own then", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-token-"));
    fs.writeFileSync(path.join(folder, "token"), "s3cret-token\n");
    const resources = await runLab("dev", {
      backupApi: true,
      backupApiSource: "edb",
      backupApiTokenFile: path.join(folder, "token"),
    });
    fs.rmSync(folder, { recursive: true });
    const command = (wanted: string): Record<string, unknown> | undefined =>
      resources.find(({ name }) => name === wanted)?.inputs;
    expect(JSON.stringify(command("barman-srv-api-package")?.stdin)).toContain("s3cret-token");
    expect(command("barman-srv-api-package")?.create).toMatch(/ bash -s -- rpm 2\.2\.0 '/);
    expect(command("barman-srv-api-package")?.logging).toBe("none");
    expect(JSON.stringify(resources.map(({ inputs }) => inputs)).split("s3cret-token")).toHaveLength(2);
    expect(command("barman-srv-api-start")?.stdin).not.toContain("gunicorn -c");
  });

  it("keeps the network as it is, whatever the number of standbys", async () => {
    const network = async (standbys: number): Promise<unknown> =>
      (await runLab("container", { standbys })).find(({ type }) => type === "libvirt:index/network:Network")?.inputs;
    expect(await network(0)).toEqual(await network(8));
  });

  it("changes nothing on any host before the data on all of them was looked at", async () => {
    const resources = await runLab("container", API);
    const guards = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"].map((host) => `lab-guard-${host}`);
    const others = commandsOf(resources)
      .map(({ name }) => name)
      .filter((name) => !guards.includes(name) && !name.endsWith("-ready"));
    expect(others.length).toBeGreaterThan(50);
    for (const name of others) {
      const before = await allBefore(resources, name);
      expect(
        guards.filter((guard) => !before.has(guard)),
        name,
      ).toEqual([]);
    }
  });

  it("looks at the data again when a key changes that could harm it, and at no other time", async () => {
    const looks = async (settings: Record<string, unknown>): Promise<string[]> => {
      const changed = commandsOf(await runLab("container", settings)).map(({ name, inputs }) => [name, inputs.create]);
      const before = new Map(commandsOf(await runLab("container")).map(({ name, inputs }) => [name, inputs.create]));
      return changed.flatMap(([name, create]) =>
        String(name).startsWith("lab-guard-") && before.get(String(name)) !== create ? [String(name)] : [],
      );
    };
    const all = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"].map((host) => `lab-guard-${host}`);
    expect(await looks({ stanza: "other" })).toEqual(all);
    expect(await looks({ packages: "pgdg", postgresqlVersion: 14, networkMode: "nat" })).toEqual(all);
    expect((await looks({ primary: "pg2-srv", standbys: 3 })).sort()).toEqual([...all.slice(1), "lab-guard-pg4-srv"]);
    expect(await looks({ repositories: [{ path: "/backup2" }] })).toEqual(["lab-guard-backup-srv"]);
    expect(await looks({ keyGeneration: 2, pgbackrest: { "process-max": 4 }, revoked: ["pg3-srv"] })).toEqual([]);
  });

  it("proves everything about the repository again when it is another one", async () => {
    const steps = async (settings: Record<string, unknown>): Promise<Map<string, unknown>> =>
      new Map(
        commandsOf(await runLab("container", settings)).map(({ name, inputs }) => [name, JSON.stringify(inputs)]),
      );
    const before = await steps({});
    const after = await steps({ repositories: [{ path: "/backup2" }] });
    const again = [...before].filter(([name, create]) => after.get(name) !== create).map(([name]) => name);
    // What the repository host sees then is the other hosts' argument.
    expect(again.filter((name) => !name.includes("handshake")).sort()).toEqual([
      "backup-srv-agreement-seen",
      "backup-srv-pgbackrest-start",
      "backup-srv-repository-1-create",
      "backup-srv-standbys-conf",
      "backup-srv-standbys-take",
      "backup-srv-stanza-backup",
      "backup-srv-stanza-check",
      "backup-srv-stanza-create",
      "lab-guard-backup-srv",
    ]);
  });

  it("has several repositories, each with its folder and its backups, one after the other", async () => {
    const repositories = [{}, { path: "/srv/second", cipherType: "aes-256-cbc" }];
    const resources = await runLab("container", { repositories });
    const command = (name: string): unknown => commandsOf(resources).find((each) => each.name === name)?.inputs.create;
    const args = (name: string): string | undefined => /bash -s -- (.*?) \|\|/.exec(String(command(name)))?.[1];
    expect(args("backup-srv-repository-2-create")).toBe("pgbackrest /srv/second");
    // The first creates the account.
    expect(await allBefore(resources, "backup-srv-repository-2-create")).toContain("backup-srv-repository-1-create");
    expect(args("lab-guard-backup-srv")).toBe(
      "/etc/pgbackrest/pgbackrest.conf pgbackrest demo 17 /backup_space false lab:repositoryCipher " +
        "/srv/second true 'lab:repositories[1].cipherType'",
    );
    expect(args("backup-srv-stanza-backup")).toBe("pgbackrest demo 1 any ''");
    expect(args("backup-srv-stanza-backup-2")).toBe("pgbackrest demo 2 any ''");
    expect(args("backup-srv-standbys-take-2")).toBe("pgbackrest demo 2 standby");
  });

  it("takes a repository's passphrase where it is given, and says it to nobody but the repository host", async () => {
    const settings = { repositories: [{}, { path: "/srv/second", cipherType: "aes-256-cbc" }] };
    const secrets = { "repo2-cipher-pass": "a passphrase" };
    let passphrases: unknown;
    let isSecret = false;
    const resources = await runMocked(async () => {
      const lab = new Lab("lab", { ...labArgs("container", settings), repositorySecrets: secrets });
      isSecret = await pulumi.isSecret(lab.passphrases);
      lab.passphrases.apply((told) => (passphrases = told));
    });
    expect([passphrases, isSecret]).toEqual([secrets, true]);
    const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes("a passphrase"));
    expect(holders.map(({ name }) => name)).toEqual(["backup-srv-pgbackrest-start"]);
    expect(holders[0]?.inputs).toMatchObject({ logging: "none", stdin: { [SECRET]: expect.anything() as unknown } });
    expect(JSON.stringify(holders[0]?.inputs.create)).not.toContain("a passphrase");
  });

  it("has a repository in a store without a folder, and says its key to nobody but the repository host", async () => {
    const store = { type: "s3", path: "/demo", s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu" };
    const secrets = { "repo2-s3-key": "a key", "repo2-s3-key-secret": "a key's secret" };
    const settings = { repositories: [{}, store], repositorySecrets: secrets };
    const resources = await runMocked(
      () => new Lab("lab", { ...labArgs("container", settings), repositorySecrets: secrets }),
    );
    const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes("a key"));
    expect(holders.map(({ name }) => name)).toEqual(["backup-srv-pgbackrest-start"]);
    const create = commandsOf(resources).find(({ name }) => name === "backup-srv-repository-2-create");
    expect(create?.inputs.create).toContain("bash -s -- pgbackrest ''");
    const { hosts, repositories } = labArgs("container", settings).plan;
    expect(hosts[0]?.folders).toEqual(["/backup_space", "/var/log"]);
    expect(repositories?.[1]).toEqual({ number: 2, path: "/demo", store: "s3://backups/demo" });
  });

  it("looks again at what concerns a recreated host, also on the other hosts", async () => {
    const machines = (resources: Registered[]): Map<string, unknown> =>
      new Map(commandsOf(resources).map(({ name, inputs }) => [name, inputs.create]));
    const before = machines(await runLab("container"));
    const after = machines(await runMocked(() => new Lab("lab", labArgs("container")), { recreated: "pg1-srv" }));
    const again = [...before].filter(([name, create]) => after.get(name) !== create).map(([name]) => name);
    expect(again.filter((name) => !name.startsWith("pg1-srv")).sort()).toMatchInlineSnapshot(`
      [
        "backup-srv-agreement-seen",
        "backup-srv-stanza-check",
        "backup-srv-stanza-create",
        "pg2-srv-postgresql-follow",
        "pg2-srv-postgresql-rejoin",
        "pg2-srv-postgresql-restore",
        "pg2-srv-postgresql-start",
        "pg2-srv-streaming-read",
        "pg2-srv-streaming-write",
        "pg3-srv-postgresql-follow",
        "pg3-srv-postgresql-rejoin",
        "pg3-srv-postgresql-restore",
        "pg3-srv-postgresql-start",
        "pg3-srv-streaming-read",
        "pg3-srv-streaming-write",
      ]
    `);
  });

  it("adds standbys, with files of the repository host and the map of identities on the others", async () => {
    const text = (resources: Registered[]): Map<string, string> =>
      new Map(
        resources
          .filter(({ type }) => type.includes("ommand"))
          .map(({ type, name, inputs }) => [`${type} ${name}`, JSON.stringify(inputs)]),
      );
    const two = text(await runLab("container", { standbys: 2 }));
    const three = text(await runLab("container", { standbys: 3 }));
    const changed = [...two].filter(([name, inputs]) => three.get(name) !== inputs).map(([name]) => name.split(" ")[1]);
    expect(changed.sort()).toMatchInlineSnapshot(`
      [
        "backup-srv-agreement-seen",
        "backup-srv-pgbackrest-start",
        "backup-srv-standbys-conf",
        "backup-srv-standbys-take",
        "backup-srv-stanza-backup",
        "backup-srv-stanza-check",
        "backup-srv-stanza-create",
        "pg1-srv-handshake-as-client",
        "pg1-srv-handshake-as-server",
        "pg1-srv-postgresql-start",
        "pg1-srv-replication-slots-keep",
        "pg2-srv-handshake-as-client",
        "pg2-srv-handshake-as-server",
        "pg2-srv-postgresql-start",
        "pg3-srv-handshake-as-client",
        "pg3-srv-handshake-as-server",
        "pg3-srv-postgresql-start",
      ]
    `);
  });

  it.each([
    ["pg1-srv-packages-install", ["pg1-srv-ready", "pg1-srv-domain"]],
    ["pg1-srv-pgbackrest-certificate", ["pg1-srv-packages-install"]],
    ["backup-srv-pgbackrest-certificate", ["backup-srv-repository-1-create"]],
    ["pg1-srv-pgbackrest-start", ["pg1-srv-packages-install", "pg1-srv-pgbackrest-certificate"]],
    ["pg1-srv-pgbackrest-start", ["backup-srv-pgbackrest-start"]],
    ["pg2-srv-handshake-as-client", ["pg2-srv-pgbackrest-start", "backup-srv-pgbackrest-start"]],
    ["pg1-srv-postgresql-create", ["pg1-srv-packages-install"]],
    ["pg1-srv-postgresql-start", ["pg1-srv-postgresql-create"]],
    ["pg1-srv-replication-role-create", ["pg1-srv-postgresql-start"]],
    ["backup-srv-stanza-create", ["pg1-srv-postgresql-start", "pg1-srv-handshake-as-server"]],
    ["backup-srv-stanza-backup", ["backup-srv-stanza-create"]],
    [
      "pg3-srv-postgresql-restore",
      ["backup-srv-stanza-backup", "pg1-srv-replication-role-create", "pg3-srv-handshake-as-client"],
    ],
    [
      "pg1-srv-postgresql-restore",
      ["pg1-srv-postgresql-holds", "backup-srv-repository-1-create", "pg1-srv-packages-install"],
    ],
    ["pg1-srv-postgresql-create", ["pg1-srv-postgresql-restore"]],
    ["pg3-srv-postgresql-follow", ["pg1-srv-postgresql-start", "pg1-srv-replication-role-create"]],
    ["pg3-srv-postgresql-restore", ["pg3-srv-postgresql-follow"]],
    ["pg3-srv-postgresql-create", ["pg3-srv-postgresql-restore"]],
    ["pg3-srv-streaming-read", ["pg3-srv-streaming-write", "pg3-srv-postgresql-start"]],
    ["backup-srv-standbys-conf", ["pg2-srv-streaming-read", "pg3-srv-streaming-read", "backup-srv-stanza-check"]],
    ["backup-srv-standbys-take", ["backup-srv-standbys-conf"]],
    ["backup-srv-agreement-pg2-srv", ["backup-srv-agreement-seen", "backup-srv-standbys-take"]],
    ["barman-srv-barman-check", ["barman-srv-barman-packages-install", "barman-srv-barman-role-create"]],
    ["barman-srv-barman-check", ["barman-srv-barman-streaming-role-create", "pg1-srv-postgresql-start"]],
    ["barman-srv-barman-restore", ["barman-srv-barman-backup", "barman-srv-barman-check"]],
    ["barman-srv-api-start", ["barman-srv-api-environment", "barman-srv-barman-packages-install"]],
    ["barman-srv-apache-start", ["barman-srv-apache-prepare", "barman-srv-apache-certificate"]],
    ["barman-srv-api-proof-answers", ["barman-srv-apache-start", "barman-srv-api-start", "barman-srv-barman-restore"]],
    ["barman-srv-api-proof-ports", ["barman-srv-apache-start"]],
  ])("runs %s after %j", async (name, earlier) => {
    expect([...(await allBefore(await runLab("container", API), name))]).toEqual(expect.arrayContaining(earlier));
  });

  it("gives every step of a host a place behind the host's readiness", async () => {
    const resources = await runLab("container");
    for (const { name } of commandsOf(resources).filter((one) => !one.name.endsWith("-ready"))) {
      const before = [...(await allBefore(resources, name))];
      expect(
        before.some((one) => one.endsWith("-ready")),
        name,
      ).toBe(true);
    }
  });
});

/** The names of all that a resource waits for, through components and their children. */
async function allBefore(resources: Registered[], name: string): Promise<Set<string>> {
  const byUrn = new Map<string, Registered>();
  for (const one of resources) byUrn.set(await settled(one.resource.urn), one);
  const before = new Set<string>();
  const follow = async (from: Registered): Promise<void> => {
    for (const dependency of [from.options.dependsOn ?? []].flat() as pulumi.Input<pulumi.Resource>[]) {
      const found = await settled(pulumi.output(dependency) as pulumi.Output<pulumi.Resource | pulumi.Resource[]>);
      for (const one of [found].flat()) await visit(byUrn.get(await settled(one.urn)));
    }
  };
  const visit = async (one: Registered | undefined): Promise<void> => {
    if (one === undefined || before.has(one.name)) return;
    before.add(one.name);
    await follow(one);
    // A component is done when its children are.
    for (const child of resources) if (child.options.parent === one.resource) await visit(child);
  };
  await follow(
    resources.find((one) => one.name === name && !one.type.startsWith("lab:")) ?? fail(`there is no resource ${name}`),
  );
  return before;
}

function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => {
      resolve(value);
    });
  });
}

/** Whether a mocked input is a secret, as the SDK sends it. */
function isSecret(input: unknown): boolean {
  return typeof input === "object" && input !== null && "value" in input;
}

/** What a seed's image holds that a step is given, secret or not. */
function seedIn(input: unknown): string {
  const base64 = isSecret(input) ? (input as { value: unknown }).value : input;
  return Buffer.from(String(base64), "base64").toString();
}

function fail(message: string): never {
  throw new Error(message);
}
