import { expect, it } from "vitest";
import { stepOf } from "../../cli/resource-names";

it("tells a resource's host where one host's name begins another's", () => {
  const hosts = ["pg1", "pg1-old", "pg1.south.example"];
  const step = (name: string, type = "command:remote:Command") => stepOf({ name, type }, hosts);
  expect(step("pg1-old-ready")).toEqual({ host: "pg1-old", step: "ready" });
  expect(step("pg1-ready")).toEqual({ host: "pg1", step: "ready" });
  expect(step("pg1.south.example-ready")).toEqual({ host: "pg1.south.example", step: "ready" });
  expect(step("pg1.south.example", "lab:site:LabHost")).toEqual({ host: "pg1.south.example", step: "labhost" });
  expect(step("lab-network-entries")).toEqual({ host: "lab", step: "network-entries" });
});
