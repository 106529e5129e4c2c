import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inNamespace } from "../../cli/stack/hand-over";
import { layDownPlugins, PLUGIN_FOLDER } from "../../engine/plugins/lay-down";
import { ObjectStore, STORE_PORT, STORE_REGION } from "../support/object-store";
import { playedMachines, wipe } from "../support/played-machines";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { TestAuthority } from "../support/test-authority";

/**
 * docs/staging.md word for word, with Pulumi.staging.yaml as it is in the project, on containers that play its machines and an S3 server that has a
 * CA of its own. What cannot be reached here is replaced: PGDG's packages, by Debian's.
 */
const machines = new ScenarioLab("container", "played", "embedded");
const lab = new ScenarioLab("container", "staging", "pulumi", machines);
const skipped = reasonToSkip({ engine: "pulumi" });
const home = fs.mkdtempSync(path.join(os.tmpdir(), "lab-home-"));
const stackFile = path.join(PROJECT_FOLDER, `Pulumi.${lab.stack}.yaml`);

/** In the order of the stack's file; the last one is none of the cluster's. */
const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv", "pg4-srv", "pg5-srv"];
const OTHER = "pg5-srv";
const STORE = { BUCKET: "backups", ENDPOINT: "store.example", REGION: STORE_REGION };
const KEY = { key: "AKIAOFTHESTORE", secret: "a/secret+of=the store" };
const HERE = ["  lab:packages: distribution", '  lab:pgbackrestVersion: "2.55.1"'];
let store: ObjectStore | undefined;
let agent: ChildProcess | undefined;

/** The page's blocks of commands, each with where they run. */
const PAGE = [
  ...fs
    .readFileSync(path.join(PROJECT_FOLDER, "docs", "staging.md"), "utf8")
    .matchAll(/\bOn (this machine|each machine|the other machine)\b[^:]*:\n\n((?: {4}.*\n|\n(?= {4}))+)/g),
].map(([, where = "", text = ""]) => ({ where, commands: text.replaceAll(/^ {4}/gm, "").trimEnd() }));
let next = 0;

/** The page's next block, which begins so, with the reader's words in place of those in capitals. */
function nextBlock(where: string, begins: string, words: Readonly<Record<string, string>> = {}): string {
  const block = PAGE[next++];
  expect(block).toEqual({ where, commands: expect.stringMatching(new RegExp(`^${begins}`)) as string });
  const commands = String(block?.commands).replaceAll(/(?<=--stack |init )staging\b/g, lab.stack);
  return Object.entries(words).reduce((text, [word, own]) => text.replaceAll(word, own), commands);
}

