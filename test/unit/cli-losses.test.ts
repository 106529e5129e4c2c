import { expect, it } from "vitest";
import { explainLosses, findLosses, type LossContext } from "../../cli/gates/losses";
import type { Change, Operation } from "../../engine/engine";
import type { StanzaInfo } from "../../observe/facts";
import { stackPlan } from "../support/stack-config";

const { hosts } = stackPlan("container", { standbys: 1 });
const held: StanzaInfo = {
  name: "demo",
  status: { code: 0, message: "ok" },
  archive: [{ id: "15-1", database: { id: 1 }, max: "00000001000000000000000B" }],
  backup: [
    {
      label: "20261123-120000F",
      type: "full",
      error: false,
      timestamp: { start: 1, stop: 2 },
      archive: { start: "000000010000000000000003", stop: "000000010000000000000004" },
      database: { id: 1 },
      lsn: { start: "0/3000028", stop: "0/4000100" },
    },
  ],
};
const context: LossContext = { stack: "here", stanza: "demo", hosts, held };

const change = (name: string, operation: Operation): Change => ({ urn: name, type: "", name, operation, diff: [] });

it("finds what a run begins anew, of hosts that were there and hold data", () => {
  const changes = [
    change("backup-srv-disk", "replace"),
    change("pg1-srv-disk", "create"),
    change("pg1-srv-domain", "create"),
    change("pg2-srv-disk", "create"),
    change("pg3-srv-disk", "create"),
  ];
  expect(findLosses(hosts, changes)).toEqual([
    { host: "backup-srv", role: "repository", how: "replaced" },
    { host: "pg1-srv", role: "primary", how: "lost" },
  ]);
  expect(findLosses(hosts, [change("pg1-srv-disk", "delete")])).toEqual([
    { host: "pg1-srv", role: "primary", how: "deleted" },
  ]);
  expect(findLosses(hosts, [change("pg1-srv-disk", "same"), change("pg1-srv-domain", "replace")])).toEqual([]);
});

it("says of a lost primary what the repository has of it", () => {
  expect(explainLosses([{ host: "pg1-srv", role: "primary", how: "lost" }], context)).toBe(
    [
      "pg1-srv is the primary: disk not found",
      "  lost: every transaction after the last archived WAL segment (00000001000000000000000B)",
      "  up restores it from backup 20261123-120000F and the WAL archived since; pg2-srv: data ahead of that is moved aside, and the standby is rebuilt",
      "hint: to accept the loss, ./lab up --stack here --yes-replace pg1-srv",
    ].join("\n"),
  );
});

it("says that all is lost when primary and repository are", () => {
  const losses = [
    { host: "backup-srv", role: "repository", how: "replaced" },
    { host: "pg1-srv", role: "primary", how: "lost" },
  ] as const;
  expect(explainLosses(losses, { ...context, held: undefined })).toBe(
    [
      "backup-srv is the repository: this run would replace its disk",
      '  lost: every backup of stanza "demo" and its archived WAL',
      "  up creates an empty repository and the stanza, and takes a full backup",
      "pg1-srv is the primary: disk not found",
      '  lost: the cluster of stanza "demo": the repository is lost too',
      "  up creates a new, empty cluster, and rebuilds the standbys from it",
      "hint: to accept the loss, ./lab up --stack here --yes-replace backup-srv --yes-replace pg1-srv",
    ].join("\n"),
  );
});

it("says that Barman's backups go with its host, and that pgBackRest's stay", () => {
  const withBarman = stackPlan("container", {
    backupApi: true,
    backupApiSource: "test/support/backup-api-stand-in",
  });
  const losses = findLosses(withBarman.hosts, [change("barman-srv-disk", "delete")]);
  expect(explainLosses(losses, context)).toBe(
    [
      "barman-srv is the barman: this run would delete it and its disk",
      '  lost: every backup that Barman has of stanza "demo"; those of pgBackRest stay',
      "  up takes a new one, unless lab:backupApi is false",
      "hint: to accept the loss, ./lab up --stack here --yes-replace barman-srv",
    ].join("\n"),
  );
});
