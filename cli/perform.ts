import { type Invocation, type Options, stackOf } from "./invocation";
import { asRoot, handOver, thisCommand } from "./stack/hand-over";

/** A subcommand's work: resolves to the exit status. */
type Work = (invocation: Invocation) => number | Promise<number>;

/**
 * Carries a subcommand out, as root where necessary, and exits.
 * @param needsRoot Whether it needs root whatever the stack: a private libvirtd makes network namespaces and mounts.
 */
export async function perform(options: Options, work: Work, needsRoot: boolean): Promise<void> {
  const { signal, received } = abortOnSignal();
  try {
    const invocation: Invocation = { options, signal };
    const isHandedOver = process.getuid?.() !== 0 && (needsRoot || stackOf(invocation).isPrivate);
    process.exitCode = isHandedOver ? await handOver(asRoot(thisCommand())) : await work(invocation);
  } catch (error) {
    process.stderr.write(`lab: ${messageOf(error, options.debug === true)}\n`);
    process.exitCode = 1;
  }
  if (signal.aborted) process.exitCode = 128 + received();
  // Open connections and children would keep the process alive.
  process.exit();
}

function messageOf(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "interrupted";
  return debug ? (error.stack ?? error.message) : error.message;
}

/** The first SIGINT or SIGTERM aborts, the second exits at once. */
function abortOnSignal(): { signal: AbortSignal; received: () => number } {
  const controller = new AbortController();
  let number = 0;
  let first = 0;
  const onSignal = (_name: NodeJS.Signals, value: number): void => {
    // A terminal sends Ctrl-C to a process and to its parent, which passes it on: within 300 ms two count as one.
    if (controller.signal.aborted && performance.now() - first < 300) return;
    if (controller.signal.aborted) process.exit(128 + value);
    number = value;
    first = performance.now();
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { signal: controller.signal, received: () => number };
}
