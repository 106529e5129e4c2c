import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import * as path from "node:path";

/** What a run of the program is told. */
export interface ProgramRun {
  /** Addresses of the engine's services. */
  readonly monitor: string;
  readonly engine: string;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Absolute path of the program's folder. */
  readonly folder: string;
  readonly main: string;
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  /** How many resources it may register at once. */
  readonly parallel: number;
  readonly preview: boolean;
}

/** Starts the unmodified program as Pulumi's language host does. */
export function startProgram(run: ProgramRun): ChildProcessWithoutNullStreams {
  const { monitor, engine, project, stack, organization, folder, main, config, secretKeys, parallel, preview } = run;
  const flags = Object.entries({
    ...{ monitor, engine, project, stack, organization },
    ...{ "root-directory": folder, pwd: folder, parallel: String(parallel) },
  });
  const args = [
    // The SDK keeps the stack of each of its promises.
    "--stack-trace-limit=4",
    ...["--require", path.join(__dirname, "leave-out.cjs")],
    ...["--require", path.join(__dirname, "load-typescript.cjs")],
    require.resolve("@pulumi/pulumi/cmd/run", { paths: [folder] }),
    ...flags.flatMap(([flag, value]) => [`--${flag}`, value]),
    ...(preview ? ["--dry-run"] : []),
    main,
  ];
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
    PULUMI_NODEJS_TYPESCRIPT: "false",
  };
  // Of its own process group: a terminal's Ctrl-C is for the engine, which lets running operations finish.
  return spawn(process.execPath, args, { env, cwd: folder, detached: true });
}
