import { readFileSync } from "node:fs";
import * as os from "node:os";

/** The machine of the figures, in one line: without it they mean nothing. */
export function describeMachine(): string {
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? os.type();
  return [
    `${os.cpus().length} × ${(os.cpus()[0]?.model ?? "unknown processor").trim()}`,
    `${Math.round(os.totalmem() / 1024 ** 3)} GiB`,
    system,
    `kernel ${os.release()}`,
    `node ${process.version}`,
    `load ${os.loadavg()[0]?.toFixed(1) ?? "?"} before`,
  ].join(", ");
}
