import { describe, expect, it } from "vitest";
import * as path from "node:path";
import { STORE_FIELDS } from "../../config/repository-types";
import { PROJECT_FOLDER, problemsOf, stackConfig } from "../support/stack-config";

const S3 = { type: "s3", path: "/demo", s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu-central-1" };
const SFTP = {
  ...{ type: "sftp", path: "/demo", sftpHost: "nas.example.net", sftpHostUser: "backup" },
  sftpHostFingerprint: "e3".repeat(32),
};
const S3_SECRETS = { "repo1-s3-key": "AKIA", "repo1-s3-key-secret": "hunter2" };

describe("the configuration", () => {
  it("accepts the stacks that the project ships", () => {
    expect(stackConfig("dev")).toMatchObject({
      hypervisor: "kvm",
      family: "el8",
      postgresqlVersion: 14,
      packages: "pgdg",
    });
    expect(stackConfig("container")).toMatchObject({ hypervisor: "lxc", family: "debian13", postgresqlVersion: 17 });
  });

  it("is frozen, lists included", () => {
    const config = stackConfig("container");
    expect(() => Object.assign(config.repositories[0] ?? {}, { path: "/elsewhere" })).toThrow(TypeError);
  });

  it("takes relative files from the project's folder, and leaves URLs alone", () => {
    expect(stackConfig("container").imagePath).toBe(
      path.join(PROJECT_FOLDER, ".lab/images/debian13-container-baked.raw"),
    );
    expect(stackConfig("dev").imagePath).toMatch(/^https:/);
    expect(stackConfig("container", { libvirtUri: "lxc:///system?socket=no/such/socket" }).libvirtUri).toBe(
      `lxc:///system?socket=${PROJECT_FOLDER}/no/such/socket`,
    );
  });

  it.each<[Record<string, unknown>, ...string[]]>([
    [{ standbys: 9 }, `lab:standbys must be a whole number from 0 to 8, got 9`],
    [
      { caStage: "trust" },
      `lab:caStage must be retire when lab:caGeneration is 1, which has no CA before it, got "trust"; hint: a rotation begins with lab:caGeneration 2`,
    ],
    [{ caStage: "half", caGeneration: 2 }, `lab:caStage must be one of trust, issue, retire, got "half"`],
    [{ keyGeneration: 0 }, `lab:keyGeneration must be a whole number from 1 to 1000, got 0`],
    [{ revoked: "pg2-srv" }, `lab:revoked must be a list of hosts' names, each once, got "pg2-srv"`],
    [{ revoked: ["pg4-srv"] }, `lab:revoked must name standbys (pg2-srv, pg3-srv), got "pg4-srv"`],
    [
      { revoked: ["pg1-srv"] },
      `lab:revoked must name standbys (pg2-srv, pg3-srv), got "pg1-srv", the primary, without which nothing is archived; hint: lab:keyGeneration gives all hosts new keys`,
    ],
    [
      { revoked: ["backup-srv"], standbys: 0 },
      `lab:revoked must name standbys (of which there are none), got "backup-srv", which keeps the repository; hint: lab:keyGeneration gives all hosts new keys`,
    ],
    [{ standbys: "two" }, `lab:standbys must be a whole number from 0 to 8, got "two"`],
    [{ hypervisor: "xen" }, `lab:hypervisor must be one of kvm, qemu, lxc, got "xen"`],
    [
      { family: "suse" },
      `lab:family must be one of el8, el9, sles15, debian12, debian13, debian14, ubuntu22.04, ubuntu24.04, got "suse"`,
    ],
    [
      { family: "el8" },
      `lab:packages must be one of pgdg, mirror when lab:family is el8 (Rocky Linux 8, AlmaLinux 8, RHEL 8), got "distribution"; its own packages are laid out otherwise`,
    ],
    [
      { family: "sles15" },
      `lab:packages must be one of pgdg, mirror when lab:family is sles15 (SUSE Linux Enterprise Server 15), got "distribution"; its own packages are laid out otherwise`,
    ],
    [
      { family: "debian12", packages: "distribution" },
      `lab:postgresqlVersion must be 15, which is what Debian 12 has, when lab:packages is distribution, got "17"; hint: lab:packages pgdg has every version`,
    ],
    [{ packages: "npm" }, `lab:packages must be one of pgdg, distribution, mirror, got "npm"`],
    [
      { packages: "pgdg" },
      `lab:packages must not be pgdg when lab:networkMode is isolated, as no host reaches PGDG's repositories, got "pgdg"; ` +
        "hint: lab:networkMode nat, or lab:packages mirror with a lab:mirrorUrl that the hosts reach",
    ],
    [{ packages: "mirror" }, `lab:mirrorUrl must be an http or https URL when lab:packages is mirror, got ""`],
    [{ stanza: "De mo" }, `lab:stanza must be a name that matches [a-z][a-z0-9-]*, got "De mo"`],
    [
      { primary: "backup-srv" },
      `lab:primary must be one of pg1-srv, pg2-srv, pg3-srv, pg4-srv, pg5-srv, pg6-srv, pg7-srv, pg8-srv, pg9-srv, got "backup-srv"`,
    ],
    [{ network: "10.83.14.0" }, `lab:network must be an IPv4 network such as 10.83.14.0/24, got "10.83.14.0"`],
    [
      { network: "10.83.14.0/28" },
      `lab:network must have a prefix of 8 to 27 bits, so that every host has its address, got "10.83.14.0/28"`,
    ],
    [
      { network: "10.83.14.7/24" },
      `lab:network must be the network's own address, got "10.83.14.7/24"; the network that holds it is 10.83.14.0/24`,
    ],
    [
      { memoryMiB: 256 },
      `lab:memoryMiB must be a whole number from 512 to 1048576, got 256; PostgreSQL's default shared buffers and pgBackRest need that much`,
    ],
    [{ renewDays: 90 }, `lab:renewDays must be less than lab:hostCertificateDays, which is 90, got "90"`],
    [{ pgbackrestVersion: "latest" }, `lab:pgbackrestVersion must be an exact version such as 2.60.0, got "latest"`],
    [{ repositories: [] }, `lab:repositories must be a list of one to four repositories, got []`],
    [
      { repositories: [{ type: "tape" }] },
      `lab:repositories[0].type must be posix or s3 or azure or gcs or sftp, got "tape"`,
    ],
    [
      { repositories: [{}, { path: "/demo", s3Bucket: "backups", storagePort: 8443 }] },
      `lab:repositories[1].s3Bucket is for type s3 alone, got type posix`,
      `lab:repositories[1].storagePort is for type s3 or azure or gcs alone, got type posix`,
    ],
    [
      { repositories: [{}, { type: "s3", path: "/demo", s3Bucket: "backups" }] },
      `lab:repositories[1] needs s3Bucket, s3Endpoint, s3Region for type s3, and lacks s3Endpoint, s3Region`,
      ...["s3-key", "s3-key-secret"].map(
        (option) =>
          `lab:repositorySecrets must have "repo2-${option}", which is missing; hint: pulumi config set --secret --path 'lab:repositorySecrets["repo2-${option}"]'`,
      ),
    ],
    [
      {
        repositories: [{ ...S3, s3Endpoint: "https://s3.example.net:8443", s3Bucket: "Back_ups", storageCaFile: "ca" }],
        repositorySecrets: S3_SECRETS,
      },
      `lab:repositories[0].s3Bucket must be the name of a bucket, got "Back_ups"`,
      `lab:repositories[0].s3Endpoint must be a host name, without https:// and without a port, got "https://s3.example.net:8443"`,
      `lab:repositories[0].storageCaFile must be an absolute path of letters, digits, ".", "_" and "-", got "ca"`,
    ],
    [
      { repositories: [{ ...S3, s3KeyType: "auto" }], repositorySecrets: S3_SECRETS },
      ...Object.keys(S3_SECRETS).map(
        (option) => `lab:repositorySecrets may not set "${option}": no repository is encrypted or in a store`,
      ),
    ],
    [
      {
        repositories: [S3, { ...S3, s3Endpoint: "s3.example.org" }],
        repositorySecrets: { ...S3_SECRETS, "repo2-s3-key": "AKIA", "repo2-s3-key-secret": "hunter2" },
      },
      `lab:repositories[1].path must be another than the other repositories', got "/demo"`,
    ],
    [
      { repositories: [SFTP, { ...SFTP, type: "s3" }], repositorySecrets: { "repo1-sftp-private-key": "-----\nkey" } },
      `lab:repositories[1] needs s3Bucket, s3Endpoint, s3Region for type s3, and lacks s3Bucket, s3Endpoint, s3Region`,
      ...Object.keys(SFTP)
        .filter((field) => field.startsWith("sftp"))
        .sort((one, other) => Object.keys(STORE_FIELDS).indexOf(one) - Object.keys(STORE_FIELDS).indexOf(other))
        .map((field) => `lab:repositories[1].${field} is for type sftp alone, got type s3`),
      ...["s3-key", "s3-key-secret"].map(
        (option) =>
          `lab:repositorySecrets must have "repo2-${option}", which is missing; hint: pulumi config set --secret --path 'lab:repositorySecrets["repo2-${option}"]'`,
      ),
    ],
    [
      {
        repositories: [S3, { ...SFTP, sftpHostFingerprint: "SHA256:yK1" }],
        repositorySecrets: {
          ...S3_SECRETS,
          "repo1-s3-key": "hunter2\nhunter3",
          "repo2-sftp-private-key": "-----\nkey\n",
        },
      },
      `lab:repositories[1].sftpHostFingerprint must be the SHA-256 of its host key, 64 hexadecimal digits, got "SHA256:yK1"`,
    ],
    [
      { repositories: [S3], repositorySecrets: { ...S3_SECRETS, "repo1-s3-key": "hunter2\nhunter3" } },
      `lab:repositorySecrets must have "repo1-s3-key" in one line of text`,
    ],
    [
      {
        ...{ family: "debian12", postgresqlVersion: 15, pgbackrestVersion: "2.45" },
        ...{ repositories: [SFTP], repositorySecrets: { "repo1-sftp-private-key": "-----" } },
      },
      `lab:repositories[0].type may not set repo1-type=sftp with pgBackRest 2.45: it needs 2.48 or newer (lab:pgbackrestVersion)`,
    ],
    [
      { pgbackrest: { "repo1-s3-key": "hunter2" } },
      `lab:pgbackrest may not set repo1-s3-key: it is a secret, and would stand in the stack's outputs and in files that every account of a host reads; hint: lab:repositorySecrets`,
    ],
    [
      { pgbackrest: { "repo1-storage-verify-tls": false } },
      `lab:pgbackrest may not set repo1-storage-verify-tls: it comes from lab:repositories`,
    ],
    [
      { repositories: [{ path: "/back up" }] },
      `lab:repositories[0].path must be an absolute path of letters, digits, ".", "_" and "-", got "/back up"`,
    ],
    [
      { repositories: [{ size: 3 }] },
      `lab:repositories[0].size is an unknown field; allowed are type, path, retentionFull, retentionFullType, retentionDiff, retentionArchive, retentionArchiveType, retentionHistory, cipherType, bundle, block, ${Object.keys(STORE_FIELDS).join(", ")}`,
    ],
    [
      { repositories: [{}, { path: "/backup_space" }] },
      `lab:repositories[1].path must be another than the other repositories', got "/backup_space"`,
    ],
    [
      { repositories: [{}, { path: "/backup_space/second" }] },
      `lab:repositories[1].path must not lie in another repository, which is /backup_space, got "/backup_space/second"`,
    ],
    [
      { repositories: [{ retentionDiff: 0 }] },
      `lab:repositories[0].retentionDiff must be a whole number from 1, got 0`,
    ],
    [
      { repositories: [{ retentionFullType: "days" }] },
      `lab:repositories[0].retentionFullType must be count or time, got "days"`,
    ],
    [
      { repositories: [{ retentionArchiveType: "diff" }] },
      `lab:repositories[0].retentionArchiveType needs retentionArchive beside it, got "diff"`,
    ],
    [
      { repositories: [{ retentionArchive: 1, retentionArchiveType: "log" }] },
      `lab:repositories[0].retentionArchiveType must be full or diff or incr, got "log"`,
    ],
    [
      { repositories: [{ cipherType: "aes" }] },
      `lab:repositories[0].cipherType must be none or aes-256-cbc, got "aes"`,
    ],
    [{ repositories: [{ bundle: "y" }] }, `lab:repositories[0].bundle must be true or false, got "y"`],
    [
      { repositories: [{ bundle: false, block: true }] },
      `lab:repositories[0].block must not be true when bundle is false, got true`,
    ],
    [
      {
        ...{ family: "debian12", postgresqlVersion: 15, pgbackrestVersion: "2.45" },
        repositories: [{}, { path: "/srv/second", block: true }],
      },
      `lab:repositories[1].block may not set repo2-block with pgBackRest 2.45: it needs 2.52 or newer (lab:pgbackrestVersion)`,
    ],
    [
      { repositoryCipher: true, repositories: [{ cipherType: "none" }] },
      `lab:repositoryCipher must be false when lab:repositories[0].cipherType is none, got "true"`,
    ],
    [
      { pgbackrest: { "repo01-retention-diff": 3 }, repositories: [{ retentionDiff: 2 }] },
      `lab:pgbackrest may not set repo01-retention-diff, which lab:repositories[0] sets`,
    ],
    [
      { pgbackrest: { "repo2-bundle": true } },
      `lab:pgbackrest may not set repo2-bundle: lab:repositories has 1, from repo1 on`,
    ],
    [
      { repositorySecrets: { "repo1-cipher-pass": "hunter2" } },
      `lab:repositorySecrets may not set "repo1-cipher-pass": no repository is encrypted or in a store`,
    ],
    [
      { repositoryCipher: true, repositorySecrets: { "repo2-cipher-pass": "hunter2" } },
      `lab:repositorySecrets may not set "repo2-cipher-pass": allowed are repo1-cipher-pass`,
    ],
    ...["hunter2", { "repo1-cipher-pass": " hunter2" }, { "repo1-cipher-pass": ["hunter2"] }].map(
      (repositorySecrets): [Record<string, unknown>, string] => [
        { repositoryCipher: true, repositorySecrets },
        `lab:repositorySecrets${typeof repositorySecrets === "object" ? ".repo1-cipher-pass" : ""} must be an object of pgBackRest's options and their secrets, each one line of text, or the text of a key file`,
      ],
    ),
    [
      { pgbackrest: { "tls-server-address": "0.0.0.0" } },
      `lab:pgbackrest may not set tls-server-address: the lab's hosts trust each other by the certificates that it issues`,
    ],
    [
      { pgbackrest: { "process-max": [1] } },
      `lab:pgbackrest.process-max must be one line of text, a number or a boolean, got [1]`,
    ],
    [
      { postgresql: { archive_mode: "off" } },
      `lab:postgresql may not set archive_mode: pgBackRest archives WAL, and expires it`,
    ],
    [{ pgbackrest: "fast" }, `lab:pgbackrest must be an object of names and values, got "fast"`],
    [{ libvirtUri: "http://x" }, `lab:libvirtUri must be a libvirt URI (qemu or lxc), got "http://x"`],
    [
      { pgbackrest: { "backup-standby": true }, standbys: 0 },
      `lab:pgbackrest may not set backup-standby: it comes from lab:standbys`,
    ],
    [
      { pgbackrest: { "allow-root": true } },
      `lab:pgbackrest may not set allow-root: files of root in the repository cannot be read by the account that runs pgBackRest`,
    ],
    [
      { pgbackrest: { "checksum-page-error": true } },
      `lab:pgbackrest may not set checksum-page-error with pgBackRest 2.55.1: it needs 2.60.0 or newer (lab:pgbackrestVersion)`,
    ],
    [
      { pgbackrest: { "tls-cipher-13": "TLS_AES_256_GCM_SHA384" } },
      `lab:pgbackrest may not set tls-cipher-13 with pgBackRest 2.55.1: it needs 2.58.0 or newer (lab:pgbackrestVersion)`,
    ],
    [
      { family: "debian12", postgresqlVersion: 15, pgbackrestVersion: "2.45", pgbackrest: { "repo1-block": true } },
      `lab:pgbackrest may not set repo1-block with pgBackRest 2.45: it needs 2.52 or newer (lab:pgbackrestVersion)`,
    ],
    [
      {
        ...{ packages: "pgdg", networkMode: "nat", postgresqlVersion: 14, pgbackrestVersion: "2.38" },
        pgbackrest: { "repo1-bundle-size": "1MiB" },
      },
      `lab:pgbackrest may not set repo1-bundle-size with pgBackRest 2.38: it needs 2.39 or newer (lab:pgbackrestVersion)`,
    ],
    [{ locale: "C UTF-8" }, `lab:locale must be the name of a locale that the hosts have, got "C UTF-8"`],
    [
      { encoding: "UTF 8" },
      `lab:encoding must be the name of an encoding (PostgreSQL, Character Set Support), got "UTF 8"`,
    ],
    [{ postgresqlVersion: 11 }, `lab:postgresqlVersion must be a whole number from 12 to 19, got 11`],
    [
      { postgresqlVersion: 16, pgbackrestVersion: "2.45", packages: "pgdg", networkMode: "nat" },
      `lab:pgbackrestVersion must be 2.48 or newer for PostgreSQL 16, got "2.45"; hint: that one supports PostgreSQL up to 15 (lab:postgresqlVersion)`,
    ],
    [
      { postgresqlVersion: 19, pgbackrestVersion: "2.58.0", packages: "pgdg", networkMode: "nat" },
      `lab:pgbackrestVersion must be 2.59.0 or newer for PostgreSQL 19, got "2.58.0"; hint: that one supports PostgreSQL up to 18 (lab:postgresqlVersion)`,
    ],
    [
      { pgbackrestVersion: "2.9" },
      `lab:pgbackrestVersion must be 2.37 or newer, the first with a TLS server, got "2.9"`,
    ],
    [
      { imageChecksum: "sha256:ABC" },
      `lab:imageChecksum must be empty or sha256: and 64 digits of 0-9a-f, got "sha256:ABC"`,
    ],
    [
      { imageChecksum: `sha256:${"0".repeat(64)}`, imagePath: "https://example.org/image.raw" },
      `lab:imageChecksum is verified for containers only when lab:imagePath is a file; hint: download the image first`,
    ],
    [{ imagePath: "two words" }, `lab:imagePath must be a file or a URL without blanks, got "two words"`],
    [
      { primary: "pg1_srv" },
      expect.stringMatching(/^lab:primary must be one of pg1-srv, .*, got "pg1_srv"$/) as string,
    ],
    [{ networkMode: "routed" }, `lab:networkMode must be one of nat, route, isolated, bridge, got "routed"`],
    [{ diskGiB: 0 }, `lab:diskGiB must be a whole number from 1 to 65536, got 0`],
    [
      { hostCertificates: { "pg1-srv": { certificate: "pg1.crt" } } },
      `lab:hostCertificates.pg1-srv must have certificate and key, each PEM or a file's path, and nothing else`,
    ],
    [{ hostCertificates: "{secret" }, `lab:hostCertificates must be an object of hosts, each with certificate and key`],
    [{ cpus: "many" }, `lab:cpus must be a whole number from 1 to 64, got "many"`],
    [{ memory_mib: 5 }, `unknown key lab:memory_mib; did you mean lab:memoryMiB?`],
    [{ standby: 1 }, `unknown key lab:standby; did you mean lab:standbys?`],
    [{ stanzas: "x" }, `unknown key lab:stanzas; did you mean lab:stanza?`],
    [
      { colour: "red" },
      expect.stringMatching(
        /^unknown key lab:colour; allowed are hypervisor, libvirtUri, .*, hostCertificates$/,
      ) as string,
    ],
  ])("refuses %o", (settings, ...problems) => {
    expect(problemsOf(settings)).toEqual(problems);
  });

  it("names every problem at once", () => {
    expect(problemsOf({ standbys: -1, cpus: 0, colour: "red" })).toHaveLength(3);
  });
});
