import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT_FOLDER } from "../invocation";
import { IMAGE_FOLDER } from "../../hypervisor/guest-image";

/** Removes the cached images, unless there is a lab that may stand on them. */
export function clean(): number {
  const images = path.join(PROJECT_FOLDER, IMAGE_FOLDER);
  const folder = path.dirname(images);
  // The link to its libvirtd is there for as long as a stack can have guests.
  const stacks = (fs.existsSync(folder) ? fs.readdirSync(folder) : []).filter(
    (name) => fs.lstatSync(path.join(folder, name, "run"), { throwIfNoEntry: false }) !== undefined,
  );
  if (stacks.length > 0) {
    const hint = stacks.map((name) => `./lab destroy --stack ${name}`).join(", ");
    throw new Error(`the images are in use by ${stacks.join(", ")}; hint: ${hint}`);
  }
  fs.rmSync(images, { recursive: true, force: true });
  // What the scenarios have made of them.
  fs.rmSync(path.join(folder, "guests"), { recursive: true, force: true });
  process.stdout.write(`removed ${IMAGE_FOLDER}\n`);
  return 0;
}
