import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT_FOLDER } from "../invocation";
import { IMAGE_FOLDER } from "../../hypervisor/guest-image";

/**
 * Removes the cached images.
 * @throws Error when a lab may use them.
 */
export function clean(): number {
  const images = path.join(PROJECT_FOLDER, IMAGE_FOLDER);
  const folder = path.dirname(images);
  // The link to its libvirtd exists for as long as a stack can have guests.
  const stacks = (fs.existsSync(folder) ? fs.readdirSync(folder) : []).filter(
    (name) => fs.lstatSync(path.join(folder, name, "run"), { throwIfNoEntry: false }) !== undefined,
  );
  if (stacks.length > 0) {
    const hint = stacks.map((name) => `./lab destroy --stack ${name}`).join(", ");
    throw new Error(`the images are in use by stacks ${stacks.join(", ")}; hint: ${hint}`);
  }
  fs.rmSync(images, { recursive: true, force: true });
  // The scenarios' own images.
  fs.rmSync(path.join(folder, "guests"), { recursive: true, force: true });
  process.stdout.write(`removed ${IMAGE_FOLDER}\n`);
  return 0;
}
