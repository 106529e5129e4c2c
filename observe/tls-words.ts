/** TLS's alerts (RFC 8446, section 6, and RFC 5246), as a client hears them from a server: what the server has against the client. */
export const TLS_ALERTS: Readonly<Record<number, string>> = {
  40: "handshake failure: they have no version or cipher in common",
  42: "bad certificate: the client's certificate cannot be used",
  43: "unsupported certificate: the client's certificate is not for use as a client",
  44: "certificate revoked",
  45: "certificate expired: the client's certificate has expired",
  46: "certificate unknown: the client's certificate could not be checked",
  48: "unknown ca: the client's certificate was issued by a CA that the server does not trust",
  51: "decrypt error: the client's key does not belong to its certificate",
  70: "protocol version: the server speaks no version of TLS that the client offered",
  116: "certificate required: the client presented no certificate",
};

/** OpenSSL's verify errors (openssl-verification-options(1), X509_STORE_CTX_get_error(3)): what a client has against a server's certificate. */
export const VERIFY_ERRORS: Readonly<Record<number, string>> = {
  7: "its signature is not that of its CA",
  9: "it is not valid yet: see the hosts' clocks",
  10: "it has expired",
  18: "it is signed by itself",
  19: "it was issued by a CA that the client does not trust",
  20: "it was issued by a CA that the client does not trust",
  21: "it was issued by a CA that the client does not trust",
  26: "it is not for use as a server",
  62: "it does not name the host (SAN)",
};

/** What a number means, or that it is none of the table's. */
export function inWords(table: Readonly<Record<number, string>>, code: number, otherwise: string): string {
  return table[code] ?? otherwise;
}
