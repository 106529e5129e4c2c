import { createHash } from "node:crypto";

/** A short digest of texts: a command with it runs again when one of them changes. */
export function fingerprint(...texts: string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 12);
}
