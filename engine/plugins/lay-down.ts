import * as fs from "node:fs";
import * as path from "node:path";

/** The folder of this project. */
const ROOT = path.resolve(__dirname, "..", "..");

/** Every plugin's executable. */
export const PLUGIN_SCRIPT = path.join(__dirname, "plugin.sh");

/** Where Pulumi's CLI finds the plugins. */
export const PLUGIN_FOLDER = path.join(ROOT, ".lab", "pulumi");

/** The plugins' names and versions: those that the packages of the program ask for. */
export function pluginVersions(): Readonly<Record<string, string>> {
  const readJson = (...names: string[]): unknown => JSON.parse(fs.readFileSync(path.join(ROOT, ...names), "utf8"));
  const { dependencies } = readJson("package.json") as { dependencies: Record<string, string> };
  const { pulumi } = readJson("sdks", "libvirt", "package.json") as { pulumi: { name: string; version: string } };
  const ours = ["command", "tls"].map((name) => [name, dependencies[`@pulumi/${name}`] ?? ""]);
  return Object.fromEntries([...ours, [pulumi.name, pulumi.version]]) as Record<string, string>;
}

/** Lays the plugins' executables down: links to scripts, so that the project's folder may be moved. */
export function layDownPlugins(): void {
  link(path.join(PLUGIN_FOLDER, "bin", "pulumi-language-nodejs"));
  for (const [name, version] of Object.entries(pluginVersions())) {
    const folder = path.join(PLUGIN_FOLDER, "home", "plugins", `resource-${name}-v${version}`);
    link(path.join(folder, `pulumi-resource-${name}`));
  }
}

/**
 * Tells the plugins' scripts where this process serves them to a CLI.
 * @returns Takes that back.
 */
export function layDownPorts(cli: number, ports: Readonly<Record<string, number>>): () => void {
  const file = path.join(PLUGIN_FOLDER, "ports", String(cli));
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const lines = Object.entries(ports).map(([name, port]) => `${name} ${port} ${process.pid}\n`);
  fs.writeFileSync(file, lines.join(""), { mode: 0o600 });
  return () => {
    fs.rmSync(file, { force: true });
  };
}

/** At once, since a CLI may be using it. */
function link(file: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const link = `${file}.${process.pid}`;
  fs.symlinkSync(path.relative(path.dirname(file), PLUGIN_SCRIPT), link);
  fs.renameSync(link, file);
}
