import { X509Certificate } from "node:crypto";
import * as https from "node:https";
import type { ApiAccess } from "../plan/access";

const ANSWER_SECONDS = 60;

/** What the API answered. */
export interface ApiAnswer {
  readonly status: number;
  /** HTTP's words for the status. */
  readonly reason: string;
  readonly body: string;
}

export interface ApiRequest {
  /** Such as `/status`. */
  readonly path: string;
  /** Common name of the client that asks; undefined for one without a certificate. */
  readonly client: string | undefined;
  /**
   * JSON to POST.
   * @default - GET
   */
  readonly post?: string;
}

/** Asks the API as one of its clients, over TLS with the API's own authority. The host's name need not resolve here. */
export function askApi(access: ApiAccess, { path, client, post }: ApiRequest): Promise<ApiAnswer> {
  const { key, certificate: cert } = client === undefined ? {} : clientOf(access, client);
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        method: post === undefined ? "GET" : "POST",
        host: access.address,
        servername: access.host,
        headers: { host: access.host, ...(post === undefined ? {} : { "content-type": "application/json" }) },
        path,
        ca: access.authority,
        key,
        cert,
        timeout: ANSWER_SECONDS * 1000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status = 0, statusMessage: reason = "" } = response;
          resolve({ status, reason, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer in ${ANSWER_SECONDS} seconds`)));
    request.on("error", reject);
    request.end(post);
  });
}

/** A client's key and certificate. */
export function clientOf(access: ApiAccess, client: string): ApiAccess["clients"][string] {
  const found = access.clients[client];
  if (found === undefined) {
    throw new Error(`the API has no client "${client}"; its clients are ${Object.keys(access.clients).join(", ")}`);
  }
  return found;
}

/** Each client's common name to the end of its certificate, ISO 8601. */
export function clientEnds({ clients }: ApiAccess): Record<string, string> {
  return Object.fromEntries(
    Object.entries(clients).map(([client, { certificate }]) => [
      client,
      new Date(new X509Certificate(certificate).validTo).toISOString().replace(".000Z", "Z"),
    ]),
  );
}
