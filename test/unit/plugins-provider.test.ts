import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Driver, MISSING, SHUT_OFF } from "../../engine/drivers/driver";
import { tlsDrivers } from "../../engine/drivers/tls";
import { type Begun, Journal } from "../../engine/plugins/journal";
import { clearLeftovers } from "../../engine/plugins/leftovers";
import { Workplace } from "../../engine/plugins/workplace";
import { toStruct } from "../../engine/rpc";
import { isSecret, type Properties, secret, UNKNOWN } from "../../engine/values";
import { type Known, ProviderClient } from "../support/provider-client";

const URN = "urn:pulumi:here::try::box:Box::one";

describe("a provider plugin", () => {
  let folder: string;
  let client: ProviderClient;
  const calls: string[] = [];
  const objects = new Map<string, { isRunning: boolean; format: string }>();
  /** What the next create does in place of its work. */
  let instead: ((signal: AbortSignal) => Promise<never>) | undefined;
  let observations = 0;

  /** Objects that are told apart by UUID, as libvirt's are. */
  const box: Driver = {
    inputs: ["name", "size", "disks.*.file", "format", "key"],
    stable: ["uuid"],
    leavesObjects: true,
    observed: { running: true, format: undefined },
    change: (paths) => {
      if (paths.includes("format")) throw new Error("Update Not Supported");
      return paths.includes("name") ? "replace" : "update";
    },
    create: async ({ inputs, outputs: { uuid }, provider }, task) => {
      calls.push(`create ${String(inputs["name"])} at ${String(provider.uri)}`);
      task.log(`key ${String(inputs["key"])}`, "warning");
      await instead?.(task.signal);
      objects.set(uuid, { isRunning: true, format: "iso" });
      return { id: uuid, outputs: { uuid } };
    },
    update: ({ outputs }, _task, paths) => {
      calls.push(`update ${paths.join()}`);
      return Promise.resolve({ uuid: outputs["uuid"] });
    },
    delete: ({ inputs, outputs }) => {
      calls.push(`delete ${String(inputs["name"])}`);
      objects.delete(String(outputs["uuid"]));
      return Promise.resolve();
    },
    observe: (subjects) => {
      observations++;
      return Promise.resolve(
        subjects.map(({ inputs, outputs }) => {
          const object = objects.get(String(outputs["uuid"]));
          if (object === undefined) return MISSING;
          if (!object.isRunning) return SHUT_OFF;
          const wanted = inputs["format"];
          return wanted === undefined || wanted === object.format
            ? undefined
            : { path: "format", found: object.format };
        }),
      );
    },
  };
  const begin = async (): Promise<void> => {
    client = new ProviderClient(URN, new Workplace(folder, () => Promise.resolve({ "box:Box": box })));
    await client.start();
    await client.configure({ uri: "first" });
  };
  /** Another process's. */
  const again = async (): Promise<void> => {
    client.stop();
    await begin();
  };
  const journal = (): string[] => {
    const begun = path.join(folder, ".lab", "here", "begun");
    return fs.existsSync(begun) ? fs.readdirSync(begun).map((file) => path.join(begun, file)) : [];
  };

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-plugins-"));
    calls.length = 0;
    objects.clear();
    instead = undefined;
    observations = 0;
    await begin();
  });
  afterEach(() => {
    client.stop();
    fs.rmSync(folder, { recursive: true });
  });

  it("says its version, and that it takes secrets and previews", async () => {
    const empty = new Empty();
    expect((await client.call<PluginInfo>("getPluginInfo", empty)).getVersion()).toBe("1.2.3");
    expect(
      (await client.call<rpc.ProviderHandshakeResponse>("handshake", new rpc.ProviderHandshakeRequest())).toObject(),
    ).toMatchObject({
      acceptSecrets: true,
    });
    expect((await client.configure({})).toObject()).toMatchObject({ acceptsecrets: true, supportspreview: true });
    await client.call<Empty>("cancel", empty);
  });

  it("takes name and version of a parameterized package from the request", async () => {
    const value = new rpc.ParameterizeRequest.ParametersValue().setName("libvirt").setVersion("0.9.7");
    const response = await client.call<rpc.ParameterizeResponse>(
      "parameterize",
      new rpc.ParameterizeRequest().setValue(value),
    );
    expect(response.toObject()).toEqual({ name: "libvirt", version: "0.9.7" });
  });

  it("tells a changed configuration, but not a version that is only the engine's", async () => {
    const news = toStruct({ uri: "b", version: "2" });
    expect(
      (await client.call<rpc.CheckResponse>("checkConfig", new rpc.CheckRequest().setNews(news)))
        .getInputs()
        ?.toJavaScript(),
    ).toEqual({ uri: "b", version: "2" });
    const diff = async (olds: Properties): Promise<string[]> => {
      const request = new rpc.DiffRequest().setOldInputs(toStruct(olds)).setNews(news);
      const response = await client.call<rpc.DiffResponse>("diffConfig", request);
      expect(response.getReplacesList()).toEqual([]);
      return response.getDiffsList();
    };
    expect(await diff({ uri: "b", version: "1" })).toEqual([]);
    expect(await diff({ uri: "a", version: "2" })).toEqual(["uri"]);
  });

  it("is a provider of its own for each connection", async () => {
    const other = client.connect();
    await client.configure({ uri: "second" }, other);
    await client.create({ name: "a" });
    await client.create({ name: "b" }, { client: other });
    expect(calls).toEqual(["create a at first", "create b at second"]);
  });

  it("refuses inputs and types that it does not know", async () => {
    expect(await client.check({ name: "a", disks: [{ file: UNKNOWN }] })).toEqual([]);
    expect(await client.check({ name: "a", disks: [{ serial: "1" }] })).toEqual([
      'disks[0].serial: the lab\'s plugins do not support input "disks.0.serial" of box:Box',
    ]);
    const other = new ProviderClient(
      URN.replace("box:Box", "other:Thing"),
      new Workplace(folder, () => Promise.resolve({})),
    );
    await other.start();
    await expect(other.check({})).rejects.toThrow("the lab's plugins do not support type other:Thing");
    other.stop();
  });

  it("creates, with its outputs beside inputs whose secrets stay wrapped", async () => {
    const made = await client.create({ name: "a", key: secret("a-long-secret") });
    expect(made.outputs).toMatchObject({ name: "a", uuid: made.id });
    expect(isSecret(made.outputs["key"])).toBe(true);
    expect(client.logged).toEqual([`warning ${URN} key [secret]`]);
  });

  it("creates nothing in a preview, and leaves unknown what is not known", async () => {
    const made = await client.create({ name: UNKNOWN }, { preview: true });
    expect(made).toEqual({ id: "", inputs: { name: UNKNOWN }, outputs: { name: UNKNOWN } });
    expect(calls).toEqual([]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it("tells no secret in a failure, and stops what exceeds its time", async () => {
    instead = () => Promise.reject(new Error("no room for a-long-secret"));
    await expect(client.create({ name: "a", key: secret("a-long-secret") })).rejects.toThrow(
      /^no room for \[secret\]$/,
    );
    instead = async (signal) => {
      while (!signal.aborted) await sleep(10);
      throw new Error("timed out");
    };
    await expect(client.create({ name: "a" }, { seconds: 0.1 })).rejects.toThrow(/^timed out$/);
  });

  it("names exactly what differs, and whether it replaces", async () => {
    const old: Known = { id: "1", inputs: { name: "a", disks: [{ file: "x" }] }, outputs: { uuid: "1" } };
    expect(await client.diff(old, old.inputs)).toBe("none");
    expect(await client.diff(old, { ...old.inputs, disks: [{ file: "y" }] })).toEqual({ "disks[0].file": "update" });
    expect(await client.diff(old, { name: UNKNOWN, disks: [{ file: "x" }] })).toEqual({ name: "replace" });
    const sealed = { ...old, inputs: { ...old.inputs, key: secret("k") } };
    expect(await client.diff(sealed, { ...old.inputs, key: "k" })).toBe("none");
    // replaceOnChanges, of which a plugin is not told, may make a replacement of it.
    expect(await client.diff(old, { ...old.inputs, format: "iso" })).toEqual({ format: "update" });
  });

  it("updates, and refuses what the real provider refuses, in a preview too", async () => {
    const made = await client.create({ name: "a", size: 1 });
    const updated = await client.update(made, { name: "a", size: 2 });
    expect(updated.outputs).toEqual({ uuid: made.id, name: "a", size: 2 });
    const previewed = await client.update(
      { ...made, outputs: { ...made.outputs, other: "x" } },
      { name: "a", size: 3 },
      true,
    );
    expect(previewed.outputs).toEqual({ uuid: made.id, name: "a", size: 3 });
    expect(calls).toEqual(["create a at first", "update size"]);
    for (const preview of [true, false])
      await expect(client.update(made, { name: "a", format: "raw" }, preview)).rejects.toThrow(
        /^Update Not Supported$/,
      );
  });

  it("reads what is really there, and tells it as a difference until it is mended", async () => {
    const made = await client.create({ name: "a", format: "iso" });
    expect(await client.read(made)).toEqual(made);
    for (const object of objects.values()) object.isRunning = false;
    const off = await client.read(made);
    expect(off).toEqual({ ...made, outputs: { ...made.outputs, running: false } });
    // It differs, in no path on which a host would be replaced.
    expect(await client.diff(off ?? made, made.inputs)).toEqual({});
    expect(await client.diff(off ?? made, made.inputs, ["running"])).toBe("none");
    const started = await client.update(off ?? made, made.inputs);
    expect(calls.at(-1)).toBe("update running");
    expect(await client.diff(started, made.inputs)).toBe("none");
    for (const object of objects.values()) Object.assign(object, { isRunning: true, format: "raw" });
    const emptied = await client.read(off ?? made);
    expect(emptied?.outputs).toEqual({ ...made.outputs, running: true, format: "raw" });
    expect(await client.diff(emptied ?? made, made.inputs)).toEqual({ format: "update" });
    expect(await client.diff(emptied ?? made, made.inputs, ["format"])).toBe("none");
    objects.clear();
    expect(await client.read(made)).toBeUndefined();
  });

  it("tells without a read what needs none: a certificate that is due", async () => {
    const workplace = new Workplace(folder, () => Promise.resolve(tlsDrivers));
    const certificate = new ProviderClient(
      "urn:pulumi:here::try::tls:index/selfSignedCert:SelfSignedCert::one",
      workplace,
    );
    await certificate.start();
    const inputs = { validityPeriodHours: 2, earlyRenewalHours: 1 };
    const ending = (hours: number): Known => {
      const validityEndTime = new Date(Date.now() + hours * 3_600_000).toISOString();
      return { id: "1", inputs, outputs: { ...inputs, validityEndTime, readyForRenewal: false } };
    };
    expect(await certificate.diff(ending(1.1), inputs)).toBe("none");
    expect(await certificate.diff(ending(0.9), inputs)).toEqual({ readyForRenewal: "replace" });
    expect((await certificate.read(ending(0.9)))?.outputs["readyForRenewal"]).toBe(true);
    certificate.stop();
  });

  it("asks once for what is read at the same time", async () => {
    const made = await client.create({ name: "a" });
    const found = await Promise.all(
      [made, { ...made, outputs: { uuid: "none" } }, made].map((each) => client.read(each)),
    );
    expect(found).toEqual([made, undefined, made]);
    expect(observations).toBe(1);
  });

  it("deletes with the old inputs and outputs", async () => {
    const made = await client.create({ name: "a" });
    await client.delete(made);
    expect(objects.size).toBe(0);
    expect(calls.at(-1)).toBe("delete a");
  });

  it("keeps a begun object in its journal, without secrets, until the engine knows it", async () => {
    const made = await client.create({ name: "a", key: secret("a-long-secret") });
    const [file = ""] = journal();
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(fs.readFileSync(file, "utf8")).not.toContain("a-long-secret");
    await again();
    // A replacement of it is another object.
    await client.read({ ...made, id: "other", outputs: { uuid: "other" } });
    expect(journal()).toHaveLength(1);
    await client.read(made);
    expect(journal()).toEqual([]);
  });

  it.each(["diff", "update", "delete"] as const)("learns by %s that the engine knows an object", async (method) => {
    const made = await client.create({ name: "a" });
    await again();
    await (method === "delete" ? client.delete(made) : client[method](made, { name: "a", size: 2 }));
    expect(journal()).toEqual([]);
  });

  it("forgets what could not be created, for the driver has cleaned up", async () => {
    instead = () => Promise.reject(new Error("no room"));
    await expect(client.create({ name: "a" })).rejects.toThrow("no room");
    expect(journal()).toEqual([]);
  });

  it("deletes first what a killed run has left, of a resource that is no more too", async () => {
    // The object is there, and its process is killed before it can tell.
    const killed = new Promise<void>((resolve) => {
      instead = () => {
        resolve();
        return new Promise<never>(() => undefined);
      };
    });
    client.create({ name: "half" }).catch(() => undefined);
    await killed;
    instead = undefined;
    await again();
    const [file = ""] = journal();
    const begun = fs.readFileSync(file, "utf8");
    await client.create({ name: "a" });
    expect(calls).toEqual(["create half at first", "delete half", "create a at first"]);
    // The engine was killed before it heard of this one.
    await again();
    await client.create({ name: "b" });
    expect(calls.slice(3)).toEqual(["delete a", "create b at first"]);
    expect(objects.size).toBe(1);
    await again();
    fs.writeFileSync(`${file.slice(0, -5)}0.json`, begun.replaceAll(URN, `${URN}-gone`));
    await client.delete({ id: "other", inputs: { name: "other" }, outputs: { uuid: "other" } });
    expect(calls.slice(5)).toEqual(["delete half", "delete other"]);
  });

  it("leaves to a destroy what the state does not have; where that cannot be read, only what was not created to its end", async () => {
    const made = await client.create({ name: "a" });
    const [file = ""] = journal();
    const begun = JSON.parse(fs.readFileSync(file, "utf8")) as Begun;
    const left = new Journal(path.dirname(file));
    left.write({ ...begun, urn: `${URN}-half`, id: undefined, inputs: { name: "half" } });
    left.write({ ...begun, urn: `${URN}-unheard`, inputs: { name: "unheard" } });
    const location = { projectFolder: folder, stateFolder: path.join(folder, ".lab", "here") };
    const clear = (known?: Parameters<typeof clearLeftovers>[1]): Promise<void> =>
      clearLeftovers(location, known, () => Promise.resolve({ "box:Box": box }));
    await clear();
    expect(calls.slice(1)).toEqual(["delete half"]);
    await clear(() => Promise.resolve([{ urn: URN, id: made.id }]));
    expect(calls.slice(2)).toEqual(["delete unheard"]);
    expect(journal()).toEqual([]);
  });
});
