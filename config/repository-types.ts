import * as v from "valibot";
import { textField, wholeField, wordField } from "./key";

/** An absolute path that needs no quotes anywhere. */
export const folder = textField(/^(\/[A-Za-z0-9._-]+)+$/, 'an absolute path of letters, digits, ".", "_" and "-"');

const matching = (pattern: RegExp, allowed: string) => v.optional(textField(pattern, allowed));
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;
const hostName = matching(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "a host name, without https:// and without a port");
const port = v.optional(wholeField(1, 65535));

/** What repositories that are in no folder of the repository host have beside what all have: pgBackRest's options without `repoN-`. */
export const STORE_FIELDS = {
  s3Bucket: matching(BUCKET, "the name of a bucket"),
  s3Endpoint: hostName,
  s3Region: matching(/^[a-z0-9-]+$/, "the name of a region"),
  s3UriStyle: wordField(["host", "path"]),
  s3KeyType: wordField(["shared", "auto"]),
  azureAccount: matching(/^[a-z0-9]{3,24}$/, "the name of an account"),
  azureContainer: matching(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "the name of a container"),
  azureEndpoint: hostName,
  azureUriStyle: wordField(["host", "path"]),
  azureKeyType: wordField(["shared", "sas"]),
  gcsBucket: matching(BUCKET, "the name of a bucket"),
  gcsEndpoint: hostName,
  gcsKeyType: wordField(["service", "auto"]),
  sftpHost: hostName,
  sftpHostPort: port,
  sftpHostUser: matching(/^[a-z_][a-z0-9_-]*$/, "the name of an account"),
  sftpHostFingerprint: matching(/^[0-9a-f]{64}$/, "the SHA-256 of its host key, 64 hexadecimal digits"),
  storagePort: port,
  storageCaFile: v.optional(folder),
} as const;
export type StoreField = keyof typeof STORE_FIELDS;

/** A repository's type: a folder on the repository host, or a store that the host talks to. */
export const REPOSITORY_TYPES = ["posix", "s3", "azure", "gcs", "sftp"] as const;
export type RepositoryType = (typeof REPOSITORY_TYPES)[number];

/** What a type has beside what all have. */
interface TypeFields {
  readonly needs: readonly StoreField[];
  readonly may: readonly StoreField[];
  /** The fields that say where it is, beside the path. */
  readonly place: readonly StoreField[];
  /** The secrets that it needs, by names such as fields have, unless the machine's own role lets it in. */
  readonly secrets: readonly string[];
  readonly otherSecrets?: readonly string[];
  /** The secret that pgBackRest reads from a file, and the field that names the file. */
  readonly file?: readonly [secret: string, field: string];
  /** Fields that it always has. */
  readonly fixed?: Readonly<Record<string, string>>;
}

const HTTPS = ["storagePort", "storageCaFile"] as const;

/** By the type (pgBackRest, "Repository Options"). Certificates and host keys are always verified. */
export const TYPE_FIELDS: Readonly<Record<RepositoryType, TypeFields>> = {
  posix: { needs: [], may: [], place: [], secrets: [] },
  s3: {
    needs: ["s3Bucket", "s3Endpoint", "s3Region"],
    may: ["s3UriStyle", "s3KeyType", ...HTTPS],
    place: ["s3Bucket"],
    secrets: ["s3Key", "s3KeySecret"],
    otherSecrets: ["s3Token"],
  },
  azure: {
    needs: ["azureAccount", "azureContainer"],
    may: ["azureEndpoint", "azureUriStyle", "azureKeyType", ...HTTPS],
    place: ["azureAccount", "azureContainer"],
    secrets: ["azureKey"],
  },
  gcs: {
    needs: ["gcsBucket"],
    may: ["gcsEndpoint", "gcsKeyType", ...HTTPS],
    place: ["gcsBucket"],
    secrets: ["gcsKey"],
    file: ["gcsKey", "gcsKey"],
  },
  sftp: {
    needs: ["sftpHost", "sftpHostUser", "sftpHostFingerprint"],
    may: ["sftpHostPort"],
    place: ["sftpHost"],
    secrets: ["sftpPrivateKey"],
    file: ["sftpPrivateKey", "sftpPrivateKeyFile"],
    fixed: { sftpHostKeyHashType: "sha256", sftpHostKeyCheckType: "fingerprint" },
  },
};
