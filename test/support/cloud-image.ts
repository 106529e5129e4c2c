import * as path from "node:path";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import { debianArchiveLines, readAptSources } from "../../hypervisor/debian-archive";
import { recipeHash } from "../../hypervisor/guest-image";
import { runToEnd } from "./run-to-end";
import { PROJECT_FOLDER } from "./stack-config";

const RECIPE = path.join(__dirname, "cloud-image");
/** The release of the image. */
export const CLOUD_RELEASE = "debian12";
const IMAGE = path.join(".lab", "guests", "cloud", "image.qcow2");

/**
 * Builds a Debian 12 as its cloud images are, without a trace of the lab, unless it is there by this very recipe. Takes a minute or two.
 * @returns Its path from the project's folder, as `lab:imagePath` takes it.
 */
export async function buildCloudImage(): Promise<string> {
  const { codename } = DEBIAN_RELEASES[CLOUD_RELEASE];
  const image = path.join(PROJECT_FOLDER, IMAGE);
  const hash = recipeHash(RECIPE, codename);
  const sources = debianArchiveLines(readAptSources(), codename).map((line) => `${line}\n`);
  await runToEnd(
    "unshare",
    ["--mount", "bash", path.join(RECIPE, "build.sh"), codename, hash, image],
    sources.join(""),
  );
  return IMAGE;
}
