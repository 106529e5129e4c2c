import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { safeguard } from "../../cli/gates/safeguard";
import { domainNameOf } from "../../config/libvirt-names";
import type { DeployedLab } from "../../observe/lab";
import type { Change, Engine } from "../../engine/engine";
import { planLab } from "../../plan/plan";
import { stackConfig } from "../support/stack-config";

const URI = "lxc:///system?socket=/run/x";
const POOL = "/var/lib/libvirt/images/lab-container";
const invocation = {
  options: { stack: "container", config: {} },
  signal: new AbortController().signal,
};
const configuration = stackConfig("container", { libvirtUri: URI, standbys: 1 });
const plan = planLab(configuration);
const HOSTS = plan.hosts.map(({ name }) => name);
const lab = { stack: "container", plan, configuration } as DeployedLab;

/** Answers from files, and writes down what changes something. */
const VIRSH = String.raw`#!/bin/bash
shift 3
case "$1 $2" in
"list --all") ls "$VIRSH_FOLDER/domains" ;;
"list --state-paused") ls "$VIRSH_FOLDER/paused" ;;
"list --name") ls "$VIRSH_FOLDER/domains" | grep -v off ;;
"pool-list --name") echo lab-container ;;
"vol-list lab-container") cat "$VIRSH_FOLDER/volumes" ;;
"dumpxml "*) cat "$VIRSH_FOLDER/domains/$2" ;;
*) echo "$*" >>"$VIRSH_FOLDER/changes" ;;
esac
`;

let folder: string;
let previews: number;
const searchPath = process.env.PATH;
const told: string[] = [];

const engine = (name: Engine["name"], changes: Change[] = []): Engine =>
  ({
    name,
    preview: () => {
      previews++;
      return Promise.resolve(changes);
    },
  }) as unknown as Engine;
const guard = (using: Engine, yesReplace: string[] = []) => safeguard(invocation, using, lab, yesReplace);
const domain = (name: string, disk: string): void => {
  fs.writeFileSync(
    path.join(folder, "domains", domainNameOf("container", name)),
    `<domain><source file='${disk}'/></domain>`,
  );
};
const volumes = (...hosts: string[]): void => {
  fs.writeFileSync(path.join(folder, "volumes"), hosts.map((host) => ` ${host}.raw   ${POOL}/${host}.raw\n`).join(""));
};
const changed = (): string[] => {
  const file = path.join(folder, "changes");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
};
const replaced: Change = {
  urn: "urn",
  type: "libvirt:index/volume:Volume",
  name: "backup-srv-disk",
  operation: "replace",
  diff: [],
};

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-safeguard-"));
  for (const name of ["domains", "paused"]) fs.mkdirSync(path.join(folder, name));
  fs.writeFileSync(path.join(folder, "virsh"), VIRSH, { mode: 0o755 });
  process.env.PATH = `${folder}:${searchPath ?? ""}`;
  process.env.VIRSH_FOLDER = folder;
  for (const host of HOSTS) domain(host, `${POOL}/${host}.raw`);
  volumes(...HOSTS);
  previews = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => told.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  told.length = 0;
  process.env.PATH = searchPath;
  fs.rmSync(folder, { recursive: true });
});

it("looks no further at a whole lab until something is to be changed", async () => {
  const { started, canBeAsked, checkLosses } = await guard(engine("embedded", [replaced]));
  expect([started, canBeAsked, previews]).toEqual([[], true, 0]);
  await expect(checkLosses()).rejects.toThrow(/^backup-srv is the repository: this run would replace its disk\n/);
  await expect(checkLosses()).rejects.toThrow("hint: to accept the loss");
  expect(previews).toBe(1);
  await (await guard(engine("embedded", [replaced]), ["backup-srv"])).checkLosses();
  expect(previews).toBe(2);
  const pulumi = await guard(engine("pulumi"));
  await expect(pulumi.checkLosses([replaced])).rejects.toThrow("backup-srv is the repository");
  expect(previews).toBe(2);
  expect(changed()).toEqual([]);
});

it("refuses a loss before it takes away or starts anything, where a host is not whole", async () => {
  volumes(...HOSTS.filter((host) => host !== "pg2-srv"));
  await expect(guard(engine("pulumi", [replaced]))).rejects.toThrow("backup-srv is the repository");
  expect(changed()).toEqual([]);
});

it("takes away what is left of a host of the lab that has lost its disk", async () => {
  volumes(...HOSTS.filter((host) => host !== "pg2-srv"));
  const { canBeAsked } = await guard(engine("embedded"));
  expect(canBeAsked).toBe(false);
  expect(changed()).toEqual(["destroy lab-container-pg2-srv", "undefine lab-container-pg2-srv"]);
  expect(told).toEqual(["pg2-srv: disk not found, recreating the host\n"]);
});

it("resumes a host that is paused", async () => {
  fs.writeFileSync(path.join(folder, "paused", domainNameOf("container", "pg2-srv")), "");
  const { started, canBeAsked } = await guard(engine("embedded"));
  expect([started, canBeAsked]).toEqual([["pg2-srv"], false]);
  expect(changed()).toEqual(["resume lab-container-pg2-srv"]);
  expect(told).toEqual(["pg2-srv was paused, resuming it\n"]);
});

it("leaves a domain of another owner alone that has the name of a host", async () => {
  volumes(...HOSTS.filter((host) => host !== "pg2-srv"));
  domain("pg2-srv", "/srv/theirs/pg2-srv.raw");
  const { canBeAsked } = await guard(engine("embedded"));
  expect(canBeAsked).toBe(false);
  expect(changed()).toEqual([]);
});

it("takes every --yes-replace that its own hint names, and no host that the lab does not have", async () => {
  const other: Change = { ...replaced, name: "pg1-srv-disk" };
  const { checkLosses } = await guard(engine("pulumi"));
  const refusal = await checkLosses([replaced, other]).then(
    () => "",
    (error: unknown) => String(error),
  );
  const named = [...refusal.matchAll(/--yes-replace (\S+)/g)].map(([, host = ""]) => host);
  expect(named).toEqual(["backup-srv", "pg1-srv"]);
  await (await guard(engine("pulumi"), named)).checkLosses([replaced, other]);
  await expect(guard(engine("embedded"), ["pg10-srv"])).rejects.toThrow(
    new RangeError('there is no host "pg10-srv"; there are backup-srv, pg1-srv, pg2-srv'),
  );
});
