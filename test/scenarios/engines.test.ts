import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChangeSummary } from "../../cli/show/changes";
import { findPulumi } from "../../cli/stack/find-pulumi";
import { layDownPlugins } from "../../engine/plugins/lay-down";
import { createPulumiEngine } from "../../engine/pulumi/pulumi";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { EngineProject } from "../unit/engine-project";

/** One lab under each engine, side by side, through the same changes: what each says that it will do, does, and gives. */
const labs = [new ScenarioLab("container", "emb", "embedded"), new ScenarioLab("container", "pul", "pulumi")];

/** Changes of configuration; each stays for those after it. */
const CHANGES: readonly (readonly [string, string])[] = [
  ["an option of pgBackRest", 'lab:pgbackrest={"start-fast":false}'],
  ["a setting of PostgreSQL", 'lab:postgresql={"work_mem":"8MB"}'],
  ["a setting that takes a restart", 'lab:postgresql={"work_mem":"8MB","max_connections":"90"}'],
  ["fewer backups to keep", 'lab:repositories=[{"type":"posix","path":"/backup_space","retentionFull":1}]'],
  ["renewal that begins earlier", "lab:renewDays=40"],
  ["certificates of another life", "lab:hostCertificateDays=60"],
  ["new keys", "lab:keyGeneration=2"],
  ["another standby", "lab:standbys=3"],
  ["fewer standbys", "lab:standbys=1"],
  ["more memory, host by host", "lab:memoryMiB=1100"],
];

const skipped = reasonToSkip({ engine: "pulumi" });
const config = new Map<string, string>();

/** The same of both labs, whose names and keys differ. */
async function onBoth<T>(look: (lab: ScenarioLab) => Promise<T>): Promise<[T, T]> {
  return (await Promise.all(labs.map(look))) as [T, T];
}

const settings = (): string[] => [...config].map(([key, value]) => `--config=${key}=${value}`);

function anonymous(lab: ScenarioLab, text: string): string {
  return text.replaceAll(lab.stack, "STACK");
}

