import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CERTIFICATE_FILES } from "../../plan/layout";
import { service } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** docs/pulumi.md on containers, word for word, with the CLI and the plugins of `./lab engine`; then `./lab` on the lab that it makes. */
const lab = new ScenarioLab("container", "users-lab", "pulumi");
const settingsFile = path.join(PROJECT_FOLDER, `Pulumi.${lab.stack}.yaml`);
const home = fs.mkdtempSync(path.join(os.tmpdir(), "lab-home-"));
const login = path.join(home, "login", "credentials.json");
// Nobody is there to be asked.
Object.assign(process.env, {
  HOME: home,
  PULUMI_CREDENTIALS_PATH: path.dirname(login),
  PULUMI_SKIP_CONFIRMATIONS: "true",
});

const skipped = reasonToSkip({ engine: "pulumi" });
/** The page's block of commands that begins with these words, for the scenario's stack. */
function block(words: string): string {
  const page = fs.readFileSync(path.join(PROJECT_FOLDER, "docs", "pulumi.md"), "utf8");
  const blocks = [...page.matchAll(/(?:^ {4,}\S.*\n)+/gm)].map(([text]) => text.replaceAll(/^ +/gm, ""));
  const found = blocks.find((text) => text.startsWith(words));
  if (found === undefined) throw new Error(`docs/pulumi.md has no commands that begin with "${words}"`);
  return found.replaceAll(/(?<=--stack |init )(?:dev|container)\b/g, lab.stack);
}

/** Runs commands as in a shell of the user's, which keeps what they export, and gives what they printed. */
function follow(commands: string): string {
  const after = path.join(home, "environment");
  const printed = execFileSync("bash", ["-ec", `${commands}\nenv -0 >${after}`], {
    ...{ cwd: PROJECT_FOLDER, encoding: "utf8" },
  });
  for (const [, name = "", value = ""] of fs.readFileSync(after, "utf8").matchAll(/([^=\0]+)=([^\0]*)\0/g))
    if (/^(PATH|PULUMI_.*)$/.test(name)) process.env[name] = value;
  return printed;
}

/** Runs a command line of the user's. */
const user = (line: string): string =>
  execFileSync("bash", ["-c", `${line} --non-interactive --color never`], { cwd: PROJECT_FOLDER, encoding: "utf8" });
let namespace = "";
let before: Record<"login" | "settings", string>;
const theirs = (): typeof before => ({
  login: fs.readFileSync(login, "utf8"),
  settings: fs.readFileSync(settingsFile, "utf8"),
});

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  follow(block("./lab engine"));
  follow(block("mkdir -m 700"));
});

afterAll(async () => {
  await lab.remove();
  fs.rmSync(path.join(PROJECT_FOLDER, "Pulumi.scenario-another.yaml"), { force: true });
  fs.rmSync(home, { recursive: true });
});

describe.skipIf(skipped)(`a lab by pulumi up${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up with the page's commands, and the line that ./lab prepare prints", () => {
    const [line = ""] = follow(block("pulumi stack init container")).trim().split("\n").slice(-1);
    ({ namespace } = lab);
    expect(line).toBe(`nsenter --net=/run/netns/${namespace} pulumi up --stack ${lab.stack}`);
    user("pulumi stack init scenario-another");
    before = theirs();
    expect(follow(line)).toMatch(/Resources:\s+\+ \d+ created\n/);
    const [output = ""] = /^pulumi stack output .*$/m.exec(block("pulumi stack init dev")) ?? [];
    expect(follow(output)).toMatch(/"role": ?"primary"/);
    // Nobody is there to accept the host's key.
    const ssh = `nsenter --net=/run/netns/${namespace} ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
    expect(follow(block("(umask 077").replace(/^ssh (.*)$/m, `${ssh} $1 hostname`))).toBe("pg1-srv\n");
  });

  it("is proven, healthy and without drift for ./lab, which finds it by its stack", async () => {
    expect(await lab.status()).toMatchObject({ proven: true, findings: [] });
    expect((await lab.run("doctor")).status).toBe(0);
    expect(await lab.must("drift")).toBe("every host is as the program wants it\n");
    expect(await lab.on("pg2-srv", "hostname")).toBe("pg2-srv");
    expect((await lab.run("preview")).stderr).toContain(
      `lab: stack "${lab.stack}", engine pulumi (this stack was made with pulumi up), plugins of this project\n`,
    );
  });

  it("is put right by the line that ./lab drift prints, as it stands", async () => {
    const { folder, key } = CERTIFICATE_FILES;
    await lab.on("pg2-srv", `chmod 0644 ${key}; echo process-max=1 >>${folder}/../pgbackrest.conf`);
    await lab.on("pg3-srv", `systemctl disable --now --quiet ${service}`);
    await lab.on("backup-srv", "cd /backup_space/archive/demo; find . -name '*.zst' | sort | tail -1 | xargs rm");
    await lab.query("pg1-srv", "SELECT pg_switch_wal()");
    await lab.on("pg1-srv", "runuser -u postgres -- pgbackrest --stanza=demo check");
    // So old that none can still be under way.
    await lab.on("backup-srv", "find /backup_space/archive/demo -name '*.zst' -exec touch -d '2 minutes ago' {} +");
    const { status, stdout } = await lab.run("drift");
    expect([status, stdout.match(/(?<=^fail )LAB-\S+ \S+(?=: )/gm)]).toEqual([
      1,
      [
        ...["LAB-POSTGRESQL-DOWN pg3-srv", "LAB-KEY-MODE pg2-srv", "LAB-FILE-CONTENT pg2-srv"],
        "LAB-WAL-HOLE backup-srv",
      ],
    ]);
    const line = stdout.split("with Pulumi's CLI alone:\n")[1]?.trim() ?? "";
    expect(line).toMatch(
      /^nsenter \S+ pulumi up --stack \S+ (--target-replace '\S+' )+--target-dependents && \.\/lab ssh /,
    );
    follow(line);
    const doctor = await lab.run("doctor");
    expect([doctor.status, doctor.stdout]).toEqual([0, expect.stringMatching(/\nproven, nothing failed\n$/)]);
    expect(await lab.must("drift")).toBe("every host is as the program wants it\n");
  });

  it("is changed by ./lab, and pulumi up goes on from there", async () => {
    expect(await lab.must("up", "--yes", '--config=lab:postgresql={"work_mem":"8MB"}')).toContain("proven\n");
    expect(await lab.query("pg1-srv", "SHOW work_mem")).toBe("8MB");
    await lab.must("rotate-ca");
    const rotated = (config: string): string => `${config}  lab:caGeneration: 2\n  lab:caStage: retire\n`;
    before.settings = before.settings.replace(/^config:\n(?: .*\n)*/m, rotated);
    expect(theirs()).toEqual(before);
    const again = user(`nsenter --net=/run/netns/${namespace} pulumi up --stack ${lab.stack} --yes --skip-preview`);
    expect(again).toMatch(/Resources:\s+\d+ unchanged\n/);
  });

  it("refuses the embedded engine", async () => {
    const { status, stderr } = await lab.run("up", "--yes", "--engine=embedded");
    expect(status).toBe(1);
    expect(stderr).toContain("was made with pulumi up, so only Pulumi's engine works on it");
  });

  it("is destroyed with its libvirtd and its stack; settings, login and the selected stack stay", async () => {
    await lab.must("destroy", "--yes");
    expect(lab.remains(namespace)).toEqual([]);
    expect(JSON.parse(user("pulumi stack ls --json"))).toMatchObject([{ name: "scenario-another", current: true }]);
    expect(theirs()).toEqual(before);
  });
});
