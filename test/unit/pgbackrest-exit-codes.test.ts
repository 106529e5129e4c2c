import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { PGBACKREST_ERRORS, pgBackRestHint } from "../../observe/pgbackrest-exit-codes";
import { PROJECT_FOLDER } from "../support/stack-config";

it("has a hint for every error that a user of the lab is likely to meet", () => {
  expect(Object.keys(PGBACKREST_ERRORS).map(Number)).toEqual(
    expect.arrayContaining([39, 42, 49, 56, 95, 101, 103, 105]),
  );
  for (const [code, { name, hint }] of Object.entries(PGBACKREST_ERRORS)) {
    expect(Number(code), name).toBeGreaterThanOrEqual(25);
    expect(hint, name).toMatch(/^.{20,}[^.]$/);
  }
});

it("finds the error in what a command printed", () => {
  const output = "P00   INFO: check command begin\nP00  ERROR: [105]: access denied\n";
  expect(pgBackRestHint(output)).toBe(
    "pgBackRest [105] access: the server does not let this certificate have this stanza: see tls-server-auth, and name the stanza in the command",
  );
  expect(pgBackRestHint("P00  ERROR: [025]: assert")).toBeUndefined();
  expect(pgBackRestHint("exit status 56")).toBeUndefined();
});

it("stands in the documentation for those who run pulumi up", () => {
  const text = fs.readFileSync(path.join(PROJECT_FOLDER, "docs", "pulumi.md"), "utf8").replaceAll(/ +/g, " ");
  for (const [code, { name, hint }] of Object.entries(PGBACKREST_ERRORS)) {
    expect(text).toContain(`| ${code} | ${name} | ${hint} |`);
  }
});

it.each([
  [
    "ERROR: [039]: HTTP request failed with 403 (Forbidden):\n<Error><Code>InvalidAccessKeyId</Code><Message>No such key</Message></Error>",
    "No such key (InvalidAccessKeyId): the store does not know the key: see repoN-s3-key in lab:repositorySecrets",
  ],
  [
    "P00  ERROR: [095]: unable to verify certificate presented by 'backup-srv:8432': [20] unable to get local issuer certificate",
    pgBackRestHint("ERROR: [095]: other"),
  ],
  [
    "P00  ERROR: [039]: HTTP request failed with 403 (Forbidden):\n*** Path/Query ***:\nHEAD /backups/demo",
    "HTTP request failed with 403 (Forbidden): the store refuses the key, or does not allow it this: see lab:repositorySecrets",
  ],
  [
    "*** Response Content ***:\n<Error><Code>NoSuchBucket</Code></Error>",
    "NoSuchBucket: the bucket does not exist there: see s3Bucket and s3Endpoint in lab:repositories",
  ],
  [
    "P00  ERROR: [101]: host [4c] and configured fingerprint (repo-sftp-host-fingerprint) [e3] do not match\nINFO: end",
    "host [4c] and configured fingerprint (repo-sftp-host-fingerprint) [e3] do not match: the server has another host key than sftpHostFingerprint in lab:repositories: before you change that, ask who runs it",
  ],
  [
    "P00  ERROR: [101]: public key authentication failed: libssh2 error [-18]",
    "public key authentication failed: libssh2 error [-18]: the server does not accept the key: see repoN-sftp-private-key in lab:repositorySecrets, and the authorized_keys of sftpHostUser there",
  ],
  ["ERROR: [039]: HTTP request failed with 503 (Slow Down):", pgBackRestHint("ERROR: [039]: other")],
])("hints at what a store refuses: %s", (output, hint) => {
  expect(pgBackRestHint(output)).toBe(hint);
});
