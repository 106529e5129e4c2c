import * as fs from "node:fs";
import * as path from "node:path";
import type { Layout } from "./families";

/** The source of pg-backup-api, which is on no public registry (EDB, "Installing Postgres Backup API"). */
export type ApiSource =
  | { readonly kind: "repository" }
  | { readonly kind: "package"; readonly file: string }
  | { readonly kind: "source"; readonly path: string; readonly isFolder: boolean }
  | { readonly kind: "index"; readonly url: string };

/** The four sources, for messages. */
export const SOURCE_WAYS =
  "edb (EDB's package repository, with the token in lab:backupApiTokenFile), a package file (.deb or .rpm), " +
  "a source folder or archive (.tar.gz, .tgz or .zip, with setup.py or pyproject.toml), or the https URL of a package index";

/**
 * Parses `lab:backupApiSource`.
 * @param text `edb`, an absolute path, or an https URL.
 * @throws RangeError with the problem, to follow the key's name, when it is none of the four or does not exist.
 */
export function apiSourceOf(text: string, layout: Layout): ApiSource {
  if (text === "") throw new RangeError(`must say where pg-backup-api comes from, which is on no public registry`);
  if (text === "edb") return { kind: "repository" };
  if (/^https:\/\/\S+$/.test(text)) return { kind: "index", url: text };
  if (/^[a-z+]+:\/\//i.test(text)) throw new RangeError(`must be an https URL if it is a URL`);
  const found = fs.statSync(text, { throwIfNoEntry: false });
  if (found === undefined) throw new RangeError(`must be an existing file or folder`);
  if (found.isDirectory()) {
    if (!["setup.py", "pyproject.toml"].some((name) => fs.existsSync(path.join(text, name)))) {
      throw new RangeError(`must be a folder with setup.py or pyproject.toml`);
    }
    return { kind: "source", path: text, isFolder: true };
  }
  if (/\.(tar\.gz|tgz|zip)$/.test(text)) return { kind: "source", path: text, isFolder: false };
  const suffix = layout === "debian" ? ".deb" : ".rpm";
  if (text.endsWith(suffix)) return { kind: "package", file: text };
  throw new RangeError(`must be a file whose name ends in ${suffix}, .tar.gz, .tgz or .zip`);
}
