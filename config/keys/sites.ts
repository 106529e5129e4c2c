import * as fs from "node:fs";
import * as path from "node:path";
import * as v from "valibot";
import { parseNetwork } from "../ipv4";
import { field, fields } from "../key";
import { PROJECT_FOLDER } from "../project-folder";

/** What a libvirt's URI looks like. */
export const LIBVIRT_URI = { pattern: /^(qemu|lxc)(\+\w+)?:\/\/\S*$/, allowed: "a libvirt URI (qemu or lxc)" } as const;

/** What a bridge's name looks like. */
export const BRIDGE = {
  pattern: /^[\w.-]{0,15}$/,
  allowed: 'a bridge\'s name of at most 15 letters, digits, "_", "." and "-"',
} as const;

/** With the links of its folder resolved, as a socket's path has a limit of 107 bytes (unix(7)). */
export function withAbsoluteSocket(uri: string): string {
  return uri.replace(/(?<=[?&]socket=)[^&]+/, (socket) => {
    const absolute = path.resolve(PROJECT_FOLDER, socket);
    const folder = path.dirname(absolute);
    return path.join(fs.existsSync(folder) ? fs.realpathSync(folder) : folder, path.basename(absolute));
  });
}

/** An IPv4 network in CIDR form. */
export const networkCheck = v.pipe(
  v.string(({ input }) => `must be an IPv4 network such as 10.83.14.0/24, got ${JSON.stringify(input)}`),
  v.check(
    (network) => networkProblem(network) === undefined,
    ({ input }) => networkProblem(input) ?? "",
  ),
);

function networkProblem(network: string): string | undefined {
  try {
    parseNetwork(network);
    return undefined;
  } catch (error) {
    return (error as RangeError).message;
  }
}

const libvirt = fields({
  libvirtUri: field(
    (message) => v.pipe(v.string(message), v.regex(LIBVIRT_URI.pattern, message), v.transform(withAbsoluteSocket)),
    LIBVIRT_URI.allowed,
  ),
  network: networkCheck,
  bridge: v.optional(
    field(
      (message) => v.pipe(v.string(message), v.minLength(1, message), v.regex(BRIDGE.pattern, message)),
      BRIDGE.allowed,
    ),
  ),
});

const machines = field(
  (message) => v.literal("existing", message),
  "existing, or an object with libvirtUri and network",
);

const ALLOWED = "must be an object of sites, each existing or with libvirtUri and network";

/** The map of sites, by name. */
export const siteMap = {
  type: "object",
  check: v.pipe(
    v.string(),
    v.parseJson(undefined, ALLOWED),
    v.custom<object>((value) => !Array.isArray(value), ALLOWED),
    v.record(
      v.pipe(
        v.string(),
        v.regex(
          /^[a-z][a-z\d-]{0,19}$/,
          'has an invalid name; allowed are at most 20 lower-case letters, digits and "-"',
        ),
      ),
      v.lazy((site) => (typeof site === "object" && site !== null ? libvirt : machines)) as v.GenericSchema<
        unknown,
        v.InferOutput<typeof libvirt> | "existing"
      >,
      ALLOWED,
    ),
  ),
} as const;
