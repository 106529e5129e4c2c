import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEBIAN_RELEASE_NAMES } from "../../config/debian-releases";
import { guestImageHash, guestImagePath, isGuestImageCurrent, recipeHash } from "../../hypervisor/guest-image";

const recipes = resolve(__dirname, "../../hypervisor/image");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "images-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a guest image", () => {
  it("has a path that says what it is, not by which recipe", () => {
    expect(guestImagePath({ release: "debian13", kind: "container", recipe: "baked", imageFolder: "/i" })).toBe(
      "/i/debian13-container-baked.raw",
    );
    expect(guestImagePath({ release: "debian12", kind: "vm", recipe: "plain", imageFolder: "/i" })).toBe(
      "/i/debian12-vm-plain.qcow2",
    );
  });

  it("is current only beside the hash of today's recipe", () => {
    const options = { release: "debian13", kind: "container", recipe: "plain", imageFolder: folder } as const;
    const image = guestImagePath(options);
    const hash = guestImageHash(options);
    writeFileSync(`${image}.recipe`, `${hash}\n`);
    expect(isGuestImageCurrent(options)).toBe(false);
    writeFileSync(image, "");
    expect(isGuestImageCurrent(options)).toBe(true);
    writeFileSync(`${image}.recipe`, `${guestImageHash({ ...options, recipe: "baked" })}\n`);
    expect(isGuestImageCurrent(options)).toBe(false);
    rmSync(`${image}.recipe`);
    expect(isGuestImageCurrent(options)).toBe(false);
  });
});

describe("the build of a guest image", () => {
  it("clears away what a killed one has left, and never what was mounted there", () => {
    const build = readFileSync(join(recipes, "build.sh"), "utf8");
    const [remove = ""] = /^remove_scratch\(\) \{\n.*?\n\}\n/ms.exec(build) ?? [];
    mkdirSync(join(folder, "machine"));
    writeFileSync(join(folder, "machine", "device"), "");
    // In a mount namespace of its own.
    const script = `set -euo pipefail
      mkdir -p "$1/.build/root/dev/pts"
      mount --bind "$1/machine" "$1/.build/root/dev"
      mkdir "$1/machine/pts"
      mount -t tmpfs none "$1/.build/root/dev/pts"
      ${remove}
      remove_scratch "$1/.build"`;
    execFileSync("unshare", ["--mount", "--map-root-user", "bash", "-c", script, "bash", folder]);
    expect(readdirSync(folder)).toEqual(["machine"]);
    expect(readdirSync(join(folder, "machine"))).toEqual(["device", "pts"]);
  });
});

describe("the hash of a recipe", () => {
  it("differs between releases, kinds and recipes", () => {
    const hashes = DEBIAN_RELEASE_NAMES.flatMap((release) =>
      (["container", "vm"] as const).flatMap((kind) =>
        (["plain", "baked"] as const).map((recipe) => guestImageHash({ release, kind, recipe })),
      ),
    );
    expect(new Set(hashes).size).toBe(4 * DEBIAN_RELEASE_NAMES.length);
  });

  it("follows every file's content and name, and not where the folder is", () => {
    const hash = (path: string) => recipeHash(path, "vm", "plain");
    const copy = join(folder, "copy");
    cpSync(recipes, copy, { recursive: true });
    expect(hash(copy)).toBe(hash(recipes));

    writeFileSync(join(copy, "common", "masked-units"), "one.service\n");
    const changed = hash(copy);
    expect(changed).not.toBe(hash(recipes));

    renameSync(join(copy, "build.sh"), join(copy, "build2.sh"));
    const renamed = hash(copy);
    expect(renamed).not.toBe(changed);

    mkdirSync(join(copy, "vm", "root", "new"));
    writeFileSync(join(copy, "vm", "root", "new", "file"), "");
    expect(hash(copy)).not.toBe(renamed);
  });
});
