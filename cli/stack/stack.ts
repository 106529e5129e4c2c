import * as fs from "node:fs";
import * as path from "node:path";
import { privateStackOf, privateStackProblems } from "../../config/libvirt-uri";
import { type StackLocation, stateFolderOf } from "../../engine/engine";
import { readProject } from "../../engine/project";
import { DEBIAN_RELEASE_NAMES } from "../../config/debian-releases";
import { type GuestImage, guestImagePath, type GuestKind, IMAGE_FOLDER } from "../../hypervisor/guest-image";

/** A stack, from its files. */
export interface Stack {
  readonly location: StackLocation;
  /** Whether it runs on a libvirtd of its own, in a network namespace of its own. */
  readonly isPrivate: boolean;
  /** What its hosts are. */
  readonly guestKind: GuestKind;
  /** The image under `.lab/images` that its hosts start from; undefined for any other image. */
  readonly image: GuestImage | undefined;
}

/** The images that the lab builds itself. */
const BUILT_IMAGES: readonly GuestImage[] = DEBIAN_RELEASE_NAMES.flatMap((release) =>
  (["container", "vm"] as const).flatMap((kind) =>
    (["plain", "baked"] as const).map((recipe) => ({ release, kind, recipe })),
  ),
);

/** Folders in `.lab` that are no stack's. */
const OTHER_FOLDERS = ["guests", "images", "pulumi"];

/** The names of the project's stacks. */
function stackNames(projectFolder: string): string[] {
  return fs
    .readdirSync(projectFolder)
    .map((file) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/**
 * Finds a stack by its name.
 * @param overrides Configuration of this run, key (`lab:imagePath`) to text, which overrides the stack's file.
 * @throws Error when the stack is unknown, has the name of another folder, would use another one's libvirtd, or the lab cannot build its image.
 */
export function findStack(projectFolder: string, name: string, overrides: Readonly<Record<string, string>>): Stack {
  const names = stackNames(projectFolder);
  if (!names.includes(name)) throw new Error(`unknown stack "${name}"; the stacks are ${names.join(", ")}`);
  if (OTHER_FOLDERS.includes(name))
    throw new Error(`stack name "${name}" is taken by folder .lab/${name}; hint: rename Pulumi.${name}.yaml`);
  const { config } = readProject({ projectFolder, stack: name }, overrides);
  const text = (key: string): string => config[key] ?? "";
  const libvirtUri = text("lab:libvirtUri");
  const [problem] = privateStackProblems(libvirtUri, projectFolder, name);
  if (problem !== undefined) throw new Error(problem);
  return {
    location: { projectFolder, stack: name, stateFolder: stateFolderOf(projectFolder, name) },
    isPrivate: privateStackOf(libvirtUri, projectFolder) === name,
    guestKind: text("lab:hypervisor") === "lxc" ? "container" : "vm",
    image: builtImage(projectFolder, text("lab:imagePath")),
  };
}

/** The contents of an image under `.lab/images`, by its name alone, so that stack files need no second key. */
function builtImage(projectFolder: string, imagePath: string): GuestImage | undefined {
  const imageFolder = path.join(projectFolder, IMAGE_FOLDER);
  const file = path.resolve(projectFolder, imagePath);
  if (imagePath === "" || /^https?:/.test(imagePath) || !file.startsWith(`${imageFolder}${path.sep}`)) return undefined;
  const image = BUILT_IMAGES.find((candidate) => guestImagePath({ ...candidate, imageFolder }) === file);
  if (image !== undefined) return image;
  const known = BUILT_IMAGES.map((each) => guestImagePath({ ...each, imageFolder: IMAGE_FOLDER })).join(", ");
  throw new Error(`lab:imagePath under ${IMAGE_FOLDER} must be one of ${known}, got "${imagePath}"`);
}
