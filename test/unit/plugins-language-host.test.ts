import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { LanguageRuntimeClient, LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/language_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as monitor from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LanguageHost } from "../../engine/plugins/language-host";
import { answer } from "../../engine/rpc";

const ROOT = path.resolve(__dirname, "../..");

describe("the language host", { timeout: 60_000 }, () => {
  let folder: string;
  let address: string;
  let client: LanguageRuntimeClient;
  let host: LanguageHost;
  const servers: grpc.Server[] = [];
  const logged: string[] = [];

  const serve = async (...services: [grpc.ServiceDefinition, grpc.UntypedServiceImplementation][]): Promise<string> => {
    const server = new grpc.Server();
    for (const [service, handlers] of services) server.addService(service, handlers);
    servers.push(server);
    const bind = promisify(server.bindAsync.bind(server));
    return `127.0.0.1:${await bind("127.0.0.1:0", grpc.ServerCredentials.createInsecure())}`;
  };

  beforeEach(async () => {
    fs.mkdirSync(path.join(ROOT, ".lab"), { recursive: true });
    folder = fs.mkdtempSync(path.join(ROOT, ".lab", "test-host-"));
    logged.length = 0;
    // As much of an engine as a program without resources needs.
    address = await serve(
      [
        EngineService,
        {
          log: answer((request: LogRequest) => {
            logged.push(request.getMessage());
            return new Empty();
          }),
        },
      ],
      [
        ResourceMonitorService,
        {
          supportsFeature: answer(() => new monitor.SupportsFeatureResponse()),
          registerResource: answer(() => new monitor.RegisterResourceResponse().setUrn("urn:pulumi:here::try::s::s")),
          registerResourceOutputs: answer(() => new Empty()),
          signalAndWaitForShutdown: answer(() => new Empty()),
        },
      ],
    );
    host = new LanguageHost(address, () => Promise.resolve());
    const own = await serve([LanguageRuntimeService, host.handlers]);
    client = new LanguageRuntimeClient(own, grpc.credentials.createInsecure());
  });
  afterEach(() => {
    client.close();
    for (const server of servers.splice(0)) server.forceShutdown();
    fs.rmSync(folder, { recursive: true });
  });

  const run = (program: string): Promise<rpc.RunResponse.AsObject> => {
    fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "try" }));
    fs.writeFileSync(path.join(folder, "index.ts"), `import * as pulumi from "@pulumi/pulumi";\n${program}`);
    const info = new rpc.ProgramInfo().setRootDirectory(folder).setProgramDirectory(folder).setEntryPoint("index.ts");
    const request = new rpc.RunRequest().setProject("try").setStack("here").setOrganization("organization");
    request.setMonitorAddress(address).setInfo(info).setParallel(4).setDryrun(true);
    request.getConfigMap().set("try:text", "configured").set("try:key", "hidden");
    request.setConfigsecretkeysList(["try:key"]);
    return new Promise((resolve, reject) => {
      client.run(request, (error, response) => {
        if (error) reject(new Error(error.details));
        else resolve(response.toObject());
      });
    });
  };

  it("runs the program with the run's configuration, and the engine hears what it says", async () => {
    const response = await run(`
      const config = new pulumi.Config();
      void pulumi.log.warn([config.require("text"), pulumi.getStack(), pulumi.getProject(), pulumi.runtime.isDryRun()].join());
      pulumi.secret(config.requireSecret("key")).apply((key) => pulumi.log.info("key " + key));
    `);
    expect(response).toEqual({ error: "", bail: false });
    expect(logged).toContain("configured,here,try,true");
    expect(logged).toContain("key hidden");
  });

  it("tells a failure that the SDK has told from one that nobody has", async () => {
    expect(await run(`throw new pulumi.RunError("refused");`)).toEqual({ error: "", bail: true });
    expect(logged).toContain("refused");
    expect(await run("process.exit(3);")).toEqual({ error: "the program failed with exit status 3", bail: false });
  });

  it("ends the program when the run is cancelled", async () => {
    const running = run(`void pulumi.log.info("waits"); setInterval(() => undefined, 1000);`);
    await expect.poll(() => logged, { timeout: 30_000 }).toContain("waits");
    await new Promise((resolve) => client.cancel(new Empty(), resolve));
    expect(await running).toEqual({ error: expect.stringMatching(/^the program failed/) as string, bail: false });
  });
});
