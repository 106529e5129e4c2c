import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import type { WebServer } from "../../plan/backup-api-layout";
import type { CommandResult, ScenarioLab } from "./scenario-lab";
import { type ClientFiles, TestAuthority } from "./test-authority";

/** A URL of the API. */
export const apiUrl = (place: string): string => `https://barman-srv${place}`;

/** A client of a lab's backup API, with its files in a folder. */
export class ApiClient {
  constructor(
    private readonly lab: ScenarioLab,
    readonly folder: string,
  ) {}

  /** A client's files, by `./lab api credentials`. */
  async credentials(client: string): Promise<ClientFiles> {
    const folder = path.join(this.folder, client);
    await this.lab.must("api", "credentials", folder, `--client=${client}`);
    return { cert: path.join(folder, "client.cert"), key: path.join(folder, "client.key") };
  }

  /** curl from another host than the API's: the lab's gateway. */
  curl(client: ClientFiles | undefined, ...args: string[]): CommandResult {
    const { status, stdout, stderr } = spawnSync(
      "nsenter",
      [
        ...[`--net=/run/netns/${this.lab.namespace}`, "curl", "-sS", "--http1.1", "--max-time", "60"],
        ...["--resolve", "barman-srv:443:10.83.14.20", "--cacert", path.join(this.folder, "admin", "ca.cert")],
        ...(client === undefined ? [] : ["--cert", client.cert, "--key", client.key]),
        ...args,
      ],
      { encoding: "utf8" },
    );
    return { status, stdout, stderr };
  }

  /** The status of an answer to a POST. */
  post(client: ClientFiles): string {
    const json = ["-d", "{}", "-H", "Content-Type: application/json"];
    const args = [...json, "-o", "/dev/null", "-w", "%{http_code}", apiUrl("/servers/demo/operations")];
    return this.curl(client, ...args).stdout;
  }
}

/** What the API's keys are set to, beside those of the lab. */
export type ApiSettings = Readonly<Partial<Record<"backupApiClients" | "backupApiOperations", string>>>;

/** What a scenario has its lab's backup API tried with. */
export interface ApiTrial {
  readonly lab: ScenarioLab;
  readonly client: ApiClient;
  readonly webServer: WebServer;
  /** A folder whose files Apache reads. */
  readonly configuration: string;
  /** Brings the lab up, with other settings than before. */
  readonly up: (settings: ApiSettings) => Promise<CommandResult>;
}

/** Client `admin` is answered, and everybody else is refused: each in the words that a client sees. The lab has clients admin and former. */
export function answersClientsAlone(trial: ApiTrial): void {
  let admin: ClientFiles;
  let former: ClientFiles;
  const { lab, client, webServer } = trial;

  it("answers its clients, and logs them by name", async () => {
    [admin, former] = [await client.credentials("admin"), await client.credentials("former")];
    for (const one of [admin, former]) expect(client.curl(one, apiUrl("/status")).stdout).toBe('"OK"');
    expect(await lab.on("barman-srv", `tail -n 1 ${webServer.logFolder}/pgbapi-access.log`)).toMatch(
      /^10\.83\.14\.1 former \[[^\]]+\] "GET \/status HTTP\/1\.1" 200 4$/,
    );
  });

  describe("refuses", () => {
    refusesOthers(trial, () => admin);
  });

  it("says that pg-backup-api is down, and Apache stays", async () => {
    await lab.on("barman-srv", "systemctl stop pg-backup-api");
    expect(client.curl(admin, "-o", "/dev/null", "-w", "%{http_code}", apiUrl("/status")).stdout).toBe("503");
    const { proven, findings } = await lab.status();
    expect(proven).toBe(false);
    // That the API does not answer follows from it.
    expect(findings.map(({ code, cause }) => [code, cause])).toEqual([
      ["LAB-UNIT-DOWN", "pg-backup-api.service is inactive"],
    ]);
    expect(await lab.on("barman-srv", `systemctl is-active ${webServer.service}`)).toBe("active");
    await lab.on("barman-srv", "systemctl start pg-backup-api");
    const answer = (): string => client.curl(admin, apiUrl("/status")).stdout;
    await expect.poll(answer, { timeout: 15_000, interval: 500 }).toBe('"OK"');
  });

  it("keeps the running configuration when Apache refuses the new one, and says what was wrong", async () => {
    const broken = `${trial.configuration}/broken.conf`;
    await lab.on("barman-srv", `echo NoSuchDirective >${broken}`);
    const { status, stdout, stderr } = await trial.up({ backupApiClients: '["admin"]' });
    await lab.on("barman-srv", `rm ${broken}`);
    expect(status).toBe(1);
    expect(stdout + stderr).toContain("refuses the new configuration; the old one stays");
    expect(stdout + stderr).toContain("Invalid command 'NoSuchDirective'");
    expect(await lab.on("barman-srv", `cat ${webServer.virtualHostFile}`)).toContain("'former'");
    expect(client.curl(former, apiUrl("/status")).stdout).toBe('"OK"');
  });

  it("refuses a client that is taken off the list, though its certificate is valid; takes a POST when operations are on", async () => {
    const { status, stdout, stderr } = await trial.up({ backupApiClients: '["admin"]', backupApiOperations: "true" });
    expect(status, stdout + stderr).toBe(0);
    expect(client.curl(former, "-o", "/dev/null", "-w", "%{http_code}", apiUrl("/status")).stdout).toBe("403");
    expect(client.curl(admin, apiUrl("/status")).stdout).toBe('"OK"');
    expect([client.post(admin), client.post(former)]).toEqual(["202", "403"]);
  });
}

