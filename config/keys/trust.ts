import * as v from "valibot";
import { STAGES } from "../ca-stages";
import { anyText, type Key, live, oneOf, refused, reload, texts, whole } from "../key";

const RENEWED = "every host gets a new certificate, and pgBackRest's servers and PostgreSQL reload";

/** The lab's own CA and the hosts' certificates. */
export const TRUST_KEYS = {
  caYears: {
    ...whole(1, 30),
    default: 10,
    description: "Years that a CA is valid, from its creation",
    ...refused(
      "the hosts trust the CA that was created with it",
      "set it in the stack's file; ./lab rotate-ca creates the next CA with it",
    ),
  },
  caGeneration: {
    ...whole(1, 1000),
    default: 1,
    description: "The number of the CA, from 1. `./lab rotate-ca` raises it and goes through the stages",
    ...reload("certificates or trusted CAs change on every host, one stage at a time; another stage is refused"),
  },
  caStage: {
    ...oneOf(STAGES),
    default: "retire",
    description:
      "How far the rotation to it is: trust (beside the one before), issue (it signs), retire (the one before is dropped)",
    ...reload("certificates or trusted CAs change on every host, one stage at a time; another stage is refused"),
  },
  keyGeneration: {
    ...whole(1, 1000),
    default: 1,
    description: "The number of the hosts' keys, from 1. A higher one creates new keys",
    ...reload(RENEWED),
  },
  revoked: {
    ...texts(/^/, "a host's name", "a list of hosts' names, each once"),
    default: [],
    description: "Standbys whose certificates the repository host and the primary refuse",
    ...reload("the repository host's pgBackRest server and PostgreSQL reload; the standby's stream is cut off"),
  },
  hostCertificateDays: {
    ...whole(1, 3650),
    default: 90,
    description: "Days that a host's certificate is valid",
    ...reload(RENEWED),
  },
  renewDays: {
    ...whole(0, 3649),
    default: 30,
    description: "Days before a host certificate expires in which `up` signs a new one",
    ...live("it counts from the next `up`"),
  },
} as const satisfies Record<string, Key>;

/** The value may hold a key: no message shows it. */
const HOSTS = "must be an object of hosts, each with certificate and key";
const pair = v.custom<{ certificate: string; key: string }>(
  (value) => v.is(v.strictObject({ certificate: v.string(), key: v.string() }), value),
  "must have certificate and key, each PEM or a file's path, and nothing else",
);
const OUTSIDE =
  "the hosts' certificates are replaced, and pgBackRest's servers and PostgreSQL reload; a CA changes stage by stage (docs/trust.md)";

/** Certificates and keys from a PKI of the user's own. */
export const PKI_KEYS = {
  caCertificate: {
    ...anyText,
    default: "",
    description: "Certificate of your own CA, which replaces the lab's; PEM or a file",
    ...reload(OUTSIDE),
  },
  caKey: {
    ...anyText,
    default: "",
    description: "Private key of that CA, which signs the hosts' certificates; PEM (a secret) or a file",
    secret: true,
    ...reload(OUTSIDE),
  },
  caTrusted: {
    ...anyText,
    default: "",
    description: "Certificates of additional CAs that hosts trust; PEM or a file",
    ...reload(OUTSIDE),
  },
  hostCertificates: {
    type: "object",
    check: v.pipe(v.string(), v.parseJson(undefined, HOSTS), v.record(v.string(), pair, HOSTS)),
    default: {},
    description: "Certificates made elsewhere: a host's name to its certificate and key, each PEM (a secret) or a file",
    secret: true,
    ...reload(OUTSIDE),
  },
} as const satisfies Record<string, Key>;
