import { describe, expect, it } from "vitest";
import { checkChanges, renderKeyChanges } from "../../cli/gates/change";
import { findChanges } from "../../config/changes";
import { KEY_NAMES, type LabConfig, SCHEMA } from "../../config/schema";
import { EngineError, type Output } from "../../engine/engine";
import { stackConfig } from "../support/stack-config";

const deployed = stackConfig("container");
const effects = (settings: Record<string, unknown>, stack = "container"): string[] =>
  findChanges(stackConfig(stack), stackConfig(stack, settings)).map(({ key, effect }) => `${key} ${effect}`);

describe("what a change does to a lab that is up", () => {
  it.each<[Record<string, unknown>, string[]]>([
    [{}, []],
    [{ standbys: 3 }, ["standbys live"]],
    [{ memoryMiB: 2048, renewDays: 20 }, ["memoryMiB restart", "renewDays live"]],
    [{ keyGeneration: 2 }, ["keyGeneration reload"]],
    [{ repositories: [{ retentionFull: 5 }] }, ["repositories reload"]],
    [{ repositories: [{ path: "/elsewhere" }] }, ["repositories rebuild"]],
    [{ repositories: [{}, { path: "/elsewhere" }] }, ["repositories live"]],
    [{ repositories: [{ cipherType: "none" }] }, ["repositories reload"]],
    [{ locale: "C", encoding: "LATIN1" }, ["locale refused", "encoding refused"]],
    [{ pgbackrestVersion: "2.60.0" }, ["pgbackrestVersion restart"]],
    [{ pgbackrestVersion: "2.55.0" }, ["pgbackrestVersion refused"]],
    [
      { postgresqlVersion: 14, packages: "mirror", mirrorUrl: "http://10.83.14.1" },
      ["packages live", "mirrorUrl live", "postgresqlVersion refused"],
    ],
    [{ hypervisor: "qemu" }, ["hypervisor refused"]],
    [{ caYears: 5 }, ["caYears refused"]],
    [{ caYears: 5, caGeneration: 2, caStage: "trust" }, ["caYears live", "caGeneration reload", "caStage reload"]],
    [{ backupApiKey: "rsa" }, ["backupApiKey live"]],
    [
      { backupApi: true, backupApiSource: "https://packages.example/simple", backupApiHost: "backup-srv" },
      ["backupApi live", "backupApiHost rebuild", "backupApiSource restart"],
    ],
  ])("%o: %o", (settings, expected) => {
    expect(effects(settings)).toEqual(expected);
  });

  it("is live where a further host gets an address on a bridge, and refused where an existing one gets another", () => {
    const addresses = { "backup-srv": "10.83.14.30", "pg1-srv": "10.83.14.31" };
    const bridge = stackConfig("container", { networkMode: "bridge", bridge: "br0", standbys: 0, addresses });
    const change = (to: Record<string, string>): string[] =>
      findChanges(bridge, { ...bridge, addresses: { ...addresses, ...to } }).map(
        ({ key, effect }) => `${key} ${effect}`,
      );
    expect(change({ "pg2-srv": "10.83.14.32" })).toEqual(["addresses live"]);
    expect(change({ "pg1-srv": "10.83.14.32" })).toEqual(["addresses refused"]);
  });

  it("of several repositories knows each by its path", () => {
    const [first, second] = [{}, { path: "/srv/second" }];
    const change = (from: unknown[], to: unknown[]): string[] =>
      findChanges(stackConfig("container", { repositories: from }), stackConfig("container", { repositories: to })).map(
        ({ effect, text }) => `${effect}: ${text}`,
      );
    expect(change([first], [second, first])).toEqual([
      "live: /srv/second gets the stanza, WAL from now on, and a full backup",
    ]);
    expect(change([first, second], [second])).toEqual([
      "live: /backup_space keeps its backups, and gets neither WAL nor backups any more",
    ]);
    expect(change([first, second], [second, first])).toEqual([
      "reload: the repositories keep their backups, and change their numbers",
    ]);
    expect(
      change([first, { ...second, cipherType: "none" }], [first, { ...second, cipherType: "aes-256-cbc" }]),
    ).toEqual(["refused: a repository is encrypted from its first file on, or never"]);
    const store = {
      ...second,
      type: "s3",
      s3Bucket: "backups",
      s3Endpoint: "s3.example.net",
      s3Region: "eu-central-1",
    };
    const settings = (list: unknown[]) =>
      stackConfig("container", {
        ...{ repositories: list, repositorySecrets: { "repo2-s3-key": "a", "repo2-s3-key-secret": "b" } },
      });
    const changes = (from: unknown[], to: unknown[]): string[] =>
      findChanges(settings(from), settings(to)).map(({ key, effect, text }) => `${key} ${effect}: ${text}`);
    expect(changes([first, store], [first, { ...store, s3Endpoint: "s3.example.org" }])).toEqual([
      "repositories reload: the next backup expires what is beyond the new retention",
    ]);
    expect(changes([first, store], [first, { ...store, s3Bucket: "others" }])[0]).toMatch(
      /^repositories rebuild: at another place the stanza is created again/,
    );
  });

  it("is a restart from emulation to kvm", () => {
    expect(effects({ hypervisor: "kvm" }, "local")).toEqual(["hypervisor restart"]);
  });

  it("is not told of keys that cannot be read here", () => {
    expect(findChanges(deployed, stackConfig("container", { standbys: 3 }), ["standbys"])).toEqual([]);
  });

  it("is none where a key is newer than the lab, and has its default", () => {
    const older = Object.fromEntries(Object.entries(deployed).filter(([key]) => key !== "protect"));
    expect(findChanges(older, deployed)).toEqual([]);
    expect(findChanges(older, { ...deployed, protect: true })).toMatchObject([
      { key: "protect", from: false, to: true },
    ]);
  });

  it("is shown in at most 120 columns", () => {
    const far = { backupApiCertificateDays: 40, imagePath: `https://example.com/${"long-".repeat(20)}image.qcow2` };
    const table = renderKeyChanges(findChanges(deployed, stackConfig("container", far)));
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBe(120);
    const words = table.replaceAll(/[│\s]+/g, "");
    expect(words).toContain("lab:imagePath");
  });

  it("has a way for everything that is refused", () => {
    const refusals = KEY_NAMES.filter((key) => SCHEMA[key].change.effect === "refused");
    expect(refusals.filter((key) => !("hint" in SCHEMA[key].change) || SCHEMA[key].change.hint === undefined)).toEqual(
      [],
    );
  });
});

