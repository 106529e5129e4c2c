import type { Output } from "../engine";
import { hasSecret, type Properties, reveal } from "../values";

/** A stack's outputs as the engine gives them. */
export function renderOutputs(outputs: Properties): Record<string, Output> {
  const entries = Object.entries(outputs);
  return Object.fromEntries(entries.map(([name, value]) => [name, { value: reveal(value), secret: hasSecret(value) }]));
}
