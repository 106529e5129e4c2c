import * as v from "valibot";
import { MOST_MEMBERS, PRIMARY_INDEX, ROLES } from "../hosts";
import { field, fields, textField, wholeField } from "../key";
import { folder } from "../repository-types";

/** A host's name is a certificate's common name too, and its replication slot's, which begins with `lab_` (NAMEDATALEN: 63). */
export const LONGEST_NAME = 59;

const LABEL = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/;

const ALLOWED = "an object of hosts, each with a role";

export const address = field((message) => v.pipe(v.string(message), v.ipv4(message)), "an IPv4 address");

const number = (least: number, most: number) => v.optional(wholeField(least, most));

/** What `lab:cpus`, `lab:memoryMiB` and `lab:diskGiB` allow. */
export const LIMITS = { cpus: [1, 64], memoryMiB: [512, 1024 * 1024], diskGiB: [1, 64 * 1024] } as const;

const HOST_KEY = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$/;

const ACCOUNT = /^[a-z_][a-z0-9_-]*$/;

/** An SSH server: its port, and its host key in OpenSSH format. */
const sshServer = {
  port: v.optional(wholeField(1, 65535), 22),
  hostKey: textField(HOST_KEY, "the machine's public host key, two words as in /etc/ssh/ssh_host_ed25519_key.pub"),
};

/** The host between this machine and others, which only forwards. */
const jump = fields({
  address: textField(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "an IPv4 address or a host name"),
  user: textField(ACCOUNT, "the name of an account"),
  ...sshServer,
});

/** How a machine is reached that the program does not make. */
const existing = fields({
  user: textField(ACCOUNT, "the name of an account that may use sudo without a password"),
  ...sshServer,
  jump: v.optional(jump),
  adopt: v.optional(field((message) => v.boolean(message), "true or false")),
});

const host = fields({
  role: field((message) => v.picklist(ROLES, message), `one of ${ROLES.join(", ")}`),
  address: v.optional(address),
  site: v.optional(textField(/^\S+$/, "a site of lab:sites")),
  index: number(PRIMARY_INDEX + 1, MOST_MEMBERS),
  cpus: number(...LIMITS.cpus),
  memoryMiB: number(...LIMITS.memoryMiB),
  diskGiB: number(...LIMITS.diskGiB),
  dataFolder: v.optional(folder),
  postgresqlPort: number(1024, 65535),
  service: v.optional(textField(/^[a-z][\w@.-]*\.service$/, "a systemd unit, such as postgresql@17-sales.service")),
  existing: v.optional(existing),
});

/** Why a name is no host's; undefined for a host name or an FQDN that a certificate and a replication slot can have. */
export function hostNameProblem(name: string): string | undefined {
  const labels = name.split(".");
  const isName = name.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label));
  // The last label of an address is a number (RFC 1123, 2.1).
  if (!isName || /^\d+$/.test(labels.at(-1) ?? "")) {
    return (
      `has an invalid name: ${JSON.stringify(name)}; allowed are host names and FQDNs of lower-case letters, digits and "-", ` +
      `of at most ${LONGEST_NAME} characters`
    );
  }
  if (name === "localhost") return "has an invalid name: localhost is every host's own";
  // The lab's own resources have such names.
  return name === "lab" || name.startsWith("lab-")
    ? `has an invalid name: ${name}; names that begin with lab- are the program's own`
    : undefined;
}

/** The map of hosts, by name. */
export const hostMap = {
  type: "object",
  check: v.pipe(
    v.string(),
    v.parseJson(undefined, `must be ${ALLOWED}`),
    v.custom<object>((value) => !Array.isArray(value), `must be ${ALLOWED}`),
    v.record(v.string(), host, `must be ${ALLOWED}`),
    v.rawCheck(({ dataset, addIssue }) => {
      for (const name of Object.keys(dataset.typed ? dataset.value : {})) {
        const message = hostNameProblem(name);
        if (message !== undefined) addIssue({ message });
      }
    }),
  ),
} as const;
