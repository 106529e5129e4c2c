import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT_FOLDER } from "./stack-config";

const STAND_IN = path.join(PROJECT_FOLDER, "test", "support", "backup-api-stand-in", "pg_backup_api");

/** Fills a folder with a package index (PEP 503) that has pg-backup-api's stand-in in several versions, as wheels. */
export function buildPackageIndex(folder: string, versions: readonly string[]): void {
  const page = path.join(folder, "pg-backup-api");
  const wheels = versions.map((version) => {
    const wheel = `pg_backup_api-${version}-py3-none-any.whl`;
    const unpacked = path.join(folder, version);
    const about = path.join(unpacked, `pg_backup_api-${version}.dist-info`);
    fs.mkdirSync(about, { recursive: true });
    fs.mkdirSync(page, { recursive: true });
    fs.cpSync(STAND_IN, path.join(unpacked, "pg_backup_api"), { recursive: true });
    fs.writeFileSync(path.join(about, "METADATA"), `Metadata-Version: 2.1\nName: pg-backup-api\nVersion: ${version}\n`);
    fs.writeFileSync(path.join(about, "WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    fs.writeFileSync(path.join(about, "RECORD"), "");
    const content = fs.readdirSync(unpacked);
    execFileSync("python3", ["-m", "zipfile", "-c", path.join(page, wheel), ...content], { cwd: unpacked });
    return wheel;
  });
  fs.writeFileSync(path.join(page, "index.html"), wheels.map((wheel) => `<a href="${wheel}">${wheel}</a>\n`).join(""));
}
