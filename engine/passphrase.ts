import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { StackLocation } from "./engine";

/** The passphrase of a stack's secrets: from Pulumi's own variables, else generated once and kept beside the state. */
export function passphraseOf({ stateFolder }: StackLocation): string {
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: named } = process.env;
  if (given !== undefined) return given;
  const file = named ?? path.join(stateFolder, "passphrase");
  if (named === undefined && !fs.existsSync(file)) {
    fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, `${crypto.randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  }
  return fs.readFileSync(file, "utf8").trim();
}
