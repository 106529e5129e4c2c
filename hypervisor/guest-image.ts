import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { debianArchiveLines, readAptSources } from "./debian-archive";
import { runAsRoot } from "./run-as-root";

const release = { version: "12", codename: "bookworm" };

/** Folder of built images, relative to the project's folder. */
export const IMAGE_FOLDER = join(".lab", "images");

/** An image's guests: containers on libvirt's LXC driver, or virtual machines. */
export type GuestKind = "container" | "vm";

/** An image's contents: `plain` is the operating system, `baked` has PostgreSQL, pgBackRest and the backup API's packages too. */
export type GuestRecipe = "plain" | "baked";

export interface GuestImageOptions {
  readonly kind: GuestKind;
  readonly recipe: GuestRecipe;
  /** Absolute path of the folder of images. */
  readonly imageFolder: string;
  /** Receives the build's output, line by line. */
  readonly onProgress?: (line: string) => void;
}

/** An image's path. It stays the same when the recipe changes, so that a rebuilt image does not replace hosts. */
export function guestImagePath({ kind, recipe, imageFolder }: Omit<GuestImageOptions, "onProgress">): string {
  const format = { container: "raw", vm: "qcow2" }[kind];
  return join(imageFolder, `debian-${release.version}-${kind}-${recipe}.${format}`);
}

/** A hash of an image's recipe, without the packages' versions: the files of `recipeFolder` and the arguments. */
export function recipeHash(kind: GuestKind, recipe: GuestRecipe, recipeFolder: string): string {
  const files = readdirSync(recipeFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(recipeFolder, path)).isFile())
    .sort();
  const hash = createHash("sha256").update(JSON.stringify([kind, recipe, release]));
  for (const path of files) {
    const content = readFileSync(join(recipeFolder, path));
    hash.update(JSON.stringify([path, content.length])).update(content);
  }
  return hash.digest("hex");
}

/** Whether the image exists and has this recipe. */
export function isGuestImageCurrent(options: Omit<GuestImageOptions, "onProgress">): boolean {
  const image = guestImagePath(options);
  return (
    existsSync(image) &&
    existsSync(`${image}.recipe`) &&
    readFileSync(`${image}.recipe`, "utf8").trim() === recipeHash(options.kind, options.recipe, imageRecipes)
  );
}

const imageRecipes = join(__dirname, "image");

/**
 * Builds the image unless it is current, from the machine's own Debian mirrors.
 * @returns Its path.
 */
export async function buildGuestImage(options: GuestImageOptions): Promise<string> {
  const { kind, recipe, onProgress } = options;
  const image = guestImagePath(options);
  if (isGuestImageCurrent(options)) return image;
  const sources = debianArchiveLines(readAptSources(), release.codename);
  await runAsRoot(
    "image/build.sh",
    [kind, recipe, release.codename, recipeHash(kind, recipe, imageRecipes), image],
    onProgress,
    sources.map((line) => `${line}\n`).join(""),
  );
  return image;
}
