import { afterEach, describe, expect, it, vi } from "vitest";
import { asRoot, handOver, inNamespace } from "../../cli/stack/hand-over";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("handOver", () => {
  it.each([
    ["exit 7", 7],
    ["kill -TERM $$", 143],
    ['[ "$LAB_GIVEN" = yes ] && exit 3', 3],
  ])("gives the exit status of `%s`, as a shell would", async (script, status) => {
    expect(await handOver(["sh", "-c", script], { LAB_GIVEN: "yes" })).toBe(status);
  });

  it("says when there is no such program", async () => {
    await expect(handOver(["/nonexistent/program"])).rejects.toThrow("spawn /nonexistent/program ENOENT");
  });

  it("passes a signal on, once, and no longer than the program runs", async () => {
    const before = process.listenerCount("SIGHUP");
    const ended = handOver(["sh", "-c", "trap 'exit 9' HUP; while :; do sleep 0.05; done"]);
    expect(process.listenerCount("SIGHUP")).toBe(before + 1);
    const timer = setInterval(() => process.emit("SIGHUP", "SIGHUP"), 100);
    expect(await ended).toBe(9);
    clearInterval(timer);
    expect(process.listenerCount("SIGHUP")).toBe(before);
  });
});

describe("asRoot", () => {
  it("takes the lab's own settings along without showing them, and PATH", () => {
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "hidden");
    vi.stubEnv("LAB_DEPTH", "2");
    vi.stubEnv("PATH", "/home/user/.pulumi/bin:/usr/bin");
    vi.stubEnv("MY_TOKEN", "other");
    for (const name of ["GOPROXY", "GOOGLE_TOKEN", "PIP_INDEX_URL"]) vi.stubEnv(name, "other");
    const command = asRoot(["node", "main.ts"]);
    expect(command[0]).toBe("sudo");
    expect(command[1]).toMatch(/^--preserve-env=.*\bLAB_DEPTH\b/);
    expect(command[1]).toMatch(/\bPULUMI_CONFIG_PASSPHRASE\b/);
    expect(command[1]).toMatch(/\bGOPROXY\b.*\bPIP_INDEX_URL\b|\bPIP_INDEX_URL\b.*\bGOPROXY\b/);
    expect(command.slice(2)).toEqual(["env", "PATH=/home/user/.pulumi/bin:/usr/bin", "node", "main.ts"]);
    expect(command.join(" ")).not.toMatch(/hidden|_TOKEN/);
  });
});

describe("inNamespace", () => {
  it("ties the command to this process's life", () => {
    expect(inNamespace("lab-dev", ["ssh", "host"])).toEqual(
      "setpriv --pdeathsig KILL nsenter --net=/run/netns/lab-dev -- ssh host".split(" "),
    );
  });
});
