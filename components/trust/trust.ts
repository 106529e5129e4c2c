import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import type { Pki } from "../../config/pki";
import { hostsWith, type LabPlan } from "../../plan/plan";
import { CertificateAuthority } from "./certificate-authority";
import { HostCertificate } from "./host-certificate";

export interface TrustArgs {
  config: LabConfig;
  plan: LabPlan;
  /** Certificates and keys from outside. */
  pki: Pki;
}

/** The hosts' trust in each other: a CA, and a certificate for every host that talks to another by pgBackRest's or PostgreSQL's protocol. */
export class Trust extends pulumi.ComponentResource {
  private readonly certificates: ReadonlyMap<string, HostCertificate>;

  constructor(name: string, args: TrustArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:trust:Trust", name, {}, opts);
    const { config, plan, pki } = args;

    const ca = new CertificateAuthority(
      `${name}-ca`,
      { years: config.caYears, rotation: config, given: pki.authority, trustedPem: pki.trustedPem },
      { parent: this },
    );
    this.certificates = new Map(
      hostsWith(plan, "repository", "primary", "standby", ...(plan.postgresql.tls ? ["barman" as const] : [])).map(
        (host) => [
          host.name,
          new HostCertificate(
            host.resources.certificate,
            {
              host,
              ca,
              given: pki.hosts[host.name],
              keyGeneration: config.keyGeneration,
              days: config.hostCertificateDays,
              renewDays: config.renewDays,
            },
            { parent: this },
          ),
        ],
      ),
    );

    this.registerOutputs({});
  }

  /** The certificate of a host. */
  certificateOf(host: string): HostCertificate {
    const found = this.certificates.get(host);
    if (found === undefined) throw new RangeError(`host "${host}" has no certificate`);
    return found;
  }
}
