import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ReadHost } from "../../observe/facts";
import { prove } from "../../observe/observe";
import { isLasting } from "../../observe/settling";
import { type Changes, deployedLab, GOOD, judged, UNIT } from "../support/observed-lab";

/** What the hosts tell, one observation after the other; the last one stays. */
let observations: Changes[] = [];
let asked = 0;

vi.mock("../../observe/session", async (original) => ({
  ...(await original<object>()),
  askHost: (_ssh: unknown, { name }: { name: string }): Promise<ReadHost> => {
    if (name === "backup-srv") asked++;
    const change = observations[Math.min(asked, observations.length) - 1]?.[name] ?? {};
    return Promise.resolve(
      typeof change === "string"
        ? { facts: {}, unread: {}, unreachable: change }
        : { facts: { ...GOOD[name], ...change }, unread: {} },
    );
  },
}));

const BOOTING = "connect ECONNREFUSED 10.83.14.12:22";
const down: Changes = {
  "backup-srv": { units: { "pgbackrest.service": { ...UNIT, state: "inactive", sub: "dead" } } },
};

let now = 0;
vi.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => Promise.resolve(void (now += milliseconds)),
}));

beforeEach(() => {
  [asked, now] = [0, 0];
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  return () => {
    clock.mockRestore();
  };
});

/** The seconds that a proof took, and the causes that it told. */
async function proof(given: Changes[], started: readonly string[]): Promise<[number, string[]]> {
  observations = given;
  const { unproven } = await prove(deployedLab(), { seconds: 240, started });
  return [now / 1000, unproven.map(({ code, host }) => `${code} ${host}`)];
}

describe("a proof of a lab with a host that was just started", () => {
  it("waits for the host, and not for what no waiting mends", async () => {
    const booting = { ...down, "pg2-srv": BOOTING };
    const [seconds, causes] = await proof([booting, booting, booting, down], ["pg2-srv"]);
    expect(causes).toEqual(["LAB-PGBACKREST-DOWN backup-srv"]);
    expect(seconds).toBe(4);
  });

  it("waits for the units of that host as long as it may", async () => {
    const [seconds, causes] = await proof([down], ["backup-srv"]);
    expect(causes).toEqual(["LAB-PGBACKREST-DOWN backup-srv"]);
    expect(seconds).toBe(240);
  });

  it("sees a failure twice before it takes it for lasting: a unit that reloads is down for a moment", async () => {
    const [, causes] = await proof([down, {}], ["pg2-srv"]);
    expect(causes).toEqual([]);
  });
});

describe("a failure that no waiting mends", () => {
  const lasts = (changes: Changes): boolean => isLasting(judged(changes), []);

  it("is one of a unit, but not one of PostgreSQL, of a host, or of both", () => {
    expect(lasts(down)).toBe(true);
    expect(lasts({ "pg2-srv": BOOTING })).toBe(false);
    expect(lasts({ ...down, "pg2-srv": BOOTING })).toBe(false);
    expect(lasts({ "pg1-srv": { postgresql: null } })).toBe(false);
  });

  it("is one of a certificate, unless the server only has to load it or the clock to be set", () => {
    const of = (code: string): boolean =>
      isLasting({ unproven: [{ code, level: "fail", area: "certificate", host: "pg1-srv" }] as never }, []);
    expect(of("LAB-CERT-EXPIRED")).toBe(true);
    expect(of("LAB-CERT-NOT-SERVED")).toBe(false);
    expect(of("LAB-CERT-NOT-YET-VALID")).toBe(false);
  });
});