/** What the next `up` would do: each resource, its operation, and why. */
async function previewed(lab: ScenarioLab): Promise<string[]> {
  const { changes } = JSON.parse(
    await lab.must("preview", "--json", "--allow-expiring", ...settings()),
  ) as ChangeSummary;
  return changes
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .map(({ name, operation, diff }) => [name, operation, ...diff.map((path) => path.replace(/[.[].*/s, ""))])
    .map(([name = "", operation = "", ...why]) => anonymous(lab, [name, operation, ...new Set(why.sort())].join(" ")))
    .sort();
}

/** What `up` did: each step. */
async function done(lab: ScenarioLab): Promise<string[]> {
  const { status, stdout, stderr } = await lab.run("up", "--yes", "--allow-expiring", ...settings());
  expect(status, stdout + stderr).toBe(0);
  const steps = [...stdout.matchAll(/^ +[\d.]+ s {2}(\S+) +(\S+) +(\w+) in [\d.]+ s$/gm)];
  return steps.map(([, host, step, operation]) => [host, step, operation].join(" ")).sort();
}

/** The outputs, without what is random. */
async function given(lab: ScenarioLab): Promise<unknown> {
  const { plan, configuration, rotation, managed, ssh } = JSON.parse(await lab.must("outputs", "--json")) as Record<
    string,
    unknown
  >;
  return JSON.parse(anonymous(lab, JSON.stringify({ plan, configuration, rotation, managed, ssh: typeof ssh })));
}

beforeAll(async () => {
  if (skipped === undefined) await onBoth((lab) => lab.begin());
});

afterAll(async () => {
  await onBoth((lab) => lab.remove());
});

describe.skipIf(skipped)("a lab under either engine", () => {
  it("comes up from nothing with the same steps, and gives the same outputs", async () => {
    const [embedded, pulumi] = await onBoth(done);
    expect(embedded.length).toBeGreaterThan(30);
    expect(pulumi).toEqual(embedded);
    const outputs = await onBoth(given);
    expect(outputs[1]).toEqual(outputs[0]);
    expect(await onBoth(previewed)).toEqual([[], []]);
  });

  it.each(CHANGES)("takes the same for %s", async (_what, setting) => {
    const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    config.set(key, value);
    const [embedded, pulumi] = await onBoth(previewed);
    expect(embedded).not.toEqual([]);
    expect(pulumi).toEqual(embedded);
    const steps = await onBoth(done);
    expect(steps[1]).toEqual(steps[0]);
    const outputs = await onBoth(given);
    expect(outputs[1]).toEqual(outputs[0]);
    expect(await onBoth(previewed)).toEqual([[], []]);
  });

  it("takes the same to bring a lost standby back", async () => {
    for (const lab of labs) lab.lose("pg2-srv");
    const [embedded, pulumi] = await onBoth(previewed);
    expect(embedded).not.toEqual([]);
    expect(pulumi).toEqual(embedded);
    const steps = await onBoth(done);
    expect(steps[1]).toEqual(steps[0]);
  });
});

describe.skipIf(skipped)("a program under either engine", () => {
  const projects: EngineProject[] = [];

  /** Runs a program with each engine through configurations, and gives what each run did, in its order. */
  async function compare(program: string, ...configs: Record<string, string>[]): Promise<unknown[][]> {
    layDownPlugins();
    const cli = findPulumi({ projectFolder: PROJECT_FOLDER })?.cli;
    const both = [
      new EngineProject(program),
      new EngineProject(program, (location) => createPulumiEngine(location, cli)),
    ];
    projects.push(...both);
    const run = async (project: EngineProject): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const each of configs) {
        const preview = await project.preview(each);
        const operations = await project.up(each);
        expect(operations).toEqual(preview);
        found.push(operations, project.logged(), await project.engine.outputs());
      }
      await project.engine.destroy();
      return [...found, project.logged()];
    };
    return Promise.all(both.map(run));
  }

  afterAll(() => {
    for (const project of projects) project.remove();
  });

  it("deletes and creates in the same order", async () => {
    const [embedded, pulumi] = await compare(
      `
      const made = (name: string, triggers: pulumi.Input<string>[], options: pulumi.CustomResourceOptions) =>
        new command.local.Command(name, { create: \`echo create-\${name} >> log\`, delete: \`echo delete-\${name} >> log\`, triggers }, options);
      const trigger = config.get("trigger") ?? "t";
      const root = made("root", [trigger], { deleteBeforeReplace: true });
      const child = made("child", [root.stdout, trigger], { dependsOn: root });
      if (trigger !== "v") made("grandchild", [child.stdout, trigger], { dependsOn: child });
      export const said = child.create;
      `,
      {},
      { "try:trigger": "u" },
      { "try:trigger": "u" },
      { "try:trigger": "v" },
    );
    expect(pulumi).toEqual(embedded);
    expect(embedded?.[1]).toEqual(["create-root", "create-child", "create-grandchild"]);
  });

  it("renews a certificate that is due, with what comes from it", async () => {
    const [embedded, pulumi] = await compare(
      `
      const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
      const certificate = new tls.SelfSignedCert("certificate", {
        privateKeyPem: key.privateKeyPem, subject: { commonName: "x" }, allowedUses: ["digital_signature"],
        validityPeriodHours: 1, earlyRenewalHours: Number(config.get("hours") ?? 0),
      }, { replaceOnChanges: ["*"] });
      new command.local.Command("installed", { create: "cat > /dev/null; echo installed >> log", stdin: certificate.certPem });
      `,
      {},
      {},
      { "try:hours": "2" },
      { "try:hours": "2" },
    );
    expect(pulumi).toEqual(embedded);
    expect(embedded?.[10]).toEqual(["installed"]);
  });
});
