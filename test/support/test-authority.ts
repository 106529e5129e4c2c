import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** A client's certificate and key, as files. */
export interface ClientFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority of a test's own, with the clients that it signs. */
export class TestAuthority {
  readonly certificate: string;
  private readonly key: string;

  constructor(private readonly folder: string) {
    fs.mkdirSync(folder, { recursive: true });
    this.certificate = path.join(folder, "ca.crt");
    this.key = path.join(folder, "ca.key");
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", "/CN=another-ca", "-keyout", this.key, "-out", this.certificate],
    );
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
