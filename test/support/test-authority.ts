import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** A client's certificate and key, as files. */
export interface ClientFiles {
  readonly cert: string;
  readonly key: string;
}

/** What a host's certificate is made of. */
export interface Issue {
  commonName: string;
  /**
   * Subject alternative names; none leaves the extension out.
   * @default [commonName]
   */
  names?: readonly string[];
  /** @default ["serverAuth", "clientAuth"] */
  uses?: readonly ("serverAuth" | "clientAuth")[];
  /**
   * Days until it ends; a negative number is a time ago.
   * @default 90
   */
  days?: number;
}

/** A certificate and its key, as files. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** An authority of a test's own, with the clients that it signs. */
export class TestAuthority {
  readonly certificate: string;
  readonly key: string;

  private issued = 0;

  /**
   * @param given A certificate and key, PEM, in place of ones of its own.
   * @param own The name and days of its own.
   */
  constructor(
    private readonly folder: string,
    given?: { readonly certificate: string; readonly key: string },
    { commonName = "another-ca", days = 2 } = {},
  ) {
    fs.mkdirSync(folder, { recursive: true });
    this.certificate = path.join(folder, "ca.crt");
    this.key = path.join(folder, "ca.key");
    if (given !== undefined) {
      fs.writeFileSync(this.certificate, given.certificate);
      fs.writeFileSync(this.key, given.key, { mode: 0o600 });
      return;
    }
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", String(days), "-subj", `/CN=${commonName}`, "-keyout", this.key, "-out", this.certificate],
    );
  }

  /** Signs what a host of the lab would have, or something that it must not. */
  issue({ commonName, names = [commonName], uses = ["serverAuth", "clientAuth"], days = 90 }: Issue): Issued {
    const file = (suffix: string): string => path.join(this.folder, `issued${this.issued}.${suffix}`);
    this.issued += 1;
    openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${commonName}`],
      ...["-keyout", file("key"), "-out", file("csr")],
    );
    const extensions = [
      "keyUsage=critical,digitalSignature",
      `extendedKeyUsage=${uses.join(",")}`,
      ...(names.length > 0 ? [`subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`] : []),
    ];
    fs.writeFileSync(file("ext"), extensions.join("\n"));
    openssl(
      ...["x509", "-req", "-in", file("csr"), "-CA", this.certificate, "-CAkey", this.key, "-CAcreateserial"],
      ...["-days", String(days), "-extfile", file("ext"), "-out", file("crt")],
    );
    return { certificate: file("crt"), key: file("key") };
  }

  /** Signs a client's certificate that ends in so many days; a negative number is a time ago. */
  sign(commonName: string, days: number): ClientFiles {
    const file = (suffix: string): string => path.join(this.folder, `${commonName}${days}.${suffix}`);
    openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${commonName}`],
      ...["-keyout", file("key"), "-out", file("csr")],
    );
    openssl(
      ...["x509", "-req", "-in", file("csr"), "-CA", this.certificate, "-CAkey", this.key, "-CAcreateserial"],
      ...["-days", String(days), "-out", file("crt")],
    );
    return { cert: file("crt"), key: file("key") };
  }
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
