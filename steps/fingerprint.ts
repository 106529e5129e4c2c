import { createHash } from "node:crypto";

/** A short text that differs when any of the texts differs: what makes a command run again. */
export function fingerprint(...texts: string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 12);
}
