import type { Change } from "../../engine/engine";
import type { ChangeSummary } from "../../cli/show/changes";
import { CERTIFICATE_FILES } from "../../plan/layout";
import type { ManagedFile } from "../../steps/inventory";
import { LabState } from "./lab-state";
import { ScenarioLab } from "./scenario-lab";

/** What an engine said that it would do with a configuration, did, and gave. */
export interface LabRun {
  /** What `preview --json` told, or why it was refused. */
  readonly previewed: unknown;
  readonly status: number | null;
  readonly errors: readonly string[];
  /** What became of each step, run by run, for what failed may be put right and tried again: `pg1-srv-ready created`. */
  readonly steps: readonly (readonly string[])[];
  /** Steps that came before something that they need; those deleted, after it. */
  readonly outOfOrder: readonly string[];
  /** What needs what, by name. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  readonly outputs: unknown;
}

/** A step as `up` prints it, with its seconds since the beginning of the run. */
const STEP = /^ *([\d.]+) s {2}(\S+) +(\S+) +(created|replaced|updated|deleted|FAILED)/gm;

interface Step {
  /** Of the resource. */
  readonly name: string;
  readonly outcome: string;
}

/** What is a lab's own: the address of its libvirt, its keys, and what certificates and passwords say. */
const OWN = ["libvirtUri", "privateKey", "hostKeys"];
const OWN_FILES: readonly unknown[] = [
  CERTIFICATE_FILES.ca,
  CERTIFICATE_FILES.certificate,
  "/var/lib/postgresql/.pgpass",
];

/** A lab on containers under one engine, of which everything is told that the other has to do alike. */
export class ComparedLab extends ScenarioLab {
  private readonly state = new LabState(this);
  private needs: Readonly<Record<string, readonly string[]>> = {};

  constructor(engine: "embedded" | "pulumi") {
    super("container", engine, engine);
  }

  /** Previews a configuration, and brings the lab to it. */
  async change(settings: Readonly<Record<string, string>>): Promise<LabRun> {
    const config = Object.entries(settings).map(([key, text]) => `--config=lab:${key}=${text}`);
    const preview = await this.run("preview", "--json", ...config);
    const { status, stdout, stderr } = await this.run("up", "--yes", ...config);
    const before = this.needs;
    this.needs = this.state.needs();
    const runs = runsOf(stdout, (name) => name in this.needs || name in before);
    return this.anonymous({
      previewed: preview.status === 0 ? summaryOf(preview.stdout) : errorsOf(preview.stderr),
      status,
      errors: errorsOf(stderr),
      steps: runs.map((steps) => steps.map(({ name, outcome }) => `${name} ${outcome}`).sort()),
      outOfOrder: runs.flatMap((steps) => {
        const names = (isDeleted: boolean): string[] =>
          steps.flatMap(({ name, outcome }) => ((outcome === "deleted") === isDeleted ? [name] : []));
        return [...inversions(names(false), this.needs), ...inversions(names(true).reverse(), before)];
      }),
      needs: this.needs,
      outputs: JSON.parse(await this.must("outputs", "--json", "--show-secrets")) as unknown,
    });
  }

  /** Without what is this lab's own. */
  private anonymous(run: LabRun): LabRun {
    return JSON.parse(JSON.stringify(run).replaceAll(this.stack, "STACK"), (name, value: unknown) => {
      const { path = "" } = (value ?? {}) as Partial<ManagedFile>;
      if (OWN_FILES.includes(path)) return { ...(value as ManagedFile), content: undefined, digest: undefined };
      return OWN.includes(name) ? undefined : value;
    }) as LabRun;
  }
}

/** The steps of each run that an `up` has printed: every run begins at no seconds. */
function runsOf(stdout: string, isName: (name: string) => boolean): Step[][] {
  const runs: Step[][] = [];
  let last = Infinity;
  for (const [, seconds, host = "", step = "", outcome = ""] of stdout.matchAll(STEP)) {
    if (Number(seconds) < last) runs.push([]);
    last = Number(seconds);
    runs.at(-1)?.push({ name: [`${host}-${step}`, step].find(isName) ?? `${host} ${step}`, outcome });
  }
  return runs;
}

/** What a preview told; its changes in the order of their names, as those that wait for nothing have none. */
function summaryOf(text: string): ChangeSummary {
  const summary = JSON.parse(text) as ChangeSummary;
  const key = ({ urn, operation }: Change): string => `${urn} ${operation}`;
  return { ...summary, changes: [...summary.changes].sort((one, other) => (key(one) < key(other) ? -1 : 1)) };
}

/** What was printed as a warning or an error; the first line names the engine. */
function errorsOf(text: string): string[] {
  return text.split("\n").filter((line) => !/^lab: stack ".*", engine /.test(line));
}

/** Names that come before one that they need, whatever is between them. */
function inversions(names: readonly string[], needs: LabRun["needs"]): string[] {
  return names.flatMap((name, index) => {
    const needed = new Set<string>();
    const add = (each: string): void => {
      if (needed.has(each)) return;
      needed.add(each);
      needs[each]?.forEach(add);
    };
    needs[name]?.forEach(add);
    return names.slice(index + 1).flatMap((later) => (needed.has(later) ? [`${name} before ${later}`] : []));
  });
}
