import * as fs from "node:fs";
import * as path from "node:path";
import * as tar from "tar";

/** A file for the host: its name, with the suffix of its format, and its bytes. */
export interface PackageContent {
  readonly name: string;
  readonly base64: string;
}

/** Never part of a Python project's source. */
const LEFT_OUT = /(^|\/)(\.git|\.venv|venv|__pycache__|build|dist|[^/]+\.egg-info)(\/|$)/;

/** A file as it is. */
export function readPackage(file: string): PackageContent {
  return { name: path.basename(file), base64: fs.readFileSync(file).toString("base64") };
}

/** A folder as an archive. The same files give the same bytes, so that a second run has nothing to change. */
export function packFolder(folder: string): PackageContent {
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => !LEFT_OUT.test(file) && fs.statSync(path.join(folder, file)).isFile())
    .sort();
  const archive = tar.create({ sync: true, cwd: folder, portable: true, mtime: new Date(0), prefix: "source" }, files);
  return { name: "source.tar", base64: (archive.read() ?? Buffer.alloc(0)).toString("base64") };
}
