import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as path from "node:path";
import { DEBIAN_RELEASES, type DebianReleaseName } from "../../config/debian-releases";
import { debianArchiveLines, readAptSources } from "../../hypervisor/debian-archive";

const PORT = 8080;

/**
 * Fills a folder with packages of a release and all that they depend on, from the mirrors that apt is set up with on this machine, and
 * makes it a repository in the flat format (sources.list(5)).
 */
export function downloadPackages(folder: string, release: DebianReleaseName, packages: readonly string[]): void {
  const { codename, hasUpdates } = DEBIAN_RELEASES[release];
  const archives = path.join(folder, "archives");
  fs.mkdirSync(path.join(archives, "partial"), { recursive: true });
  // An empty status: for a machine that has nothing installed yet. What apt knows of this machine's own release stays as it is.
  fs.writeFileSync(path.join(folder, "status"), "");
  const sources = debianArchiveLines(readAptSources(), codename, hasUpdates);
  fs.writeFileSync(path.join(folder, "sources.list"), sources.map((line) => `${line}\n`).join(""));
  fs.mkdirSync(path.join(folder, "lists", "partial"), { recursive: true });
  const options = [
    ...[`Dir::Etc::sourcelist=${folder}/sources.list`, "Dir::Etc::sourceparts=/dev/null"],
    ...[`Dir::State::lists=${folder}/lists`, `Dir::State::status=${folder}/status`],
    ...[`Dir::Cache=${folder}`, `Dir::Cache::archives=${archives}`, "Dir::Etc::preferencesparts=/dev/null"],
    ...["Debug::NoLocking=1", "APT::Sandbox::User=root"],
  ].flatMap((option) => ["-o", option]);
  for (const command of [
    ["update", "-qq"],
    ["install", "--download-only", "-y", "-qq", "--no-install-recommends", ...packages],
  ]) {
    execFileSync("apt-get", [...options, ...command], { stdio: ["ignore", "ignore", "inherit"] });
  }
  writeIndex(archives);
}

/**
 * Gives a package of such a folder a newer version, as its next minor release has, and nothing else that is new.
 * @returns The version.
 */
export function renewPackage(folder: string, name: string): string {
  const archives = path.join(folder, "archives");
  const file = fs.readdirSync(archives).find((each) => each.startsWith(`${name}_`)) ?? "";
  const unpacked = path.join(folder, name);
  execFileSync("dpkg-deb", ["-R", path.join(archives, file), unpacked]);
  const control = path.join(unpacked, "DEBIAN", "control");
  const text = fs.readFileSync(control, "utf8").replace(/^Version: .*$/m, "$&+next1");
  fs.writeFileSync(control, text);
  fs.rmSync(path.join(archives, file));
  execFileSync("dpkg-deb", ["-Zgzip", "-z1", "-b", unpacked, path.join(archives, `${name}_next.deb`)], {
    stdio: "ignore",
  });
  fs.rmSync(unpacked, { recursive: true });
  writeIndex(archives);
  return /^Version: (.*)$/m.exec(text)?.[1] ?? "";
}

function writeIndex(archives: string): void {
  const index = fs
    .readdirSync(archives)
    .filter((file) => file.endsWith(".deb"))
    .map((file) => {
      const content = fs.readFileSync(path.join(archives, file));
      const control = execFileSync("dpkg-deb", ["-f", path.join(archives, file)], { encoding: "utf8" }).trimEnd();
      const digest = createHash("sha256").update(content).digest("hex");
      return `${control}\nFilename: ./${file}\nSize: ${content.length}\nSHA256: ${digest}\n`;
    });
  fs.writeFileSync(path.join(archives, "Packages"), index.join("\n"));
}

/** A package mirror inside a network namespace, which ends with this process at the latest. */
export class PackageMirror {
  private constructor(private readonly server: ChildProcess) {}

  /** Serves a folder that `downloadPackages` has filled, on every address that the namespace has or gets. */
  static start(folder: string, namespace: string): Promise<PackageMirror> {
    return this.run(namespace, [path.join(folder, "archives")]);
  }

  /**
   * Serves as the servers that the folders of `www` are named for, by http and, with `server.crt` and `server.key`, by https, on
   * every address of the namespace.
   */
  static startAsServers(folder: string, namespace: string): Promise<PackageMirror> {
    return this.run(namespace, [path.join(folder, "www"), folder]);
  }

  private static async run(namespace: string, args: readonly string[]): Promise<PackageMirror> {
    const server = spawn(
      "nsenter",
      [`--net=/run/netns/${namespace}`, process.execPath, "--import", "tsx", __filename, ...args],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    await new Promise<void>((resolve, reject) => {
      server.stdout.once("data", () => {
        resolve();
      });
      server.once("exit", (status) => {
        reject(new Error(`the package mirror ended with status ${String(status)} before it served`));
      });
    });
    return new PackageMirror(server);
  }

  /** The URL at an address of the namespace. */
  static url(address: string): string {
    return `http://${address}:${PORT}`;
  }

  stop(): void {
    this.server.stdin?.end();
  }
}

/** Answers with the files of a folder; with those of the folder named for the server when several are served. */
function answerFrom(folder: string, severalServers: boolean): http.RequestListener {
  return (request, response) => {
    const server = severalServers ? (request.headers.host ?? "").replace(/:\d+$/, "") : "";
    const place = path.join(folder, server, path.normalize(decodeURIComponent(request.url ?? "/")));
    const file = place.endsWith("/") ? `${place}index.html` : place;
    const found = file.startsWith(`${folder}/`) && fs.existsSync(file) && fs.statSync(file).isFile();
    response.writeHead(found ? 200 : 404, file.endsWith(".html") ? { "content-type": "text/html" } : {});
    if (found) fs.createReadStream(file).pipe(response);
    else response.end();
  };
}

async function serve(folder: string, certificate: string | undefined): Promise<void> {
  const answer = answerFrom(folder, certificate !== undefined);
  const pem = (name: string): Buffer => fs.readFileSync(path.join(certificate ?? "", name));
  const servers: [http.Server, number][] =
    certificate === undefined
      ? [[http.createServer(answer), PORT]]
      : [
          [http.createServer(answer), 80],
          [https.createServer({ cert: pem("server.crt"), key: pem("server.key") }, answer), 443],
        ];
  process.stdin.on("end", () => process.exit()).resume();
  for (const [server, port] of servers) await once(server.listen(port), "listening");
  process.stdout.write("serving\n");
}

if (require.main === module) void serve(path.resolve(process.argv[2] ?? "."), process.argv[3]);
