import * as path from "node:path";
import { checkSettings, ConfigError, ownKeys, type Settings } from "../../config/check";
import type { LabConfig } from "../../config/schema";
import { readProject } from "../../engine/project";
import { type LabPlan, planLab } from "../../plan/plan";

/** The folder with Pulumi.yaml. */
export const PROJECT_FOLDER = path.join(__dirname, "..", "..");

/** A stack's raw configuration as Pulumi hands it over: Pulumi.yaml's defaults, then the stack's file, then what a test sets. */
export function rawConfig(stack: string, settings: Record<string, unknown> = {}): Record<string, string> {
  const own = Object.entries(settings).map(([key, value]) => [
    `lab:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const overrides = Object.fromEntries(own) as Record<string, string>;
  const { config } = readProject({ projectFolder: PROJECT_FOLDER, stack }, overrides);
  return ownKeys(config);
}

/** A stack's checked configuration, and its PKI. */
export function stackSettings(stack: string, settings: Record<string, unknown> = {}): Settings {
  return checkSettings(rawConfig(stack, settings), { stack });
}

/** A stack's checked configuration. */
export function stackConfig(stack: string, settings: Record<string, unknown> = {}): LabConfig {
  return stackSettings(stack, settings).configuration;
}

/** A stack's plan. */
export function stackPlan(stack: string, settings: Record<string, unknown> = {}): LabPlan {
  return planLab(stackConfig(stack, settings));
}

/** What the program gives to its `Lab` for a stack. */
export function labArgs(stack: string, settings: Record<string, unknown> = {}): { config: LabConfig; plan: LabPlan } {
  return { config: stackConfig(stack, settings), plan: stackPlan(stack, settings) };
}

/** What is wrong with a stack's configuration. */
export function problemsOf(settings: Record<string, unknown>, stack = "container"): readonly string[] {
  try {
    stackSettings(stack, settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
