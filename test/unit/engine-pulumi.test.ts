import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Engine, EngineError, type EngineEvent, type StackLocation } from "../../engine/engine";
import { Journal, journalFolder } from "../../engine/plugins/journal";
import { createPulumiEngine } from "../../engine/pulumi/pulumi";
import { Recorder } from "../../engine/pulumi/recorder";
import { stackEngine } from "../../engine/stack-engine";
import { UNKNOWN } from "../../engine/values";
import { FakePulumi } from "../support/fake-pulumi";

const SETTINGS = "# mine\nconfig:\n  try:text: b # a note\n";

describe("the engine that drives Pulumi's CLI", () => {
  let location: StackLocation;
  let engine: Engine;
  let fake: FakePulumi;
  const project = (): Record<string, string> => {
    const { projectFolder } = location;
    const files = fs.readdirSync(projectFolder).filter((name) => name !== "state");
    return Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(projectFolder, name), "utf8")]));
  };
  let before: Record<string, string>;
  beforeEach(() => {
    const projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-engine-"));
    location = { projectFolder, stack: "here", stateFolder: path.join(projectFolder, "state") };
    fs.writeFileSync(path.join(projectFolder, "Pulumi.yaml"), "name: try\nruntime: nodejs\n");
    fs.writeFileSync(path.join(projectFolder, "Pulumi.here.yaml"), SETTINGS);
    before = project();
    fake = new FakePulumi();
    engine = createPulumiEngine(location);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fake.remove();
    delete process.env.PULUMI_BACKEND_URL;
    fs.rmSync(location.projectFolder, { recursive: true });
  });

  it("leaves the user's settings file as it is, whatever it does", async () => {
    await engine.preview();
    expect(project()).toEqual(before);
    await engine.up({ config: { "try:list": "[1]", "try:text": "c" } });
    expect(project()).toEqual(before);
    await engine.preview();
    await engine.destroy();
    expect(project()).toEqual(before);
    expect(stackEngine(location)).toBeUndefined();
    expect(fake.verbs()).not.toContain("stack select");
    // What may write or delete the settings beside Pulumi.yaml runs beside one of its own.
    const elsewhere = fake.calls().filter(({ folder }) => folder !== location.projectFolder);
    expect(elsewhere.every(({ args }) => args[0] === "stack")).toBe(true);
    for (const { args } of fake.calls().filter(({ folder }) => folder === location.projectFolder))
      expect(args).toEqual(expect.arrayContaining(["--config-file", "--stack", "here"]));
  });

  it("previews a stack that is not made in a backend of its own, which goes with the preview", async () => {
    process.env.PULUMI_BACKEND_URL = "file:///theirs";
    engine = createPulumiEngine(location);
    const changes = await engine.preview();
    expect(changes.map(({ name, operation }) => [name, operation])).toEqual([["first", "create"]]);
    const [backend = "", ...others] = [...new Set(fake.calls().map((call) => call.backend))];
    expect(others).toEqual([]);
    // A file with attributes that a killed CLI has half written could not be read again.
    expect(backend).toMatch(/^file:\/\/\/tmp\/lab-\w+\?metadata=skip$/);
    expect(fs.existsSync(fileURLToPath(backend))).toBe(false);
    expect(fs.existsSync(location.stateFolder)).toBe(false);
  });

  it("makes a stack in the user's backend when PULUMI_BACKEND_URL names one, and leaves one that is there alone", async () => {
    process.env.PULUMI_BACKEND_URL = "file:///theirs";
    engine = createPulumiEngine(location);
    fake.write("taken", true);
    await expect(engine.up()).rejects.toThrow(new EngineError("error: stack 'here' already exists"));
    expect(fake.verbs()).toEqual(["stack init"]);
    expect(fake.calls()[0]?.backend).toBe("file:///theirs");
    expect(stackEngine(location)).toBeUndefined();
  });

  it("makes a stack anew that a run killed in its making has left without settings", async () => {
    const folder = path.join(location.stateFolder, ".pulumi", "stacks", "try");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "here.json"), "{}");
    await engine.up();
    expect(fake.verbs()).toEqual(["stack rm", "stack init", "up", "stack export"]);
    fake.remove();
    fake = new FakePulumi();
    await engine.up();
    // The preview that is begun beside the first may not come far: there are no resources.
    expect(fake.verbs().filter((verb) => verb !== "preview")).toEqual(["stack export", "up", "stack export"]);
  });

  it("lets no other run of the stack work from before its first look on", async () => {
    let looked = false;
    const beforeRun = async (): Promise<boolean> => {
      expect(fake.calls()).toEqual([]);
      await expect(createPulumiEngine(location).destroy()).rejects.toThrow(
        `stack "here" is in use: process ${process.pid} runs up since `,
      );
      looked = true;
      return true;
    };
    await engine.up({ beforeRun });
    expect(looked).toBe(true);
  });

  it("takes a killed run's lock away, and no other", async () => {
    await engine.up();
    const locks = path.join(location.stateFolder, ".pulumi", "locks", "organization", "try", "here");
    fs.mkdirSync(locks, { recursive: true });
    const lock = async (pid: number, hostname: string, work = () => engine.up()): Promise<string[]> => {
      const file = path.join(locks, `${pid}-${hostname}.json`);
      fs.writeFileSync(file, JSON.stringify({ pid, hostname }));
      fs.writeFileSync(`${file}.attrs`, JSON.stringify({ md5: "OUiaRNzrCx6BQ+IuYdTXXA==" }));
      const before = fake.verbs().length;
      await work();
      return fake.verbs().slice(before);
    };
    expect(await lock(4194305, os.hostname())).toContain("cancel");
    expect(await lock(process.pid, os.hostname())).not.toContain("cancel");
    fs.rmSync(locks, { recursive: true });
    fs.mkdirSync(locks);
    expect(await lock(4194305, "elsewhere")).not.toContain("cancel");
    fs.rmSync(locks, { recursive: true });
    fs.mkdirSync(locks);
    const [first] = await lock(4194305, os.hostname(), () => engine.destroy({ unprotect: true }));
    expect(first).toBe("cancel");
  });

  it("removes with a killed run's lock what that was writing, of this stack alone", async () => {
    await engine.up();
    const backend = path.join(location.stateFolder, ".pulumi");
    const write = (name: string, text = "{"): string => {
      const file = path.join(backend, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
      return file;
    };
    const half = [
      "stacks/try/here.json.18b1.tmp",
      "stacks/try/here.json.bak.18b1.tmp",
      "history/try/here/here-1.history.json.18b1.tmp",
      "backups/try/here/here.1.json.18b1.tmp",
      "locks/organization/try/here/a.json.18b1.tmp",
    ];
    const others = ["stacks/try/here.json", "stacks/try/there.json.18b1.tmp", "history/try/there/a.json.18b1.tmp"];
    for (const name of [...half, ...others]) write(name);
    const left = (): string[] => [...half, ...others].filter((name) => fs.existsSync(path.join(backend, name)));
    await engine.up();
    // Another CLI may be writing them.
    expect(left()).toEqual([...half, ...others]);
    write("locks/organization/try/here/dead.json", JSON.stringify({ pid: 4194305, hostname: os.hostname() }));
    await engine.up();
    expect(left()).toEqual(others);
  });

  it("lets no CLI run on when it is killed itself", async () => {
    const { projectFolder } = location;
    const write = (file: string, text: string): void => {
      fs.writeFileSync(path.join(projectFolder, file), text, { mode: 0o755 });
    };
    const pidFile = path.join(projectFolder, "pid");
    write("slow", `#!/bin/sh\necho $$ >"${pidFile}.new"; mv "${pidFile}.new" "${pidFile}"; exec sleep 600\n`);
    const cli = path.resolve("engine", "pulumi", "cli.ts");
    write(
      "run.ts",
      `import { pulumi } from "${cli}"; void pulumi({ program: "${projectFolder}/slow" }, [], { folder: "/" });`,
    );
    const child = spawn(process.execPath, ["--require", "./engine/load-typescript.cjs", `${projectFolder}/run.ts`]);
    await expect.poll(() => fs.existsSync(pidFile), { timeout: 20_000 }).toBe(true);
    const pid = fs.readFileSync(pidFile, "utf8").trim();
    // A process that has ended has no program any more, whoever waits for it.
    const isAlive = (): boolean => fs.existsSync(`/proc/${pid}/exe`);
    expect(isAlive()).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(isAlive).toBe(false);
  });

  it("previews a stack that has resources before it brings it up, and stops there when that would leave all as it is", async () => {
    const urn = "urn:pulumi:here::try::command:local:Command::first";
    const fresh = async (): Promise<string[]> => {
      const before = fake.verbs().length;
      const told: unknown[] = [];
      await engine.up({
        beforeChange: async (coming, areAll) =>
          Promise.resolve(void told.push(areAll ? coming.map(({ name }) => name) : coming)),
      });
      return [...fake.verbs().slice(before), ...told.map((names) => `told ${JSON.stringify(names)}`)];
    };
    expect(await fresh()).toEqual(["stack init", "up", "stack export", "told []"]);
    fake.write("deployment", { resources: [{ urn, type: "command:local:Command", custom: true }] });
    // The first two run side by side.
    expect((await fresh()).slice(2)).toEqual(["up", "stack export", 'told ["first"]']);
    fake.write("plan", { resourcePlans: { [urn]: { steps: ["same"], goal: { inputDiff: {}, outputDiff: {} } } } });
    expect((await fresh()).sort()).toEqual(["preview", "stack export"]);
    await engine.up({ replaceToo: () => Promise.resolve(["first"]) });
    const ups = fake.calls().filter(({ args }) => args[0] === "up");
    expect(ups.at(-1)?.args).toEqual(expect.arrayContaining(["--replace", urn]));
    expect(fs.readdirSync(location.stateFolder)).toEqual(["passphrase", "pulumi"]);
  });

  it("previews while the hosts are looked at, and once more when that has changed them", async () => {
    const urn = "urn:pulumi:here::try::command:local:Command::first";
    await engine.up();
    fake.write("deployment", { resources: [{ urn, type: "command:local:Command", custom: true }] });
    fake.write("plan", { resourcePlans: { [urn]: { steps: ["same"], goal: { inputDiff: {}, outputDiff: {} } } } });
    const previews = async (look: () => Promise<boolean>): Promise<number> => {
      const before = fake.verbs().length;
      const beforeRun = async (): Promise<boolean> => {
        await expect.poll(() => fake.verbs().slice(before)).toContain("preview");
        return look();
      };
      await engine.up({ beforeRun });
      return fake.verbs().filter((verb, index) => verb === "preview" && index >= before).length;
    };
    expect(await previews(() => Promise.resolve(true))).toBe(1);
    expect(await previews(() => Promise.resolve(false))).toBe(2);
    await expect(previews(() => Promise.reject(new Error("refused")))).rejects.toThrow(new Error("refused"));
    expect(fake.verbs().filter((verb) => verb === "up")).toEqual(["up"]);
    expect(fs.readdirSync(location.stateFolder)).toEqual(["passphrase", "pulumi"]);
  });

  it("drops from the state, after a run that succeeded, what killed ones were about to create", async () => {
    fake.write("deployment", { pending_operations: [{ type: "creating" }] });
    await engine.up();
    expect(fake.verbs()).toEqual(["stack init", "up", "stack export", "stack export", "stack import"]);
    expect(fake.calls().at(-1)?.args.slice(0, 3)).toEqual(["stack", "import", "--file"]);
    fake.write("broken", true);
    await expect(engine.up()).rejects.toThrow();
    expect(fake.verbs().at(-1)).toBe("up");
  });

  it("tells what the program says, once, where a preview is all", async () => {
    const urn = "urn:pulumi:here::try::command:local:Command::first";
    await engine.up();
    fake.write("deployment", { resources: [{ urn, type: "command:local:Command", custom: true }] });
    fake.write("plan", { resourcePlans: { [urn]: { steps: ["same"], goal: { inputDiff: {}, outputDiff: {} } } } });
    fake.write("warning", "it is late");
    const events: EngineEvent[] = [];
    await engine.up({ onEvent: (event) => events.push(event) });
    expect(events).toEqual([{ kind: "log", severity: "warning", message: "it is late", urn: "" }]);
  });

  it("says that it was interrupted, in the words of every engine", async () => {
    fake.write("canceled", true);
    const controller = new AbortController();
    await expect(engine.up({ signal: controller.signal })).rejects.toThrow(new EngineError("update canceled"));
    controller.abort();
    await expect(engine.up({ signal: controller.signal })).rejects.toThrow(
      new EngineError("interrupted: running operations were finished, no others begun; the state is saved"),
    );
  });

  it("says what to do where there is no CLI", async () => {
    fake.remove();
    const searchPath = process.env.PATH;
    fs.symlinkSync("/usr/bin/setpriv", path.join(location.projectFolder, "setpriv"));
    process.env.PATH = location.projectFolder;
    const problem = new EngineError(
      "there is no pulumi on PATH, nor one of ./lab engine; hint: ./lab engine, or use --engine embedded",
    );
    await expect(engine.preview()).rejects.toThrow(problem);
    process.env.PATH = searchPath;
    fake = new FakePulumi();
  });

  it("joins the stack's file, this run's configuration and the salt", async () => {
    await engine.up({ config: { "try:list": "[1]", "try:text": "c" } });
    expect(fake.settings()).toBe("config:\n  try:text: c\n  try:list:\n    - 1\nencryptionsalt: v1:salt");
  });

  it("takes the user's salt only for values that are encrypted with it", async () => {
    const file = path.join(location.projectFolder, "Pulumi.here.yaml");
    fs.writeFileSync(file, "encryptionsalt: v1:theirs\n");
    await engine.up();
    fs.writeFileSync(file, "encryptionsalt: v1:theirs\nconfig:\n  try:key:\n    secure: v1:abc\n");
    await engine.up();
    const [first, ...later] = fake.settings().split(/(?<=\n)(?=encryptionsalt)/);
    expect(first).toBe("encryptionsalt: v1:salt\nconfig: {}\n");
    // Of the update, and of the preview that was begun before it.
    const theirs = "encryptionsalt: v1:theirs\nconfig:\n  try:key:\n    secure: v1:abc";
    expect([...new Set(later.map((each) => each.trimEnd()))]).toEqual([theirs]);
  });

  it("tells outputs, and which of them are secret in whole or in part", async () => {
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(value),
    });
    const outputs = { plain: "a", hidden: secret({ key: "b" }), partly: { user: "lab", key: secret("c") } };
    // A failed run leaves such.
    const unknown = { never: UNKNOWN, hidden2: secret({ part: UNKNOWN }) };
    const stack = { urn: "urn", type: "pulumi:pulumi:Stack", outputs: { ...outputs, ...unknown } };
    fake.write("deployment", { resources: [stack] });
    expect(await engine.outputs()).toEqual({});
    expect((await engine.up()).outputs).toEqual({
      plain: { value: "a", secret: false },
      hidden: { value: { key: "b" }, secret: true },
      partly: { value: { user: "lab", key: "c" }, secret: true },
    });
    expect(Object.keys(await engine.outputs())).toEqual(["plain", "hidden", "partly"]);
  });

  it("names protected resources, and unprotects them before it destroys them when it is told to", async () => {
    const resources = ["kept", "other"].map((name) => ({
      ...{ urn: `urn:pulumi:here::try::box:Box::${name}`, type: "box:Box", custom: true },
      protect: name === "kept",
    }));
    fake.write("deployment", { resources });
    expect(await engine.protectedResources()).toEqual([]);
    await engine.up();
    expect(await engine.protectedResources()).toEqual(["kept"]);
    const unprotects = (): string[][] =>
      fake
        .calls()
        .map(({ args }) => args.slice(0, 4))
        .filter(([verb]) => verb === "state" || verb === "destroy");
    await engine.destroy();
    expect(unprotects().map(([verb]) => verb)).toEqual(["destroy"]);
    await engine.up();
    await engine.destroy({ unprotect: true });
    expect(unprotects().slice(1)).toEqual([
      ["state", "unprotect", "--all", "--yes"],
      ["destroy", "--json", "--config-file", expect.any(String)],
    ]);
  });

  it("deletes, before it destroys a stack, what killed runs have left in libvirt and its state does not have", async () => {
    await engine.up();
    const [uuid, known] = ["11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"];
    const virsh = path.join(location.projectFolder, "virsh");
    const asked = path.join(location.projectFolder, "asked");
    fs.writeFileSync(
      virsh,
      `#!/bin/sh\ncat >/dev/null\necho "$*" >>${asked}\ncase "$*" in *net-list*) echo ${uuid};; esac\n`,
    );
    fs.chmodSync(virsh, 0o755);
    vi.stubEnv("PATH", `${location.projectFolder}:${process.env.PATH ?? ""}`);
    const type = "libvirt:index/network:Network";
    const urn = (name: string): string => `urn:pulumi:here::try::${type}::${name}`;
    const journal = new Journal(journalFolder(location.stateFolder));
    const begun = { type, inputs: { name: "x" }, provider: { uri: "test:///default" } };
    journal.write({ ...begun, urn: urn("left"), id: uuid, outputs: { uuid } });
    journal.write({ ...begun, urn: urn("known"), id: known, outputs: { uuid: known } });
    fake.write("deployment", { resources: [{ urn: urn("known"), type, id: known, custom: true }] });
    await engine.destroy();
    expect(fs.readFileSync(asked, "utf8")).toBe(
      ["net-list --uuid --all", "net-list --uuid", `net-destroy ${uuid}`, `net-undefine ${uuid}`]
        .map((words) => `-q -c test:///default ${words}\n`)
        .join(""),
    );
    expect(fake.verbs().slice(-3)).toEqual(["stack export", "destroy", "stack rm"]);
    expect(fs.readdirSync(journalFolder(location.stateFolder))).toEqual([]);
    // Without such leftovers, the state is of no interest.
    await engine.up();
    const before = fake.verbs().length;
    await engine.destroy();
    expect(fake.verbs().slice(before)).toEqual(["destroy", "stack rm"]);
  });

  it("replaces what it is told to by URN, and fails with what each resource failed with", async () => {
    const urn = "urn:pulumi:here::try::command:local:Command::first";
    fake.write("deployment", { resources: [{ urn, type: "command:local:Command", custom: true }] });
    await engine.up({ replace: ["first"] });
    expect(
      fake
        .calls()
        .find(({ args }) => args[0] === "up")
        ?.args.join(" "),
    ).toContain(`--replace ${urn}`);
    fake.write("broken", true);
    const events: EngineEvent[] = [];
    await expect(engine.up({ onEvent: (event) => events.push(event) })).rejects.toThrow(
      new EngineError("command:local:Command first: exit status 3"),
    );
    expect(events.map(({ kind }) => kind)).toEqual(["begin", "log", "fail"]);
    expect(JSON.stringify(events)).not.toContain("secret words");
  });
});

