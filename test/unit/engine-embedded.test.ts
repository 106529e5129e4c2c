import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createEmbeddedEngine } from "../../engine/embedded/embedded";
import { EngineError } from "../../engine/engine";
import { stackEngine } from "../../engine/stack-engine";
import { EngineProject } from "./engine-project";

// Each run loads the program in a process of its own, as Pulumi does.
const TIMEOUT = 120_000;

describe("the embedded engine", { timeout: TIMEOUT }, () => {
  const projects: EngineProject[] = [];
  const project = (program: string): EngineProject => {
    const made = new EngineProject(program);
    projects.push(made);
    return made;
  };
  let scratch = "";
  beforeAll(() => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), "lab-killed-"));
  });
  afterEach(() => {
    for (const made of projects.splice(0)) made.remove();
  });
  afterAll(() => {
    fs.rmSync(scratch, { recursive: true });
  });

  it("asks before its first change, and changes nothing when that is refused", async () => {
    const tried = project(`
      new command.local.Command("first", { create: log(config.get("text") ?? "a"), delete: log("delete") });
    `);
    const asked: string[] = [];
    const ask = (answer: () => void) => ({
      beforeChange: () => {
        asked.push(tried.logged().join());
        return Promise.resolve().then(answer);
      },
    });
    const refuse = (): void => {
      throw new EngineError("not now");
    };
    await expect(tried.engine.up(ask(refuse))).rejects.toThrow(/^not now$/);
    expect(stackEngine(tried.location)).toBeUndefined();
    await tried.engine.up(ask(() => undefined));
    expect(asked.every((done) => done === "")).toBe(true);
    expect(tried.logged()).toEqual(["a"]);
    asked.length = 0;
    await tried.engine.up(ask(refuse));
    expect(asked).toEqual([]);
    await expect(tried.engine.up({ config: { "try:text": "b" }, ...ask(refuse) })).rejects.toThrow(/^not now$/);
    expect(tried.logged()).toEqual([]);
    expect(await tried.up()).toEqual({ first: "same" });
  });

  it("replaces what it is told to once it has looked, and asks before each change", async () => {
    const tried = project(`
      new command.local.Command("first", { create: log("a") });
      new command.local.Command("second", { create: log("b") });
    `);
    await tried.up();
    tried.logged();
    const said: string[] = [];
    const { changes } = await tried.engine.up({
      beforeRun: () => Promise.resolve(said.push("look") > 0),
      replaceToo: () => Promise.resolve([["second"], said.push("name")][0] as string[]),
      beforeChange: ([change], areAll) =>
        Promise.resolve(void said.push(`${change?.operation} ${change?.name} ${areAll}`)),
    });
    expect(said).toEqual(["look", "name", "replace second false", "delete second false"]);
    expect(tried.logged()).toEqual(["b"]);
    expect(changes.filter(({ operation }) => operation !== "same").map(({ name }) => name)).toEqual(["second"]);
  });

  it("creates, leaves alone, updates, replaces and deletes", async () => {
    const tried = project(`
      const text = config.get("text") ?? "a";
      const first = new command.local.Command("first", {
        create: log(\`create-\${text}\`), update: log(\`update-\${text}\`), delete: log("delete-first"),
        triggers: [config.get("trigger") ?? "t"],
      });
      if (config.get("second") !== "no") new command.local.Command("second", { delete: log("delete-second") }, { dependsOn: first });
      export const said = first.create;
    `);
    expect(await tried.preview()).toEqual({ first: "create", second: "create" });
    expect(fs.existsSync(tried.location.stateFolder)).toBe(false);
    expect(await tried.up()).toEqual({ first: "create", second: "create" });
    expect(stackEngine(tried.location)).toBe("embedded");
    expect(tried.logged()).toEqual(["create-a"]);
    expect(await tried.engine.outputs()).toEqual({ said: { value: "echo create-a >> log", secret: false } });
    expect(await tried.up()).toEqual({ first: "same", second: "same" });
    expect(tried.logged()).toEqual([]);

    const { changes } = await tried.engine.up({ config: { "try:text": "b" } });
    expect(changes.find(({ name }) => name === "first")).toMatchObject({
      operation: "update",
      diff: ["create", "update"],
    });
    expect(tried.logged()).toEqual(["update-b"]);
    const diffOf = async (replace: string[]): Promise<readonly string[] | undefined> =>
      (await tried.engine.preview({ config: { "try:text": "b", "try:trigger": "u" }, replace })).find(
        ({ name }) => name === "first",
      )?.diff;
    // As Pulumi's CLI writes a path; what it is told to replace it does not compare.
    expect(await diffOf([])).toEqual(["triggers[0]"]);
    expect(await diffOf(["first"])).toEqual([]);
    expect(await tried.up({ "try:text": "b", "try:trigger": "u" })).toEqual({ first: "replace", second: "same" });
    // Made before the old one is deleted.
    expect(tried.logged()).toEqual(["create-b", "delete-first"]);
    expect(await tried.up({ "try:text": "b", "try:trigger": "u", "try:second": "no" })).toEqual({
      first: "same",
      second: "delete",
    });
    expect(tried.logged()).toEqual(["delete-second"]);

    await tried.engine.destroy();
    expect(tried.logged()).toEqual(["delete-first"]);
    expect(await tried.engine.outputs()).toEqual({});
    expect(fs.readdirSync(tried.location.stateFolder)).toEqual([]);
  });

  it("keeps protected resources when it destroys, and all others with them, unless it is told to unprotect them", async () => {
    const tried = project(`
      new command.local.Command("kept", { delete: log("delete-kept") }, { protect: true });
      new command.local.Command("other", { delete: log("delete-other") });
    `);
    await tried.up();
    expect(await tried.engine.protectedResources()).toEqual(["kept"]);
    await expect(tried.engine.destroy()).rejects.toThrow(
      new EngineError(
        'command:local:Command kept: resource "urn:pulumi:here::try::command:local:Command::kept" cannot be deleted, ' +
          "because it is protected; hint: ./lab up --stack here --config protect=false first, " +
          "or ./lab destroy --stack here --unprotect",
      ),
    );
    expect(tried.logged()).toEqual([]);
    await tried.engine.destroy({ unprotect: true });
    expect(tried.logged().sort()).toEqual(["delete-kept", "delete-other"]);
    expect(await tried.engine.protectedResources()).toEqual([]);
  });

  it("deletes first, and in reverse order, what would be replaced together with a resource", async () => {
    const tried = project(`
      const made = (name: string, triggers: pulumi.Input<string>[], options: pulumi.CustomResourceOptions) =>
        new command.local.Command(name, { create: \`echo create-\${name} >> log; head -c 8 /dev/urandom | xxd -p\`, delete: log(\`delete-\${name}\`), triggers }, options);
      const root = made("root", [config.get("trigger") ?? "t"], { deleteBeforeReplace: true });
      const child = made("child", [root.stdout], {});
      made("grandchild", [child.stdout], {});
      made("bystander", [], { dependsOn: [root] });
      new command.local.Command("updated", { create: pulumi.interpolate\`: \${root.stdout}; echo run-updated >> log\`, delete: log("delete-updated") });
    `);
    await tried.up();
    expect(tried.logged()).toHaveLength(5);
    const replaced = { root: "replace", child: "replace", grandchild: "replace" };
    const trigger = { "try:trigger": "u" };
    expect(await tried.preview(trigger)).toEqual({ ...replaced, bystander: "same", updated: "update" });
    expect(tried.logged()).toEqual([]);
    expect(await tried.up(trigger)).toEqual({ ...replaced, bystander: "same", updated: "update" });
    const lines = tried.logged();
    const order = ["delete-grandchild", "delete-child", "delete-root", "create-root"];
    expect(lines.slice(0, 4)).toEqual(order);
    expect(lines.slice(4).sort()).toEqual(["create-child", "create-grandchild", "run-updated"]);

    await tried.engine.destroy();
    const deleted = ["delete-bystander", "delete-child", "delete-grandchild", "delete-root", "delete-updated"];
    expect(tried.logged().sort()).toEqual(deleted);
  });

  it("finishes independent work when a resource fails, keeps the state, and goes on from there", async () => {
    const tried = project(`
      const bad = new command.local.Command("bad", { create: config.get("works") ? log("bad") : "echo first; echo second; exit 3", stdin: "topsecret" });
      new command.local.Command("after", { create: log("after") }, { dependsOn: bad });
      new command.local.Command("fed", { create: pulumi.interpolate\`echo \${bad.stdout} fed >> log\` });
      const good = new command.local.Command("good", { create: log("good") });
      new command.local.Command("late", { create: log("late") }, { dependsOn: good });
      export const said = good.create;
      export const never = bad.stdout;
    `);
    await expect(tried.up()).rejects.toThrow(
      new EngineError(
        'command:local:Command bad: exit status 3: running "echo first; echo second; exit 3":\nfirst\nsecond',
      ),
    );
    expect(tried.logged().sort()).toEqual(["good", "late"]);
    expect(Object.keys(await tried.engine.outputs())).toEqual(["said"]);
    expect(await tried.up({ "try:works": "yes" })).toEqual({
      bad: "create",
      after: "create",
      fed: "create",
      good: "same",
      late: "same",
    });
    expect(tried.logged().sort()).toEqual(["after", "bad", "fed"]);
  });

  it("passes on in a preview what is known, and only that", async () => {
    const tried = project(`
      const source = new command.local.Command("source", { create: \`echo \${config.get("text") ?? "a"}\` });
      const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
      source.create.apply((text) => console.log("known create", text));
      source.stdout.apply((text) => console.log("known stdout", text));
      key.publicKeyPem.apply(() => console.log("known key"));
      new command.local.Command("drain", { create: "cat", stdin: source.stdout });
      new command.local.Command("other", { create: "cat", stdin: key.publicKeyPem });
    `);
    const said = (): string[] =>
      tried.events.splice(0).flatMap((event) => (event.kind === "log" ? [event.message] : []));
    await tried.preview();
    expect(said()).toEqual(["known create echo a"]);
    await tried.up();
    said();
    const changed = { "try:text": "b" };
    expect(await tried.preview(changed)).toEqual({ source: "update", key: "same", drain: "update", other: "same" });
    expect(said().sort()).toEqual(["known create echo b", "known key"]);
  });

  it("keeps secrets encrypted in the state, whatever they come from", async () => {
    const tried = project(`
      const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
      const told = new command.local.Command("told", { create: "echo in-the-open" }, { additionalSecretOutputs: ["stdout"] });
      new command.local.Command("fed", { create: "cat > /dev/null", stdin: pulumi.secret("hidden-in-stdin"), logging: "none" });
      export const pem = key.privateKeyPem;
      export const line = told.stdout.apply((text) => text.toUpperCase());
    `);
    const { outputs } = await tried.engine.up();
    expect(outputs["line"]).toEqual({ value: "IN-THE-OPEN", secret: true });
    expect(outputs["pem"]).toMatchObject({
      value: expect.stringContaining("-----BEGIN EC PRIVATE KEY-----\n") as string,
      secret: true,
    });
    const state = tried.read("state/state.json");
    for (const hidden of ["PRIVATE KEY", '"in-the-open"', "IN-THE-OPEN", '"hidden-in-stdin"'])
      expect(state).not.toContain(hidden);
    for (const file of ["state.json", "passphrase"])
      expect(fs.statSync(path.join(tried.location.stateFolder, file)).mode & 0o777).toBe(0o600);
    // What was read back is encrypted again.
    await tried.up();
    expect(await tried.engine.outputs()).toEqual(outputs);

    tried.write("state/passphrase", "another");
    await expect(tried.up()).rejects.toThrow(
      'wrong passphrase for stack "here": set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE as in the run that made the stack',
    );
  });

  it("shows no secret in the message of a failure", async () => {
    const tried = project(`
      new command.local.Command("leak", { create: "cat; exit 9", stdin: pulumi.secret("line-one-secret\\nline-two-secret") });
    `);
    await expect(tried.up()).rejects.toThrow(
      new EngineError('command:local:Command leak: exit status 9: running "cat; exit 9":\n[secret]\n[secret]'),
    );
    expect(JSON.stringify(tried.events)).not.toContain("line-one");
  });

  it("refuses a second run while one works, and takes over a dead run's lock", async () => {
    const tried = project(`new command.local.Command("slow", { create: "sleep 2" });`);
    const first = tried.up();
    await expect.poll(() => tried.read("state/lock")).not.toBe("");
    const { since } = JSON.parse(tried.read("state/lock")) as { since: string };
    await expect(createEmbeddedEngine(tried.location).destroy()).rejects.toThrow(
      new EngineError(
        `stack "here" is in use: process ${process.pid} runs up since ${since}; hint: wait for it, or kill ${process.pid}`,
      ),
    );
    await first;
    tried.write("state/lock", JSON.stringify({ pid: "4194305", since, command: "up" }));
    expect(await tried.up()).toEqual({ slow: "same" });
    expect(fs.readdirSync(tried.location.stateFolder).sort()).toEqual(["passphrase", "state.json", "state.json.bak"]);
  });

  it("completes what a killed run left undone, does nothing twice that was done, and takes away what it left", async () => {
    const tried = project(`
      const quick = new command.local.Command("quick", { create: log("quick") });
      new command.local.Command("slow", { create: "echo begun >> log; sleep 3; echo slow >> log" }, { dependsOn: quick });
    `);
    const script = `import { createEmbeddedEngine } from "../../engine/embedded/embedded";
      void createEmbeddedEngine(${JSON.stringify(tried.location)}).up();`;
    tried.write("run.ts", script);
    const child = spawn(process.execPath, ["--import", "tsx", path.join(tried.location.projectFolder, "run.ts")], {
      env: { ...process.env, TMPDIR: scratch },
    });
    await expect.poll(() => tried.read("log"), { timeout: 60_000 }).toContain("begun");
    child.kill("SIGKILL");
    await once(child, "exit");
    tried.logged();
    expect(fs.existsSync(path.join(tried.location.stateFolder, "program", "socket"))).toBe(true);
    expect(await tried.up()).toEqual({ quick: "same", slow: "create" });
    expect(tried.logged()).toContain("slow");
    expect(fs.readdirSync(scratch).filter((name) => name.startsWith("lab-"))).toEqual([]);
    expect(fs.readdirSync(tried.location.stateFolder).sort()).toEqual(["passphrase", "state.json", "state.json.bak"]);
  });

  it("begins nothing once it is interrupted, and keeps what ran", async () => {
    const tried = project(`
      const first = new command.local.Command("first", { create: "echo begun >> log; sleep 2; echo first >> log" });
      new command.local.Command("second", { create: log("second") }, { dependsOn: first });
    `);
    const controller = new AbortController();
    const run = tried.engine.up({ signal: controller.signal });
    void expect
      .poll(() => tried.read("log"), { timeout: 60_000 })
      .toContain("begun")
      .then(() => {
        controller.abort();
      });
    await expect(run).rejects.toThrow(
      "interrupted: running operations were finished, no others begun; the state is saved",
    );
    expect(tried.logged()).toEqual(["begun", "first"]);
    expect(await tried.up()).toEqual({ first: "same", second: "create" });
  });

  it("ignores changes where it is told to, and replaces on them where it is told to", async () => {
    const tried = project(`
      const text = config.get("text") ?? "a";
      const made = (name: string, options: pulumi.CustomResourceOptions) =>
        new command.local.Command(name, { create: ": stays", stdin: text }, options);
      made("ignoring", { ignoreChanges: ["stdin"] });
      made("replaced", { replaceOnChanges: ["*"] });
      made("elsewhere", { replaceOnChanges: ["create"] });
    `);
    await tried.up();
    expect(await tried.up({ "try:text": "b" })).toEqual({ ignoring: "same", replaced: "replace", elsewhere: "update" });
    expect(await tried.up({ "try:text": "b" })).toEqual({ ignoring: "same", replaced: "same", elsewhere: "same" });
  });

  it("refuses what it does not support, by its name, before anything is made", async () => {
    const tried = project(`
      new command.local.Command("inputs", { create: log("never"), assetPaths: ["*.txt"], environment: { A: "b" } });
      new command.local.Command("options", { create: log("never") }, { retainOnDelete: true, aliases: [{ name: "old" }] });
      new pulumi.CustomResource("other:index/thing:Thing", "type", {});
      new libvirt.Domain("nested", { name: "x", type: "lxc", devices: { filesystems: [{ source: { file: { file: "/x" } } }], disks: [{ serial: "1" } as libvirt.Disk] } });
    `);
    const reasons = [
      'command:local:Command inputs: the embedded engine does not support input "assetPaths.0", input "environment.A" of command:local:Command',
      'command:local:Command options: the embedded engine does not support option "aliases", option "retainOnDelete" of command:local:Command',
      "other:index/thing:Thing type: the embedded engine does not support type other:index/thing:Thing",
      'libvirt:index/domain:Domain nested: the embedded engine does not support input "devices.disks.0.serial" of libvirt:index/domain:Domain',
    ];
    for (const run of [() => tried.preview(), () => tried.up()]) {
      const error = await run().then(String, (reason: unknown) => (reason as Error).message);
      expect(error.split("\n").sort()).toEqual([...reasons].sort());
    }
    expect(tried.logged()).toEqual([]);
  });

  it("tells what the program throws, once, and deletes nothing for it", async () => {
    const tried = project(`new command.local.Command("kept", { create: log("create"), delete: log("delete") });`);
    await tried.up();
    tried.program(`throw new pulumi.RunError("lab:standbys must be 0 to 8, got 9");`);
    await expect(tried.up()).rejects.toThrow(new EngineError("lab:standbys must be 0 to 8, got 9"));
    expect(tried.logged()).toEqual(["create"]);
  });

  it("keeps nothing of a first run that was refused", async () => {
    const tried = project(`throw new pulumi.RunError("lab:standbys must be 0 to 8, got 9");`);
    await expect(tried.up()).rejects.toThrow(new EngineError("lab:standbys must be 0 to 8, got 9"));
    expect(fs.readdirSync(tried.location.stateFolder)).toEqual([]);
    expect(stackEngine(tried.location)).toBeUndefined();
  });

  it("tells a damaged state file from a good one, and how to go back", async () => {
    const tried = project(`new command.local.Command("kept", { create: log("create") });`);
    await tried.up();
    tried.write("state/state.json", tried.read("state/state.json").slice(0, 100));
    const file = path.join(tried.location.stateFolder, "state.json");
    fs.utimesSync(file, new Date(), new Date("2026-11-23T12:34:56.789Z"));
    for (const look of [() => tried.up(), () => tried.engine.outputs()]) {
      await expect(look()).rejects.toThrow(
        `; a copy is kept as ${file}.damaged-20261123T123456Z; hint: to go back to the last completed run, mv ${file}.bak ${file}`,
      );
    }
    expect(fs.readdirSync(tried.location.stateFolder).filter((name) => name.includes("damaged"))).toHaveLength(1);
    fs.renameSync(`${file}.bak`, file);
    expect(await tried.up()).toEqual({ kept: "same" });
  });

  it("tells how to begin anew where there is no copy to go back to", async () => {
    const tried = project(`new command.local.Command("never", { create: log("create") });`);
    fs.mkdirSync(tried.location.stateFolder, { recursive: true });
    tried.write("state/state.json", "{}");
    const file = path.join(tried.location.stateFolder, "state.json");
    await expect(tried.up()).rejects.toThrow(
      new RegExp(
        `^${file} is damaged: not a state file; a copy is kept as ${file}\\.damaged-\\d{8}T\\d{6}Z; hint: no run was ever completed: rm ${file}, then ./lab destroy --stack here$`,
      ),
    );
    expect(tried.logged()).toEqual([]);
  });

  it("is refused a stack that the other engine made", async () => {
    const tried = project("");
    fs.mkdirSync(path.join(tried.location.stateFolder, "pulumi"), { recursive: true });
    await expect(tried.preview()).rejects.toThrow(
      'stack "here" was made by engine pulumi; hint: --engine pulumi, or ./lab destroy --stack here first',
    );
  });
});
