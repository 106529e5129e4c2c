import { expect, it } from "vitest";
import { refuseProtected } from "../../cli/commands/destroy";
import { EngineError } from "../../engine/engine";

it("refuses to destroy a stack with protected resources, and says how to go on", () => {
  expect(() => {
    refuseProtected("staging", ["pg1-srv-disk", "backup-srv-disk"]);
  }).toThrow(
    new EngineError(
      'stack "staging" has protected resources: backup-srv-disk, pg1-srv-disk; nothing was destroyed; ' +
        "hint: ./lab destroy --stack staging --unprotect destroys them too, with every backup",
    ),
  );
  expect(() => {
    refuseProtected("staging", []);
  }).not.toThrow();
});

it("says what destroy does to machines that exist", () => {
  expect(() => {
    refuseProtected("staging", ["db1.ops.example-released"]);
  }).toThrow(
    new EngineError(
      'stack "staging" has protected resources: db1.ops.example-released; nothing was destroyed; ' +
        "hint: ./lab destroy --stack staging --unprotect stops PostgreSQL and pgBackRest on them; data and backups stay",
    ),
  );
});
