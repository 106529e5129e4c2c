import { expect, it } from "vitest";
import { addHost } from "../../cli/invocation";
import { explainLosses } from "../../cli/gates/losses";

it("takes every --yes-replace that its own hint names, and no other host", () => {
  const losses = (["repository", "primary", "barman"] as const).map((role) => ({
    host: { repository: "backup-srv", primary: "pg3-srv", barman: "barman-srv" }[role],
    role,
    how: "deleted" as const,
  }));
  const hint = explainLosses(losses, { stack: "container", stanza: "demo", hosts: [], held: undefined });
  const named = [...hint.matchAll(/--yes-replace (\S+)/g)].map(([, host = ""]) => host);
  expect(named).toEqual(["backup-srv", "pg3-srv", "barman-srv"]);
  expect(named.reduce<string[]>((hosts, host) => addHost(host, hosts), [])).toEqual(named);
  expect(() => addHost("pg10-srv", [])).toThrow(
    "It must be one of backup-srv, pg1-srv, pg2-srv, pg3-srv, pg4-srv, pg5-srv, pg6-srv, pg7-srv, pg8-srv, pg9-srv, barman-srv.",
  );
});
