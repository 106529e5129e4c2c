import * as os from "node:os";
import * as path from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { withOurPlugins } from "../../engine/plugins/our-plugins";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("leaves the user logged in, wherever the login is, although the plugins have a home of their own", () => {
  const login = (): string | undefined => withOurPlugins({ program: "pulumi" }).environment?.PULUMI_CREDENTIALS_PATH;
  for (const name of ["PULUMI_CREDENTIALS_PATH", "PULUMI_HOME"]) vi.stubEnv(name, undefined);
  expect(login()).toBe(path.join(os.homedir(), ".pulumi"));
  vi.stubEnv("PULUMI_HOME", "/home/of/pulumi");
  expect(login()).toBe("/home/of/pulumi");
  vi.stubEnv("PULUMI_CREDENTIALS_PATH", "/credentials");
  expect(login()).toBe("/credentials");
});
