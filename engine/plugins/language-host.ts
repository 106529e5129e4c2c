import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { startProgram } from "../program-process";
import { answer } from "../rpc";

/** The SDK's exit status for an error that it has logged. */
const BAIL = 32;

/** Any will do. */
const VERSION = "1.0.0";

/** Serves the program by Pulumi's language protocol. */
export class LanguageHost {
  private child: ChildProcess | undefined;

  /**
   * @param engine The address of the engine's own service.
   * @param beginning Awaited before a run's first resource.
   */
  constructor(
    private readonly engine: string,
    private readonly beginning: () => Promise<void>,
  ) {}

  readonly handlers: UntypedServiceImplementation = {
    getPluginInfo: answer(() => new PluginInfo().setVersion(VERSION)),
    getRequiredPackages: answer(async () => {
      await this.beginning();
      // Each provider is loaded when the first of its resources is registered.
      return new rpc.GetRequiredPackagesResponse();
    }),
    run: answer((request: rpc.RunRequest) => this.run(request)),
    cancel: answer(() => {
      this.stop();
      return new Empty();
    }),
  };

  /** Ends the program, if it runs. */
  stop(): void {
    this.child?.kill("SIGINT");
  }

  private async run(request: rpc.RunRequest): Promise<rpc.RunResponse> {
    const { programDirectory: folder = "", entryPoint: main = "." } = request.getInfo()?.toObject() ?? {};
    this.child = startProgram({
      ...{ monitor: request.getMonitorAddress(), engine: this.engine, folder, main },
      ...{ project: request.getProject(), stack: request.getStack(), organization: request.getOrganization() },
      config: Object.fromEntries(request.getConfigMap().toArray()),
      secretKeys: request.getConfigsecretkeysList(),
      ...{ parallel: request.getParallel(), preview: request.getDryrun() },
    });
    // The engine shows what its language host prints.
    this.child.stdout?.pipe(process.stdout);
    this.child.stderr?.pipe(process.stderr);
    const [code] = (await once(this.child, "close")) as [number | null];
    if (code === 0) return new rpc.RunResponse();
    if (code === BAIL) return new rpc.RunResponse().setBail(true);
    return new rpc.RunResponse().setError(`the program failed with exit status ${String(code)}`);
  }
}
