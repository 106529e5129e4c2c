/** What an object store refuses (Amazon S3 and Azure Blob Storage, "Error codes"), to what a DBA can look at. */
const REFUSALS: Readonly<Record<string, string>> = {
  NoSuchBucket: "the bucket does not exist there: see s3Bucket and s3Endpoint in lab:repositories",
  InvalidAccessKeyId: "the store does not know the key: see repoN-s3-key in lab:repositorySecrets",
  SignatureDoesNotMatch: "the store does not accept the key's secret: see repoN-s3-key-secret in lab:repositorySecrets",
  AccessDenied: "the key may not do this in the bucket: see what the store allows it",
  AuthorizationHeaderMalformed: "the bucket is in another region: see s3Region in lab:repositories",
  PermanentRedirect: "the bucket has another endpoint: see s3Endpoint and s3UriStyle in lab:repositories",
  ContainerNotFound: "the container does not exist there: see azureContainer in lab:repositories",
  AuthenticationFailed: "the store does not accept the key: see repoN-azure-key in lab:repositorySecrets",
  RequestTimeTooSkewed: "the clocks of the repository host and of the store differ by more than 15 minutes",
};

/** The same of an answer without words, as to a request for an object's size (HTTP status, RFC 9110). */
const STATUSES: Readonly<Record<string, string>> = {
  401: "the store does not accept the key: see lab:repositorySecrets",
  403: "the store refuses the key, or does not allow it this: see lab:repositorySecrets",
  404: "the store knows no such bucket or container: see its name and endpoint in lab:repositories",
};

/** What pgBackRest says of a connection to a store. */
const CONNECTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /unable to set user-defined CA certificate location/,
    "storageCaFile in lab:repositories is missing on the repository host, or holds no certificate",
  ],
  [
    /configured fingerprint \(repo-sftp-host-fingerprint\)/,
    "the server has another host key than sftpHostFingerprint in lab:repositories: before you change that, ask who runs it",
  ],
  [
    /public key authentication failed/,
    "the server does not accept the key: see repoN-sftp-private-key in lab:repositorySecrets, and the authorized_keys of sftpHostUser there",
  ],
  [
    /unable to verify certificate presented by/,
    "its certificate must be signed by a CA that the repository host trusts: see storageCaFile in lab:repositories",
  ],
];

/** What a store answered instead of what pgBackRest asked for. */
export interface StoreProblem {
  /** In one line, without a secret: pgBackRest leaves those out. */
  readonly problem: string;
  /** What to look at; undefined where the answer is not known. */
  readonly hint?: string;
}

/**
 * Reads pgBackRest's message of a request that a store refused, or of a store that does not answer.
 * @returns Undefined where the message may be of something else.
 */
export function storeProblem(message: string): StoreProblem | undefined {
  const [, code] = /<Code>(\w+)<\/Code>/.exec(message) ?? [];
  if (code !== undefined) {
    const [, said] = /<Message>([^<]*)<\/Message>/.exec(message) ?? [];
    return { problem: said === undefined ? code : `${said} (${code})`, hint: REFUSALS[code] };
  }
  const [failed, status = ""] = /HTTP request failed with (\d+)[^:\n]*/.exec(message) ?? [];
  if (failed !== undefined) return { problem: failed, hint: STATUSES[status] };
  for (const [pattern, hint] of CONNECTIONS) {
    const line = message.split("\n").find((each) => pattern.test(each));
    if (line !== undefined) return { problem: line.replace(/^.*?\[\w+\]:? /, ""), hint };
  }
  return undefined;
}
