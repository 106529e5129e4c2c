import * as path from "node:path";
import { InvalidArgumentError } from "commander";
import { findStack, type Stack } from "./stack/stack";

/** The options of every subcommand. */
export interface Options {
  readonly stack: string;
  /** Configuration for this run only, key (`lab:standbys`) to text. */
  readonly config: Readonly<Record<string, string>>;
  readonly engine?: "embedded" | "pulumi";
  readonly yes?: boolean;
  readonly debug?: boolean;
}

/** One call of `./lab`. */
export interface Invocation {
  readonly options: Options;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Absolute path of the folder with Pulumi.yaml. */
export const PROJECT_FOLDER = path.resolve(__dirname, "..");

/** The stack of `--stack`. */
export function stackOf({ options }: Invocation): Stack {
  return findStack(PROJECT_FOLDER, options.stack, options.config);
}

/** Adds `KEY=VALUE` to the other `--config` options. The project's own keys need no prefix. */
export function addSetting(setting: string, others: Readonly<Record<string, string>>): Record<string, string> {
  const [, key, value] = /^([\w:-]+)=(.*)$/s.exec(setting) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError("It must be KEY=VALUE, such as lab:standbys=3.");
  }
  return { ...others, [key.includes(":") ? key : `lab:${key}`]: value };
}
