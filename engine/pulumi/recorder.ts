import type { DiagnosticEvent, EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation";
import type { Change, EngineEvent, Operation } from "../engine";

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: "create",
  update: "update",
  same: "same",
  delete: "delete",
  "create-replacement": "replace",
  "delete-replaced": "delete",
};

/** Translates the CLI's events, and keeps their changes and errors. */
export class Recorder {
  readonly changes = new Map<string, Change>();
  /** Errors by URN. */
  private readonly messages = new Map<string, string>();
  private readonly otherMessages: string[] = [];
  private readonly begun = new Map<string, number>();

  constructor(private readonly emit: (event: EngineEvent) => void = () => undefined) {}

  readonly take = (event: PulumiEvent): void => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (diagnosticEvent) this.log(diagnosticEvent);
    const metadata = (resourcePreEvent ?? resOutputsEvent ?? resOpFailedEvent)?.metadata;
    const operation = metadata && OPERATIONS[metadata.op];
    // The CLI makes default providers on its own.
    if (!operation || /::pulumi:providers:[^:]+::default/.test(metadata.urn)) return;
    const { urn, type } = metadata;
    const isChanged = operation === "update" || operation === "replace";
    const diff = isChanged ? Object.keys(metadata.detailedDiff ?? {}) : [];
    const change = { urn, type, name: urn.split("::").slice(3).join("::"), operation, diff };
    const seconds = (performance.now() - (this.begun.get(urn) ?? performance.now())) / 1000;
    if (resourcePreEvent) {
      // What is deleted for its successor's sake is a change of its own only where it has none.
      if (metadata.op !== "delete-replaced" || !this.changes.has(urn)) this.changes.set(urn, change);
      this.begun.set(urn, performance.now());
      if (operation !== "same" && !resourcePreEvent.planning) this.emit({ kind: "begin", change });
    } else if (resOutputsEvent) {
      if (!resOutputsEvent.planning) this.emit({ kind: "end", change, seconds });
    } else this.emit({ kind: "fail", change, seconds, message: this.messages.get(urn) ?? "" });
  };

  /** Whether a resource has failed. */
  get hasFailed(): boolean {
    return this.messages.size > 0;
  }

  /** Each failed resource and its message, or else the errors of the run as a whole. */
  failures(): string[] {
    const failures = [...this.messages].map(([urn, text]) => `${urn.split("::").slice(2).join(" ")}: ${text}`);
    return failures.length > 0 ? failures : this.otherMessages;
  }

  private log({ severity, message, urn = "" }: DiagnosticEvent): void {
    // The SDK's debug messages show secrets.
    if ((severity as string) === "debug") return;
    const text = message.replace(/<\{%.*?%\}>/g, "").trimEnd();
    if (severity === "error" && urn !== "") this.messages.set(urn, text);
    else if (severity === "error") this.otherMessages.push(text);
    this.emit({ kind: "log", severity: severity === "info#err" ? "info" : severity, message: text, urn });
  }
}