describe("the gate before a preview and an up", () => {
  const open = (value: unknown): Output => ({ value, secret: false });
  const rotation = { caGeneration: 1, caStage: "retire", isProven: true };
  const outputs = { plan: open({}), configuration: open(deployed), rotation: open(rotation) };
  const check = (settings: Record<string, unknown>, of: Record<string, Output> = outputs): string => {
    let shown = "";
    const { caKey = "", ...others } = settings;
    const configuration = { ...stackConfig("container", others), caKey } as LabConfig;
    checkChanges({ configuration, unread: [] }, of, { stateFolder: "/nonexistent" }, (text) => (shown += text));
    return shown;
  };

  it("shows nothing where nothing changes, and where there is no lab", () => {
    expect(check({})).toBe("");
    expect(check({ network: "10.84.14.0/24" }, {})).toBe("");
  });

  it("lets another major version of PostgreSQL pass when somebody says that the clusters have it, and no other refusal", () => {
    const configuration = stackConfig("container", {
      ...{ postgresqlVersion: 18, pgbackrestVersion: "2.60.0" },
      packages: "mirror",
      mirrorUrl: "http://m",
    });
    let shown = "";
    const upgraded = (settings: Partial<LabConfig>): unknown =>
      checkChanges(
        { configuration: { ...configuration, ...settings }, unread: [], isUpgraded: true },
        outputs,
        { stateFolder: "/nonexistent" },
        (text) => (shown += text),
      );
    upgraded({});
    expect(shown).toMatch(
      /│ lab:postgresqlVersion │ 17 +│ 18 +│ restart: the lab takes over the primary as pg_upgrade/,
    );
    expect(() => upgraded({ stanza: "other" })).toThrow(/^lab:stanza must stay "demo"/);
  });

  it("shows for each key what its change will do, and no secret", () => {
    expect(check({ standbys: 3, caKey: "[secret]" })).toBe(`\
┌──────────────┬──────┬──────────┬────────────────────────────────────────────────────────────┐
│ key          │ from │ to       │ what the change does                                       │
├──────────────┼──────┼──────────┼────────────────────────────────────────────────────────────┤
│ lab:standbys │ 2    │ 3        │ live: standbys are added and restored from the repository, │
│              │      │          │ or removed with their disks                                │
├──────────────┼──────┼──────────┼────────────────────────────────────────────────────────────┤
│ lab:caKey    │ ""   │ [secret] │ reload: the hosts' certificates are replaced, and          │
│              │      │          │ pgBackRest's servers and PostgreSQL reload; a CA changes   │
│              │      │          │ stage by stage (docs/trust.md)                             │
└──────────────┴──────┴──────────┴────────────────────────────────────────────────────────────┘
`);
  });

  it("shows of lists and objects only what differs", () => {
    const shown = check({ repositories: [{ retentionFull: 5 }], revoked: ["pg3-srv"] });
    expect(shown).toMatch(/^│ lab:repositories │ \[\{"retentionFull":2\}\] │ \[\{"retentionFull":5\}\] │ reload/m);
    expect(shown).toMatch(/^│ lab:revoked +│ \[\] +│ \["pg3-srv"\] +│ reload/m);
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { stanza: "other" },
      `lab:stanza must stay "demo" on this lab, got "other": backups and WAL are stored under the stanza's name, and standbys restore by it; hint: bring up another stack with it, and move the data there (pg_dump)`,
    ],
    [
      { network: "10.84.14.0/24", standbys: 3 },
      `lab:network must stay "10.83.14.0/24" on this lab, got "10.84.14.0/24": libvirt does not apply such a change, and no host could be reached at its address; hint: bring up another stack beside this one: a copy of the stack's file under another name`,
    ],
    [
      { primary: "pg2-srv" },
      `lab:primary must stay "pg1-srv" on this lab, got "pg2-srv": the lab promotes no standby; two primaries would archive into one stanza; hint: bring up another stack with it, and move the data there (pg_dump)`,
    ],
    [
      { postgresqlVersion: 14, packages: "mirror", mirrorUrl: "http://10.83.14.1" },
      `lab:postgresqlVersion must stay 17 on this lab, got 14: a second cluster would start beside the first, whose archiving would stop; hint: docs/major-upgrade.md, or another stack with it, and pg_dump`,
    ],
  ])("refuses %o", (settings, message) => {
    expect(() => check(settings)).toThrow(new EngineError(message));
  });

  it("refuses a stage of the CA's rotation that is left out", () => {
    expect(() => check({ caGeneration: 2 })).toThrow(
      /the hosts are at lab:caGeneration 1, lab:caStage retire; got lab:caGeneration 2, lab:caStage retire/,
    );
    expect(() => check({ caGeneration: 2, caStage: "trust" })).not.toThrow();
  });
});
