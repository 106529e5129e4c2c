import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CERTIFICATE_FILES } from "../../plan/layout";
import { service } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** A lab that plain `pulumi stack init && pulumi up` makes, with the CLI and the plugins of `./lab engine`, in the backend of a login. */
const lab = new ScenarioLab("container", "users-lab", "pulumi");
const settingsFile = path.join(PROJECT_FOLDER, `Pulumi.${lab.stack}.yaml`);
const backend = fs.mkdtempSync(path.join(os.tmpdir(), "lab-backend-"));
const login = path.join(backend, "login", "credentials.json");
const engine = path.join(PROJECT_FOLDER, ".lab", "pulumi");
Object.assign(process.env, {
  PATH: `${engine}/bin:${process.env.PATH}`,
  PULUMI_HOME: path.join(engine, "home"),
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  PULUMI_CREDENTIALS_PATH: path.dirname(login),
  PULUMI_CONFIG_PASSPHRASE: "theirs",
});

const skipped = reasonToSkip({ engine: "pulumi" });
/** Runs a command line of the user's, as in docs/pulumi.md. */
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
  user(`pulumi login file://${backend}`);
  for (const stack of [lab.stack, "scenario-another"]) user(`pulumi stack init ${stack}`);
  before = theirs();
});

afterAll(async () => {
  await lab.remove();
  fs.rmSync(path.join(PROJECT_FOLDER, "Pulumi.scenario-another.yaml"), { force: true });
  fs.rmSync(backend, { recursive: true });
});

describe.skipIf(skipped)(`a lab by pulumi up${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up with the line that ./lab prepare prints", async () => {
    const line = (await lab.must("prepare")).trim();
    ({ namespace } = lab);
    expect(line).toBe(`nsenter --net=/run/netns/${namespace} pulumi up --stack ${lab.stack}`);
    expect(user(`${line} --yes --skip-preview`)).toMatch(/Resources:\s+\+ \d+ created\n/);
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
    execFileSync("bash", ["-c", line], {
      ...{ cwd: PROJECT_FOLDER, stdio: "pipe" },
      env: { ...process.env, PULUMI_SKIP_CONFIRMATIONS: "true" },
    });
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
