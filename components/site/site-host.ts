import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { RemoteHost } from "../../steps/remote-host";

/** A host of the site, whether the program makes it or it exists. */
export interface SiteHost extends RemoteHost {
  readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
  readonly identity: pulumi.Output<string>;
  readonly ready: pulumi.Resource;
  /** The host's public key, OpenSSH format. */
  readonly hostKey: pulumi.Input<string>;
  /** Changes when its domain is defined again, whatever its size; undefined where there is none. */
  readonly defined?: pulumi.Output<string>[];
}
