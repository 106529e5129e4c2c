import * as fs from "node:fs";
import * as path from "node:path";
import { loginFolder, type PulumiCli } from "../pulumi/cli";
import { PLUGIN_FOLDER, PLUGIN_SCRIPT } from "./lay-down";

const LANGUAGE_HOST = "pulumi-language-nodejs";

/** Whether a CLI has a language host other than this project's: on PATH, or beside the CLI's program. Its plugins are then its own too. */
export function hasLanguageHost({ program }: PulumiCli, searchPath = process.env.PATH ?? ""): boolean {
  const folders = searchPath.split(path.delimiter);
  const programs = program.includes(path.sep) ? [program] : executables(folders, program);
  const beside = programs.slice(0, 1).map((file) => path.dirname(fs.realpathSync(file)));
  return executables([...folders, ...beside], LANGUAGE_HOST).some((file) => fs.realpathSync(file) !== PLUGIN_SCRIPT);
}

/** The CLI with the plugins of this project. They must be laid down before a run. */
export function withOurPlugins({ program, environment }: PulumiCli): PulumiCli {
  return {
    program,
    environment: {
      ...environment,
      // Last: the folder may hold a CLI too.
      PATH: [process.env.PATH ?? "", path.join(PLUGIN_FOLDER, "bin")].join(path.delimiter),
      PULUMI_HOME: path.join(PLUGIN_FOLDER, "home"),
      // The user stays logged in.
      PULUMI_CREDENTIALS_PATH: loginFolder(),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
  };
}

function executables(folders: readonly string[], name: string): string[] {
  return folders.map((folder) => path.join(folder, name)).filter(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
