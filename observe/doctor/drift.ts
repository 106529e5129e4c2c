import { createTwoFilesPatch } from "diff";
import type { ManagedHost } from "../../steps/inventory";
import { isOlder } from "../../config/version-support";
import type { Finding } from "./findings";

/** What `scripts/observe/doctor-files.sh` prints of one file. */
export interface FileFacts {
  readonly owner: string;
  /** Octal, without a leading zero. */
  readonly mode: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** Base64; empty for a secret. */
  readonly content: string;
}

/** What `scripts/observe/doctor-packages.sh` prints of one package. */
export interface PackageFacts {
  /** Empty when it is not installed. */
  readonly version: string;
  readonly held: boolean;
}

const FIX = "./lab drift --fix";

/** Where files on a host are not what the program wrote. */
export function fileFindings(
  host: string,
  managed: ManagedHost,
  files: Readonly<Record<string, FileFacts>>,
): Finding[] {
  return managed.files.flatMap(({ path, owner, mode, content, digest, steps }): Finding[] => {
    const finding = { level: "fail", host, area: "files", subject: path, remedy: FIX, steps } as const;
    const there = files[path];
    if (there === undefined) return [{ ...finding, cause: "the file is missing" }];
    const found: Finding[] = [];
    if (there.owner !== owner) found.push({ ...finding, cause: `the file belongs to ${there.owner}, not to ${owner}` });
    const seen = there.mode.padStart(4, "0");
    if (seen !== mode) found.push({ ...finding, cause: `the file has mode ${seen}, not ${mode}` });
    if (digest !== undefined && there.digest !== digest) {
      const cause = "the file is not what the program wrote";
      const text = Buffer.from(there.content, "base64").toString();
      const diff =
        content === undefined ? {} : { diff: createTwoFilesPatch(path, path, content, text, "wanted", "found") };
      found.push({ ...finding, cause, ...diff });
    }
    return found;
  });
}

/** Where packages on a host are not those that the program installed. A version is the upstream's, without the distribution's. */
export function packageFindings(
  host: string,
  managed: ManagedHost,
  packages: Readonly<Record<string, PackageFacts>>,
): Finding[] {
  return managed.packages.flatMap(({ name, version, steps }): Finding[] => {
    const finding = { level: "fail", host, area: "versions", subject: name, remedy: FIX, steps } as const;
    const there = packages[name];
    if (there === undefined || there.version === "") return [{ ...finding, cause: `package ${name} is not installed` }];
    if (version === "") return [];
    const upstream = there.version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
    if (upstream !== version) {
      const age = isOlder(upstream, version) ? "older" : "newer";
      return [{ ...finding, cause: `package ${name} is ${upstream}, ${age} than ${version}, which the program wants` }];
    }
    if (there.held) return [];
    return [
      { ...finding, level: "warn", cause: `package ${name} is not held: an upgrade of the host would change it` },
    ];
  });
}
