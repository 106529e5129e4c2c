import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Invocation } from "../../cli/invocation";
import { announceEngine, openEngine } from "../../cli/stack/open-engine";
import { runningNamespace } from "../../cli/stack/running-namespace";
import type { Stack } from "../../cli/stack/stack";
import { plainRepair, plainUp } from "../../cli/stack/plain-up";
import { hasLab } from "../../cli/stack/users-lab";
import { EngineError } from "../../engine/engine";
import { stackEngine } from "../../engine/stack-engine";
import { privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { FakePulumi } from "../support/fake-pulumi";
import { deployedLab } from "../support/observed-lab";

const SETTINGS = "# mine\nencryptionsalt: v1:mine\nconfig:\n  try:text: b # a note\n";

describe("a lab that was made with pulumi up", () => {
  let fake: FakePulumi;
  let projectFolder: string;
  let stack: Stack;
  const invocation = (engine?: "embedded" | "pulumi"): Invocation => ({
    options: { stack: "dev", config: {}, engine },
    signal: new AbortController().signal,
  });
  const project = (): Record<string, string> => {
    const files = fs.readdirSync(projectFolder).filter((name) => name !== ".lab");
    return Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(projectFolder, name), "utf8")]));
  };

  beforeEach(() => {
    projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-users-"));
    fs.writeFileSync(path.join(projectFolder, "Pulumi.yaml"), "name: try\nruntime: nodejs\n");
    fs.writeFileSync(path.join(projectFolder, "Pulumi.dev.yaml"), SETTINGS);
    const location = { projectFolder, stack: "dev", stateFolder: path.join(projectFolder, ".lab", "dev") };
    stack = { location, isPrivate: false, guestKind: "vm", image: undefined };
    fake = new FakePulumi();
    fake.write("stacks", [
      { name: "other", resourceCount: 3 },
      { name: "organization/dev", resourceCount: 120 },
    ]);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fake.remove();
    fs.rmSync(projectFolder, { recursive: true });
  });

  it("is found in the user's backend, asked once", async () => {
    expect(await hasLab(stack)).toBe(true);
    expect(await runningNamespace(stack)).toBeUndefined();
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await announceEngine(invocation(), stack);
    expect(write.mock.calls).toEqual([
      ['lab: stack "dev", engine pulumi (this stack was made with pulumi up), plugins of this project\n'],
    ]);
    write.mockRestore();
    expect(fake.calls().map(({ args, folder, backend }) => [args.join(" "), folder, backend])).toEqual([
      ["stack ls --json --non-interactive", projectFolder, undefined],
    ]);
  });

  it.each<[string, unknown]>([
    ["that has no resources", [{ name: "dev", resourceCount: 0 }, { name: "other" }]],
    ["of another name", [{ name: "mydev", resourceCount: 120 }]],
    ["in a backend without a login", "broken"],
  ])("is none in a stack %s", async (_case, stacks) => {
    fake.write("stacks", stacks);
    expect(await hasLab(stack)).toBe(false);
  });

  it.each(["PULUMI_BACKEND_URL", "login"])(
    "is not taken for missing where a killed CLI has damaged its backend, by %s: the file is named",
    async (way) => {
      const folder = path.join(projectFolder, "backend", ".pulumi", "stacks", "try");
      fs.mkdirSync(folder, { recursive: true });
      for (const [name, text] of [
        ["dev.json", "{"],
        ["dev.json.attrs", '{"user.cac'],
        ["other.json.attrs", "{}"],
      ] as const)
        fs.writeFileSync(path.join(folder, name), text);
      const url = `file://${projectFolder}/backend`;
      fs.writeFileSync(path.join(projectFolder, "credentials.json"), JSON.stringify({ current: url }));
      vi.stubEnv("PULUMI_CREDENTIALS_PATH", projectFolder);
      if (way === "PULUMI_BACKEND_URL") vi.stubEnv(way, url);
      fake.write("stacks", "broken");
      const file = path.join(folder, "dev.json.attrs");
      await expect(hasLab(stack)).rejects.toThrow(
        new EngineError(
          "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n" +
            `damaged: ${file}; the CLI was killed while it wrote that, which holds nothing of the state; hint: rm ${file}`,
        ),
      );
    },
  );

  it("is not looked for where ./lab has made the stack", async () => {
    fs.mkdirSync(path.join(projectFolder, ".lab", "dev", "pulumi"), { recursive: true });
    expect(await hasLab(stack)).toBe(true);
    expect(fake.calls()).toEqual([]);
  });

  it("is refused to another engine", async () => {
    await expect(openEngine(invocation("embedded"), stack)).rejects.toThrow(
      new EngineError(
        'stack "dev" was made with pulumi up, so only Pulumi\'s engine works on it; hint: leave out --engine embedded',
      ),
    );
  });

  it("is worked on in the user's backend, with a copy of the settings and with the stack's own salt", async () => {
    const before = project();
    const engine = await openEngine(invocation(), stack);
    fake.write("deployment", {
      resources: [
        { urn: "urn", type: "pulumi:pulumi:Stack", outputs: { plain: "a" } },
        { urn: "urn2", type: "box:Box", custom: true },
      ],
    });
    expect(await engine.outputs()).toEqual({ plain: { value: "a", secret: false } });
    await engine.preview({ config: { "try:text": "c" } });
    await engine.up({ config: { "try:list": "[1]" } });
    expect(fake.settings()).toBe(
      "encryptionsalt: v1:mine\nconfig:\n  try:text: c\n" +
        "encryptionsalt: v1:mine\nconfig:\n  try:text: b\n  try:list:\n    - 1\n" +
        "encryptionsalt: v1:mine\nconfig:\n  try:text: b\n  try:list:\n    - 1",
    );
    expect(project()).toEqual(before);
    expect(fake.verbs().slice(0, 3)).toEqual(["stack ls", "stack export", "preview"]);
    // These two run side by side.
    expect(fake.verbs().slice(3, 5).sort()).toEqual(["preview", "stack export"]);
    expect(fake.verbs().slice(5)).toEqual(["up", "stack export"]);
    for (const { backend, folder } of fake.calls()) expect([backend, folder]).toEqual([undefined, projectFolder]);
    expect(stackEngine(stack.location)).toBeUndefined();
  });

  it("is destroyed with its stack, and the settings file stays", async () => {
    const before = project();
    const engine = await openEngine(invocation(), stack);
    await engine.destroy();
    expect(project()).toEqual(before);
    const removal = fake.calls().at(-1);
    expect(removal?.args.join(" ")).toBe("stack rm --yes --preserve-config --stack dev --non-interactive");
    // In another home than the user's, whose selected stack it would unselect.
    expect(removal?.home).toBe(path.join(stack.location.stateFolder, "pulumi-home"));
    expect(fs.readdirSync(stack.location.stateFolder)).toEqual([]);
  });

  it("is destroyed, and the user is told what a killed CLI has left of it in the backend, which stays", async () => {
    const folder = path.join(projectFolder, "backend", ".pulumi", "stacks", "try");
    fs.mkdirSync(folder, { recursive: true });
    const [left = "", other = ""] = ["dev.json.18b1.tmp", "other.json.18b1.tmp"].map((name) => path.join(folder, name));
    for (const file of [left, other]) fs.writeFileSync(file, "{");
    vi.stubEnv("PULUMI_BACKEND_URL", `file://${projectFolder}/backend`);
    const engine = await openEngine(invocation(), stack);
    const messages: string[] = [];
    await engine.destroy({ onEvent: (event) => event.kind === "log" && messages.push(event.message) });
    expect(messages).toEqual([
      `a killed CLI has left ${left}; the stack is gone, so nothing needs them; hint: rm ${left}`,
    ]);
    expect([left, other].map((file) => fs.existsSync(file))).toEqual([true, true]);
  });

  it("is repaired by one line of the user's: its steps as targets, and the backup that no step takes", async () => {
    const step = "urn:pulumi:dev::try::lab:backup-plane:Server$command:remote:Command::pg2-srv-pgbackrest-start";
    fake.write("deployment", { resources: [{ urn: step, type: "command:remote:Command", custom: true }] });
    const { plan } = deployedLab();
    const steps = ["pg2-srv-pgbackrest-start"];
    const up = `pulumi up --stack dev --target-replace '${step}' --target-dependents`;
    const backup = "./lab ssh --stack dev backup-srv -- sudo -u pgbackrest pgbackrest --stanza=demo --type=full backup";
    expect(await plainRepair(stack, { plan }, { steps, fullBackups: [] })).toBe(up);
    expect(await plainRepair(stack, { plan }, { steps, fullBackups: [1] })).toBe(`${up} && ${backup}`);
    expect(await plainRepair(stack, { plan }, { steps: [], fullBackups: [1] })).toBe(backup);
    const inside = `nsenter --net=/run/netns/${privateLibvirtdOf(stack.location).namespace} pulumi up --stack dev`;
    expect(plainUp({ ...stack, isPrivate: true })).toBe(inside);
    fs.mkdirSync(path.join(projectFolder, ".lab", "dev", "pulumi"), { recursive: true });
    expect(await plainRepair(stack, { plan }, { steps, fullBackups: [] })).toBeUndefined();
  });
});