describe("the CLI's events", () => {
  it("tell of what is deleted for its successor's sake as of one change, and as a deletion where it has no successor", () => {
    const events: string[] = [];
    const recorder = new Recorder((event) => {
      if (event.kind === "begin" || event.kind === "end")
        events.push(`${event.kind} ${event.change.operation} ${event.change.name}`);
    });
    const take = (op: string, name: string): void => {
      const metadata = { op, urn: `urn:pulumi:here::try::box:Box::${name}`, type: "box:Box" } as never;
      recorder.take({ sequence: 1, timestamp: 1, resourcePreEvent: { metadata } });
      recorder.take({ sequence: 2, timestamp: 1, resOutputsEvent: { metadata } });
    };
    take("delete-replaced", "gone");
    take("delete-replaced", "first");
    take("create-replacement", "first");
    take("create-replacement", "later");
    take("delete-replaced", "later");
    expect([...recorder.changes.values()].map(({ name, operation }) => [name, operation])).toEqual([
      ["gone", "delete"],
      ["first", "replace"],
      ["later", "replace"],
    ]);
    const both = (change: string): string[] => [`begin ${change}`, `end ${change}`];
    const order = ["delete gone", "delete first", "replace first", "replace later", "delete later"];
    expect(events).toEqual(order.flatMap(both));
  });
});
