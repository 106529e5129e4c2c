import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findPulumi } from "../../cli/stack/find-pulumi";
import { layDownPlugins } from "../../engine/plugins/lay-down";
import type { Change } from "../../engine/engine";
import { createPulumiEngine } from "../../engine/pulumi/pulumi";
import { ComparedLab } from "../support/compared-lab";
import { reasonToSkip } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { EngineProject } from "../unit/engine-project";

/** One program, and one lab, under each engine through the same changes: what each says that it will do, does, in which order, and gives. */
const skipped = reasonToSkip({ engine: "pulumi" });

/** What a run with these settings did: its operations, the commands in their order, and the outputs. */
type Run = readonly [string, unknown, readonly string[], unknown];

/** A lab in small, where that is replaced which a lab on hosts keeps: keys, a disk, a host on it, an installation there, standbys. */
const PROGRAM = `
const get = (name: string, otherwise: string) => config.get(name) ?? otherwise;
const step = (name: string, args: command.local.CommandArgs, options: pulumi.CustomResourceOptions = {}) =>
  new command.local.Command(name, {
    create: \`echo create-\${name} >> log; head -c 8 /dev/urandom | xxd -p\`,
    update: \`echo update-\${name} >> log\`,
    delete: \`echo delete-\${name} >> log\`,
    ...args,
  }, options);
const key = new tls.PrivateKey(\`key-\${get("generation", "1")}\`, { algorithm: "ED25519" });
const certificate = new tls.SelfSignedCert("certificate", {
  privateKeyPem: key.privateKeyPem, subject: { commonName: "x" }, allowedUses: ["digital_signature"],
  validityPeriodHours: Number(get("life", "10")), earlyRenewalHours: Number(get("early", "1")),
});
const disk = step("disk", { triggers: [get("image", "a")] }, { deleteBeforeReplace: true });
const host = step("host", { stdin: get("memory", "1"), triggers: [disk.stdout] },
  { replaceOnChanges: ["*"], deleteBeforeReplace: true, dependsOn: disk });
const install = step("install", {
  stdin: pulumi.interpolate\`\${certificate.certPem}\${get("setting", "a")}\`, triggers: [host.stdout],
}, { dependsOn: host });
let last = install;
for (let number = 0; number < Number(get("standbys", "2")); number++)
  last = step(\`standby-\${number}\`, { triggers: [host.stdout] }, { dependsOn: last });
step("kept", { stdin: get("setting", "a") }, { ignoreChanges: ["stdin"], dependsOn: last });
export const setting = get("setting", "a");
export const password = pulumi.secret("hidden");
export const hosts = [disk.create, host.delete];
`;

/** Settings, each beside those before it. */
const CHANGES: readonly (readonly [string, Record<string, string>])[] = [
  ["from nothing", {}],
  ["another image: what is on the disk goes first", { image: "b" }],
  ["more memory, which replaces the host", { memory: "2" }],
  ["a new key and another setting", { generation: "2", setting: "b" }],
  ["certificates of another life", { life: "20" }],
  ["renewal that begins earlier, and makes it due", { early: "30" }],
  ["a certificate that is due", { early: "30" }],
  ["fewer standbys, and another image", { early: "1", standbys: "1", image: "c" }],
];

/** Operations by resource name, each with the inputs that differ. */
function described(changes: readonly Change[]): Record<string, string> {
  const own = changes.filter(({ type }) => type !== "pulumi:pulumi:Stack");
  return Object.fromEntries(own.map(({ name, operation, diff }) => [name, [operation, ...[...diff].sort()].join(" ")]));
}

describe.skipIf(skipped)("a program under either engine", () => {
  const projects: EngineProject[] = [];

  afterEach(() => {
    for (const project of projects.splice(0)) project.remove();
  });

  async function runs(project: EngineProject): Promise<Run[]> {
    projects.push(project);
    const found: Run[] = [];
    let settings: Record<string, string> = {};
    for (const [what, changed] of CHANGES) {
      settings = { ...settings, ...changed };
      const config = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`try:${name}`, value]));
      const previewed = described(await project.engine.preview({ config }));
      expect(described((await project.engine.up({ config })).changes), what).toEqual(previewed);
      found.push([what, previewed, project.logged(), await project.engine.outputs()]);
    }
    const { changes } = await project.engine.destroy();
    const deleted = changes
      .map(({ name, operation }) => `${operation} ${name}`)
      .filter((each) => !/try-here/.test(each));
    return [...found, ["destroy", deleted.sort(), project.logged(), await project.engine.outputs()]];
  }

  it("goes through the same operations, in the same order, to the same outputs", async () => {
    layDownPlugins();
    const cli = findPulumi({ projectFolder: PROJECT_FOLDER })?.cli;
    const [embedded, pulumi] = await Promise.all([
      runs(new EngineProject(PROGRAM)),
      runs(new EngineProject(PROGRAM, (location) => createPulumiEngine(location, cli))),
    ]);
    expect(pulumi).toEqual(embedded);
    const steps = Object.fromEntries(embedded.map(([what, , logged]) => [what, logged.join(" ")]));
    expect(steps).toMatchObject({
      "another image: what is on the disk goes first":
        "delete-standby-1 delete-standby-0 delete-install delete-host delete-disk create-disk create-host create-install create-standby-0 create-standby-1",
      "certificates of another life": "update-install",
      "renewal that begins earlier, and makes it due": "",
      "a certificate that is due": "update-install",
    });
  });
});

/** Settings of the labs, each beside those before it. */
const LAB_CHANGES: readonly (readonly [string, Record<string, string>])[] = [
  ["from nothing", { standbys: "0" }],
  ["nothing", {}],
  ["an option of pgBackRest", { pgbackrest: '{"process-max":1}' }],
  ["a setting that PostgreSQL refuses", { postgresql: '{"work_mem":"8MBB"}' }],
  ["one that it restarts for", { postgresql: '{"shared_buffers":"64MB"}' }],
  ["another name of the stanza", { stanza: "other" }],
  ["a standby", { stanza: "demo", standbys: "1" }],
  ["passwords in place of replication by TLS", { replicationTls: "false" }],
  ["no standby, and certificates of another life", { standbys: "0", hostCertificateDays: "45" }],
  ["more memory", { memoryMiB: "1200" }],
];

describe.skipIf(skipped)("a lab under either engine", () => {
  const labs = [new ComparedLab("embedded"), new ComparedLab("pulumi")];
  const settings: Record<string, string> = {};

  beforeAll(async () => {
    layDownPlugins();
    for (const lab of labs) await lab.begin();
  });

  afterAll(async () => {
    for (const lab of labs) await lab.remove();
  });

  it.each(LAB_CHANGES)("does the same for %s", async (_what, changed) => {
    Object.assign(settings, changed);
    const [embedded, pulumi] = await Promise.all(labs.map((lab) => lab.change(settings)));
    expect(pulumi).toEqual(embedded);
    expect(embedded?.outOfOrder).toEqual([]);
  });
});