function refusesOthers({ lab, client, webServer: { service } }: ApiTrial, admin: () => ClientFiles): void {
  const status = apiUrl("/status");
  const stranger = (days: number): ClientFiles =>
    new TestAuthority(path.join(client.folder, "authority")).sign("admin", days);

  it("without a certificate", () => {
    expectNoTls(client.curl(undefined, status), /alert certificate required/);
  });

  it("with a certificate of another authority", () => {
    expectNoTls(client.curl(stranger(1), status), /alert unknown ca/);
  });

  it("with a certificate of pgBackRest's authority", async () => {
    const files = { cert: path.join(client.folder, "pg1.crt"), key: path.join(client.folder, "pg1.key") };
    fs.writeFileSync(files.cert, await lab.on("pg1-srv", "cat /etc/pgbackrest/cert/host.crt"));
    fs.writeFileSync(files.key, await lab.on("pg1-srv", "cat /etc/pgbackrest/cert/host.key"), { mode: 0o600 });
    expectNoTls(client.curl(files, status), /alert unknown ca/);
  });

  it("with an expired certificate, even of an authority that it trusts", async () => {
    const authority = new TestAuthority(path.join(client.folder, "trusted"));
    const [valid, expired] = [authority.sign("admin", 1), authority.sign("admin", -1)];
    const trust = fs.readFileSync(authority.certificate, "utf8");
    const ca = "/usr/local/lib/pgbapi/ca.crt";
    const answered = (answer: string): Promise<void> =>
      expect.poll(() => client.curl(valid, status).stdout, { timeout: 15_000, interval: 500 }).toBe(answer);
    await lab.on("barman-srv", `cp -p ${ca} ${ca}.kept && echo '${trust}' >>${ca} && systemctl reload ${service}`);
    // The authority is trusted now: the name is looked at, and is good.
    await answered('"OK"');
    expectNoTls(client.curl(expired, status), /alert certificate expired/);
    await lab.on("barman-srv", `mv ${ca}.kept ${ca} && systemctl reload ${service}`);
    await answered("");
  });

  it("over TLS 1.1", () => {
    const old = ["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"];
    expectNoTls(client.curl(admin(), ...old, status), /alert protocol version/);
    expect(client.curl(admin(), "--tls-max", "1.2", status).stdout).toBe('"OK"');
  });

  it("in plain HTTP on port 443", () => {
    expect(client.curl(undefined, "-w", " %{http_code}", "http://10.83.14.20:443/status").stdout).toMatch(
      /speaking plain HTTP to an SSL-enabled server port[^]* 400$/,
    );
  });

  it.each([80, 7480])("on port %i", (port) => {
    const { status, stderr } = client.curl(undefined, `http://10.83.14.20:${port}/status`);
    expect([status, stderr]).toEqual([7, expect.stringContaining("Couldn't connect to server")]);
  });

  it("when it POSTs and operations are off", async () => {
    expect(client.post(admin())).toBe("405");
    const { status, stderr } = await lab.run("api", "servers/demo/operations", "--post={}");
    expect([status, stderr]).toEqual([
      1,
      "lab: https://barman-srv/servers/demo/operations answered 405 Method Not Allowed\n",
    ]);
  });
}

/** There is no answer, not even one that says no. */
function expectNoTls({ status, stdout, stderr }: CommandResult, alert: RegExp): void {
  expect(stderr).toMatch(alert);
  expect([35, 56]).toContain(status);
  expect(stdout).toBe("");
}
