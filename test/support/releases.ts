import { DEBIAN_RELEASES, type DebianReleaseName } from "../../config/debian-releases";
import { familyOf } from "../../config/families";
import { type GuestImage, guestImagePath, IMAGE_FOLDER } from "../../hypervisor/guest-image";
import { stackConfig } from "./stack-config";

/** The release of the hosts of stacks `container` and `local`. */
export const RELEASE = stackConfig("container").family as DebianReleaseName;

/** Their PostgreSQL, and where it is. */
export const POSTGRESQL = DEBIAN_RELEASES[RELEASE].postgresql;
const family = familyOf(RELEASE, POSTGRESQL);
export const { binaries, dataFolder, service } = family;
export const settingsFile = family.settingsFileOf(family);

/** A text in an expression that matches it. */
export const literally = (text: string): string => text.replaceAll(/[.@]/g, "\\$&");

/** The packages of a release's hosts, in the form of a mirror's list. */
export const packagesOf = (release: DebianReleaseName): readonly string[] => [
  ...[`postgresql-${DEBIAN_RELEASES[release].postgresql}`, "pgbackrest", "jq", "openssl"],
];

/** An image of containers of a release, from the project's folder. */
export const containerImage = (recipe: GuestImage["recipe"], release: DebianReleaseName = RELEASE): string =>
  guestImagePath({ release, kind: "container", recipe, imageFolder: IMAGE_FOLDER });

/** What a stack of hosts of another release has otherwise. */
export const versionsOf = (release: DebianReleaseName): readonly string[] => [
  `family=${release}`,
  `postgresqlVersion=${DEBIAN_RELEASES[release].postgresql}`,
  `pgbackrestVersion=${DEBIAN_RELEASES[release].pgbackrest}`,
];
