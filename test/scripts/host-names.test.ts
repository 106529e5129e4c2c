import * as fs from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

it("site/host-names.sh writes the lab's hosts first, replaces its own lines alone, and may run again", () => {
  const file = host.path("hosts");
  fs.writeFileSync(file, "127.0.0.1 localhost\n10.0.0.9 mirror # ours\n");
  const run = (...reservations: string[]): string => {
    expect(host.run("site/host-names.sh", reservations, "", { "/etc/hosts": file })).toMatchObject({
      status: 0,
      stderr: "",
    });
    return fs.readFileSync(file, "utf8");
  };
  const theirs = "127.0.0.1 localhost\n10.0.0.9 mirror # ours\n";
  expect(run("backup-srv=10.0.0.30", "pg1-srv=10.0.0.31")).toBe(
    `10.0.0.30 backup-srv # a host of the lab\n10.0.0.31 pg1-srv # a host of the lab\n${theirs}`,
  );
  expect(run("pg1.north.example pg1=10.0.0.31")).toBe(`10.0.0.31 pg1.north.example pg1 # a host of the lab\n${theirs}`);
  const again = `10.0.0.32 pg1-srv # a host of the lab\n${theirs}`;
  expect([run("pg1-srv=10.0.0.32"), run("pg1-srv=10.0.0.32")]).toEqual([again, again]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o644);
});