/** Runs commands as in a shell of the user's on this machine. The S3 server writes to this process meanwhile. */
async function shell(commands: string, input = ""): Promise<string> {
  const [program = "", ...args] = inNamespace(machines.namespace, ["bash", "-ec", commands]);
  const running = promisify(execFile)(program, args, { cwd: PROJECT_FOLDER, maxBuffer: 1 << 26 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Runs `./lab` as the page has it. Nobody is there to be asked. */
async function theLab(line: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const [program, command = "", ...options] = line.split(" ");
  expect([program, options]).toEqual(["./lab", ["--stack", lab.stack]]);
  return lab.run(command, ...(command === "up" || command === "secrets" ? ["--yes"] : []));
}

/** The stack's file, with what its reader writes into it. */
function fillIn(text: string, of: Awaited<ReturnType<typeof playedMachines>>["of"]): string {
  const words = HOSTS.filter((host) => host !== OTHER).flatMap((host): [string, string][] => {
    const { address, existing } = of(host);
    return [
      ["ADDRESS", address],
      ["ACCOUNT", existing.user],
      ["HOST_KEY", existing.hostKey],
    ];
  });
  const own = [...words, ...Object.entries(STORE)].reduce((filled, [word, ours]) => {
    expect(filled).toContain(word);
    return filled.replace(`: ${word}`, `: ${ours}`);
  }, text);
  return own
    .replace(/^ {2}lab:packages: pgdg$/m, HERE[0] ?? "")
    .replace(/^ {2}lab:pgbackrestVersion: .*$/m, HERE[1] ?? "")
    .replace("# s3UriStyle: path", "s3UriStyle: path")
    .replace("# storagePort: 8443", `storagePort: ${STORE_PORT}`);
}

const authority = new TestAuthority(path.join(home, "ca"));

beforeAll(async () => {
  if (skipped !== undefined) return;
  // "Once" in docs/pulumi.md, which scenario users-lab follows.
  layDownPlugins();
  const passphrase = path.join(home, "passphrase");
  fs.writeFileSync(passphrase, "a passphrase of the user's", { mode: 0o600 });
  Object.assign(process.env, {
    HOME: home,
    PATH: `${path.join(PLUGIN_FOLDER, "bin")}:${process.env.PATH ?? ""}`,
    PULUMI_HOME: path.join(PLUGIN_FOLDER, "home"),
    PULUMI_CREDENTIALS_PATH: path.join(home, "login"),
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_CONFIRMATIONS: "true",
    SSH_AUTH_SOCK: path.join(home, "agent"),
  });
  await machines.begin();
  // They are machines as soon as they answer.
  const started = machines.launch("up", "--yes", "--config=lab:standbys=4");
  for (const host of HOSTS) await started.printed(new RegExp(`${host} +ready +created in`));
  started.kill("SIGINT");
  expect((await started.result).status).toBe(130);
  const { key, of } = await playedMachines(machines);
  fs.mkdirSync(path.join(home, ".ssh"), { mode: 0o700 });
  fs.writeFileSync(path.join(home, ".ssh", "id_ed25519"), key, { mode: 0o600 });
  await wipe(machines, HOSTS);
  store = await ObjectStore.prepare(
    machines.namespace,
    path.join(home, "store"),
    authority.issue({ commonName: STORE.ENDPOINT }),
    KEY,
    STORE.BUCKET,
  );
  await store.start();
  for (const host of ["backup-srv", OTHER])
    await machines.on(
      host,
      `echo '10.83.14.1 ${STORE.ENDPOINT}' >>/etc/hosts
       cat >/usr/local/share/ca-certificates/store.crt; update-ca-certificates`,
      fs.readFileSync(authority.certificate, "utf8"),
    );

  agent = spawn("ssh-agent", ["-D", "-a", path.join(home, "agent")], { stdio: ["ignore", "pipe", "inherit"] });
  if (agent.stdout) await once(agent.stdout, "data");
  await lab.begin();
  fs.copyFileSync(path.join(PROJECT_FOLDER, "Pulumi.staging.yaml"), stackFile);
  await shell(`pulumi login file://${home}`);
  await shell(nextBlock("this machine", "pulumi stack init"));
  filled = fillIn(fs.readFileSync(stackFile, "utf8"), of);
});

let filled = "";

afterAll(async () => {
  await lab.remove();
  await store?.stop();
  await machines.remove();
  agent?.kill();
  fs.rmSync(home, { recursive: true, force: true });
});

describe.skipIf(skipped)(`a staging plane${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  let passphrase = "";

  it("is refused as its file is in the project: each word that is to be replaced is named", async () => {
    const { status, stderr } = await lab.run("preflight");
    expect(status).toBe(1);
    expect(stderr).toContain(
      'lab:hosts.backup.staging.example.address must be an IPv4 address, got "ADDRESS"\n' +
        'lab:hosts.backup.staging.example.existing.user must be the name of an account that may use sudo without a password, got "ACCOUNT"\n',
    );
    for (const [field, word] of [
      ["s3Bucket", "BUCKET"],
      ["s3Endpoint", "ENDPOINT"],
      ["s3Region", "REGION"],
    ] as const)
      expect(stderr).toMatch(new RegExp(`^(lab: )?lab:repositories\\[1\\]\\.${field} must be .*, got "${word}"$`, "m"));
  });

  it("is ready once its file is filled in", async () => {
    const command = nextBlock("each machine", "cut ");
    for (const host of HOSTS.filter((each) => each !== OTHER))
      expect(filled).toContain(await machines.on(host, command));
    fs.writeFileSync(stackFile, filled);
    const secrets = nextBlock("this machine", "pulumi config set").split("\n");
    expect(secrets).toHaveLength(2);
    for (const [index, line] of secrets.entries()) await shell(line, Object.values(KEY)[index]);
    expect(fs.readFileSync(stackFile, "utf8")).not.toContain(KEY.secret);
    const [add = "", preflight = ""] = nextBlock("this machine", "ssh-add ").split("\n");
    await shell(add);
    const { status, stdout, stderr } = await theLab(preflight);
    expect([status, stdout], stderr).toEqual([0, "ready\n"]);
  });

  it("comes up proven by pulumi up, and ./lab finds nothing to do", async () => {
    expect(await shell(nextBlock("this machine", "pulumi up"))).toMatch(/Resources:\s+\+ \d+ created\n/);
    const [up = "", status = "", doctor = ""] = nextBlock("this machine", "./lab up").split("\n");
    expect((await theLab(up)).stdout).toMatch(/^nothing to change$/m);
    expect((await theLab(status)).stdout).toMatch(/\nproven\n$/);
    expect((await theLab(doctor)).stdout).toMatch(/nothing failed\n$/);
  });

  it("tells its passphrases to be kept elsewhere", async () => {
    const { stdout } = await theLab(nextBlock("this machine", "./lab secrets"));
    const shown = /^# \/srv\/backup\nrepo1-cipher-pass=(\S+)\n# s3:\/\/backups\/staging\nrepo2-cipher-pass=(\S+)\n$/;
    const [, near = "", far = ""] = shown.exec(stdout) ?? [];
    expect(near).toMatch(/^[\w-]{43}$/);
    expect(far).not.toBe(near);
    passphrase = far;
  });

  it("is restored from the bucket, by hand, on a machine that is none of its own", async () => {
    const lines = nextBlock("this machine", "./lab ssh").split("\n");
    for (const line of lines) await shell(line);
    const words = { ...STORE, KEY: KEY.key, SECRET: KEY.secret, PASSPHRASE: passphrase };
    // "Fields that you have added to the repository go into its configuration too."
    const added = `repo1-s3-uri-style=path\nrepo1-storage-port=${STORE_PORT}\nEND`;
    const configuration = nextBlock("the other machine", "install -D", words).replace(/^END$/m, added);
    await machines.on(OTHER, configuration);
    await machines.on(OTHER, `set -e\n${nextBlock("the other machine", "pg_createcluster")}`);
    const query = nextBlock("the other machine", "runuser -u postgres -- psql");
    await expect.poll(() => machines.on(OTHER, query).catch(String), { timeout: 60_000 }).toMatch(/ \| f\n\(1 row\)$/);
    await machines.on(OTHER, `set -e\n${nextBlock("the other machine", "pg_dropcluster")}`);
    expect(PAGE.length).toBe(next);
    expect((await lab.status()).proven).toBe(true);
  });

  it("is protected from a destroy that is not told to stop its primary", async () => {
    const { status, stderr } = await lab.run("destroy", "--yes");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(
        `lab: stack "${lab.stack}" has protected resources: backup.staging.example-released, db1.staging.example-released; nothing was destroyed; ` +
          `hint: ./lab destroy --stack ${lab.stack} --unprotect stops PostgreSQL and pgBackRest on them; data and backups stay\n`,
      ),
    ]);
    expect((await lab.status()).proven).toBe(true);
    await lab.must("destroy", "--yes", "--unprotect");
    expect(await machines.on("pg1-srv", "ls /etc/lab/stack 2>&1 || du -s /var/lib/postgresql/17/main >/dev/null")).toBe(
      "ls: cannot access '/etc/lab/stack': No such file or directory",
    );
  });
});
