import * as fs from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { renderStandbysConf } from "../../render/pgbackrest-conf";
import { GUEST, PLACES } from "../support/places";
import { stackPlan } from "../support/stack-config";
import { StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

it("backup-plane/standbys-forget.sh leaves the standbys that stay, none that has gone, and may run again", () => {
  const conf = (hosts: object): string => renderStandbysConf(stackPlan("container", { hosts }), "2.55.1");
  const file = host.path("standbys.conf");
  const run = (...names: string[]): string | undefined => {
    expect(host.run("backup-plane/standbys-forget.sh", [file, ...names])).toMatchObject({ status: 0, stderr: "" });
    expect(fs.existsSync(`${file}.kept`)).toBe(false);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  };
  const [standby, guest] = ["pg1.south.example", "a-reader.south.example"];
  expect(run(standby)).toBeUndefined();
  const both = conf({ ...PLACES, ...GUEST });
  fs.writeFileSync(file, both);
  expect(run(guest, standby, "pg1.north.example")).toBe(both);
  expect([run(standby), run(standby)]).toEqual([conf(PLACES), conf(PLACES)]);
  expect(run("south.example")).toBe("");
});
