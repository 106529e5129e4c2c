import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { layDownPlugins, PLUGIN_FOLDER, pluginVersions } from "../../engine/plugins/lay-down";
import { hasLanguageHost, withOurPlugins } from "../../engine/plugins/our-plugins";

const LANGUAGE_HOST = path.join(PLUGIN_FOLDER, "bin", "pulumi-language-nodejs");

/** A shell in place of Pulumi's CLI: the plugins are its children. */
class Cli {
  readonly children: ChildProcess[] = [];

  /** Starts a plugin, and returns its port. */
  async start(plugin: string): Promise<number> {
    const child = spawn(plugin, ["127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    this.children.push(child);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return Number(line);
  }

  /** Ends the plugins as the CLI does, and waits for it. */
  async end(): Promise<void> {
    for (const child of this.children.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
      await ended;
    }
  }
}

const ask = <Response>(work: (done: (error: grpc.ServiceError | null, response: Response) => void) => void) =>
  new Promise<Response>((resolve, reject) => {
    work((error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });

describe("the plugins' executables", { timeout: 60_000 }, () => {
  let cli: Cli;
  let folder: string;
  const clients: grpc.Client[] = [];
  const provider = (name: string): string => {
    const own = `resource-${name}-v${pluginVersions()[name] ?? ""}`;
    return path.join(PLUGIN_FOLDER, "home", "plugins", own, `pulumi-resource-${name}`);
  };
  const versionOf = async (port: number): Promise<string> => {
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    clients.push(client);
    return (await ask<PluginInfo>((done) => client.getPluginInfo(new Empty(), done))).getVersion();
  };
  const portsFile = path.join(PLUGIN_FOLDER, "ports", String(process.pid));

  beforeEach(() => {
    layDownPlugins();
    cli = new Cli();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-plugins-"));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await cli.end();
    fs.rmSync(portsFile, { force: true });
    fs.rmSync(folder, { recursive: true });
  });

  it("have the versions that the program's packages ask for", () => {
    const versions = pluginVersions();
    expect(Object.keys(versions)).toEqual(["command", "tls", "terraform-provider"]);
    for (const name of ["command", "tls"]) {
      const manifest = require.resolve(`@pulumi/${name}/package.json`);
      expect(JSON.parse(fs.readFileSync(manifest, "utf8"))).toMatchObject({ version: versions[name] });
    }
    expect(fs.existsSync(provider("terraform-provider"))).toBe(true);
  });

  it("serve the language host and all providers in one process", async () => {
    const client = new LanguageRuntimeClient(
      `127.0.0.1:${await cli.start(LANGUAGE_HOST)}`,
      grpc.credentials.createInsecure(),
    );
    clients.push(client);
    expect((await ask<PluginInfo>((done) => client.getPluginInfo(new Empty(), done))).getVersion()).toBe("1.0.0");
    expect(fs.existsSync(portsFile)).toBe(false);
    const request = new language.GetRequiredPackagesRequest();
    const required = await ask<language.GetRequiredPackagesResponse>((done) =>
      client.getRequiredPackages(request, done),
    );
    expect(required.getPackagesList()).toEqual([]);
    expect(fs.statSync(portsFile).mode & 0o777).toBe(0o600);
    const lines = fs.readFileSync(portsFile, "utf8").trimEnd().split("\n");
    for (const [name, version] of Object.entries(pluginVersions())) {
      const port = await cli.start(provider(name));
      expect(lines).toContain(`${name} ${port} ${String(cli.children[0]?.pid)}`);
      expect(await versionOf(port)).toBe(version);
    }
    await cli.end();
    expect(fs.existsSync(portsFile)).toBe(false);
  });

  it("serve themselves where no language host runs", async () => {
    // Of one that was killed.
    fs.mkdirSync(path.dirname(portsFile), { recursive: true });
    fs.writeFileSync(portsFile, "tls 1 4194305\n");
    expect(await versionOf(await cli.start(provider("tls")))).toBe(pluginVersions()["tls"]);
  });

  it("end when the CLI is killed", async () => {
    const script = `${provider("tls")} & echo $! >${folder}/pid; wait`;
    const shell = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(createInterface(shell.stdout), "line");
    const pid = fs.readFileSync(path.join(folder, "pid"), "utf8").trim();
    shell.kill("SIGKILL");
    // A process that has ended has no program any more, whoever waits for it.
    const isAlive = (): boolean => fs.existsSync(`/proc/${pid}/exe`);
    await expect
      .poll(isAlive, { timeout: 5000 })
      .toBe(false)
      .finally(() => isAlive() && process.kill(Number(pid)));
  });

  it("are for a CLI that has no language host of its own, on PATH or beside it", () => {
    const put = (file: string): string => {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), "#!/bin/sh\n", { mode: 0o755 });
      return path.join(folder, file);
    };
    const program = put("install/pulumi");
    fs.mkdirSync(path.join(folder, "bin"));
    fs.symlinkSync(program, path.join(folder, "bin", "pulumi"));
    const onPath = path.join(folder, "bin");
    const has = (cli: string, searchPath: string): boolean => hasLanguageHost({ program: cli }, searchPath);
    expect([has(program, ""), has("pulumi", onPath), has("pulumi", path.dirname(LANGUAGE_HOST))]).toEqual([
      false,
      false,
      false,
    ]);
    put("other/pulumi-language-nodejs");
    expect(has(program, path.join(folder, "other"))).toBe(true);
    put("install/pulumi-language-nodejs");
    expect([has(program, ""), has("pulumi", onPath)]).toEqual([true, true]);
    expect(withOurPlugins({ program, environment: { A: "b" } })).toMatchObject({
      program,
      environment: {
        A: "b",
        PATH: `${process.env.PATH ?? ""}:${path.dirname(LANGUAGE_HOST)}`,
        PULUMI_HOME: path.join(PLUGIN_FOLDER, "home"),
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    });
  });
});
