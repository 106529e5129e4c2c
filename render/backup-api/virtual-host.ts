import { API_ADDRESS, API_CERTIFICATE_FILES } from "../../plan/backup-api-layout";

export interface VirtualHostArgs {
  /** The name in the server's certificate. */
  readonly serverName: string;
  /** Common names of the authorized clients. */
  readonly clients: readonly string[];
  /** Whether they may start operations, a recovery among them. */
  readonly operations: boolean;
  readonly logFolder: string;
}

/**
 * The virtual host in front of pg-backup-api, the same for every family: mutual TLS with the API's own CA, a list of clients, and
 * read-only unless operations are on (Apache HTTP Server, "mod_ssl", "mod_authz_core", "mod_allowmethods").
 */
export function renderVirtualHost({ serverName, clients, operations, logFolder }: VirtualHostArgs): string {
  const { ca, certificate, key } = API_CERTIFICATE_FILES;
  const names = clients.map((client) => `'${client}'`).join(", ");
  return `TraceEnable Off
ServerTokens Prod

<VirtualHost *:443>
    ServerName ${serverName}

    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile ${certificate}
    SSLCertificateKeyFile ${key}
    SSLCACertificateFile ${ca}
    SSLVerifyClient require
    SSLVerifyDepth 1

    # Without retry=0 the API would stay unavailable for a minute after it has come back.
    ProxyPass "/" "http://${API_ADDRESS}/" retry=0
    ProxyPassReverse "/" "http://${API_ADDRESS}/"

    <Location "/">
        Require expr "%{SSL_CLIENT_S_DN_CN} in {${names}}"
        AllowMethods GET${operations ? " POST" : ""}
    </Location>

    LogFormat "%h %{SSL_CLIENT_S_DN_CN}x %t \\"%r\\" %>s %b" pgbapi
    CustomLog ${logFolder}/pgbapi-access.log pgbapi
    ErrorLog ${logFolder}/pgbapi-error.log
</VirtualHost>
`;
}
