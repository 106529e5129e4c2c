import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DEBIAN_RELEASES, type DebianReleaseName } from "../config/debian-releases";
import { debianArchiveLines, readAptSources } from "./debian-archive";
import { runAsRoot } from "./run-as-root";

/** Folder of built images, relative to the project's folder. */
export const IMAGE_FOLDER = join(".lab", "images");

/** An image's guests: containers on libvirt's LXC driver, or virtual machines. */
export type GuestKind = "container" | "vm";

/** An image's contents: `plain` is the operating system, `baked` has PostgreSQL, pgBackRest and the backup API's packages too. */
export type GuestRecipe = "plain" | "baked";

/** A guest image: of which release, for what, with what in it. */
export interface GuestImage {
  readonly release: DebianReleaseName;
  readonly kind: GuestKind;
  readonly recipe: GuestRecipe;
}

/** A guest image in its folder. */
export interface StoredImage extends GuestImage {
  /** Absolute path of the folder of images. */
  readonly imageFolder: string;
}

/** An image's path. It stays the same when the recipe changes, so that a rebuilt image does not replace hosts. */
export function guestImagePath({ release, kind, recipe, imageFolder }: StoredImage): string {
  const format = { container: "raw", vm: "qcow2" }[kind];
  return join(imageFolder, `${release}-${kind}-${recipe}.${format}`);
}

/** A hash of a recipe, without the packages' versions: the files of `recipeFolder` and the arguments. */
export function recipeHash(recipeFolder: string, ...args: readonly unknown[]): string {
  const files = readdirSync(recipeFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(recipeFolder, path)).isFile())
    .sort();
  const hash = createHash("sha256").update(JSON.stringify(args));
  for (const path of files) {
    const content = readFileSync(join(recipeFolder, path));
    hash.update(JSON.stringify([path, content.length])).update(content);
  }
  return hash.digest("hex");
}

const RECIPES = join(__dirname, "image");

/** A hash of what an image is built from. */
export function guestImageHash({ release, kind, recipe }: GuestImage): string {
  const { codename, kernel, postgresql } = DEBIAN_RELEASES[release];
  return recipeHash(RECIPES, kind, recipe, codename, kernel, postgresql);
}

/** Whether the image exists and has this recipe. */
export function isGuestImageCurrent(stored: StoredImage): boolean {
  const image = guestImagePath(stored);
  return (
    existsSync(image) &&
    existsSync(`${image}.recipe`) &&
    readFileSync(`${image}.recipe`, "utf8").trim() === guestImageHash(stored)
  );
}

/**
 * Builds the image unless it is current, from the machine's own Debian mirrors. Others may be built meanwhile.
 * @param onProgress Receives the build's output, line by line.
 * @returns Its path.
 */
export async function buildGuestImage(stored: StoredImage, onProgress?: (line: string) => void): Promise<string> {
  const image = guestImagePath(stored);
  if (isGuestImageCurrent(stored)) return image;
  const { kind, recipe, release } = stored;
  const { codename, hasUpdates, kernel, postgresql } = DEBIAN_RELEASES[release];
  const sources = debianArchiveLines(readAptSources(), codename, hasUpdates);
  await runAsRoot(
    "image/build.sh",
    [kind, recipe, codename, kernel, `postgresql-${postgresql}`, guestImageHash(stored), image],
    onProgress,
    sources.map((line) => `${line}\n`).join(""),
  );
  return image;
}
