import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it, with its inputs settled. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: pulumi.CustomResourceOptions;
  readonly resource: pulumi.Resource;
}

/** The size of the image's disk. */
export const IMAGE_BYTES = 9105 * 1024 ** 2;

/** What a provider would answer, by the last word of the type. */
const OUTPUTS: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  PrivateKey: (name) => ({
    privateKeyPem: `-----BEGIN EC PRIVATE KEY-----\n${name}\n-----END EC PRIVATE KEY-----\n`,
    privateKeyOpenssh: `-----BEGIN OPENSSH PRIVATE KEY-----\n${name}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKeyOpenssh: `ssh-ed25519 ${name}\n`,
  }),
  CertRequest: (name) => ({ certRequestPem: `${name} request\n` }),
  SelfSignedCert: (name) => ({ certPem: `${name} certificate\n` }),
  LocallySignedCert: (name) => ({ certPem: `${name} certificate\n` }),
  Volume: (name) => ({ path: `/pool/${name}` }),
  Domain: (name) => ({ uuid: `${name}-uuid` }),
  Command: (name) => ({ stdout: name === "lab-storage-base-inspect" ? String(IMAGE_BYTES) : `${name} stdout` }),
};

/**
 * Runs a program against mocks and waits for everything it registered. Options are seen as the program gave them, which mocks alone
 * would not show.
 * @param options.recreated A host whose domain is another one than in other runs.
 */
export async function runMocked(
  program: () => unknown,
  { preview = false, recreated = "" } = {},
): Promise<Registered[]> {
  const inputs = new Map<string, Record<string, unknown>>();
  const seen: { type: string; name: string; options: pulumi.CustomResourceOptions; resource: pulumi.Resource }[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const { type, name } = args;
        inputs.set(`${type} ${name}`, args.inputs as Record<string, unknown>);
        if (name === `${recreated}-domain`)
          return { id: `${name}-id`, state: { ...(args.inputs as object), uuid: "new" } };
        const outputs = OUTPUTS[type.split(":").at(-1) ?? ""]?.(name) ?? {};
        return { id: `${name}-id`, state: { ...(args.inputs as object), ...outputs } };
      },
      call: ({ token }) => {
        throw new Error(`the program calls ${token}`);
      },
    },
    "lab",
    "test",
    preview,
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts, resource }) => {
      seen.push({ type, name, options: opts, resource });
      return undefined;
    });
    await program();
    return {};
  });
  await pulumi.runtime.disconnect();
  return seen.map((one) => ({ ...one, inputs: inputs.get(`${one.type} ${one.name}`) ?? {} }));
}
