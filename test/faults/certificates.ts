import { CERTIFICATE_FILES } from "../../plan/layout";
import { stackPlan } from "../support/stack-config";
import type { Fault } from "./fault";

const { ca, certificate, key, folder } = CERTIFICATE_FILES;
const { service } = stackPlan("container").postgresql;

/** Shell that has the lab's CA, in ca.pem, sign a certificate of a host for its key, with dates in openssl's options. */
const sign = (host: string, dates: string): string =>
  `openssl req -new -key ${key} -subj /CN=${host} -addext subjectAltName=DNS:${host} -out host.csr; openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.pem -copy_extensions copyall ${dates} -out ${certificate}; rm ca.pem`;

/** The files of a host's certificate. */
export const CERTIFICATE_FAULTS: readonly Fault[] = [
  {
    name: "the trusted CAs are missing",
    host: "pg2-srv",
    local: true,
    inject: `rm ${ca}`,
    told: [`fail LAB-CERT-MISSING pg2-srv: ${ca} is missing`],
    healedBy: "up",
  },
  {
    name: "the certificate is missing",
    host: "pg2-srv",
    local: true,
    inject: `rm ${certificate}`,
    told: [`fail LAB-CERT-MISSING pg2-srv: ${certificate} is missing`],
    healedBy: "up",
  },
  {
    name: "the key is missing",
    host: "pg3-srv",
    local: true,
    inject: `rm ${key}`,
    told: [`fail LAB-KEY-MISSING pg3-srv: ${key} is missing`],
    healedBy: "up",
  },
  {
    name: "the certificate is damaged",
    host: "pg2-srv",
    local: true,
    inject: `echo nonsense >${certificate}`,
    told: [`fail LAB-CERT-UNREADABLE pg2-srv: ${certificate} holds no certificate, or a damaged one`],
    healedBy: "up",
  },
  {
    name: "the key is damaged",
    host: "pg2-srv",
    local: true,
    inject: `echo nonsense >${key}`,
    told: [`fail LAB-KEY-UNREADABLE pg2-srv: ${key} holds no key`],
    healedBy: "up",
  },
  {
    name: "everyone may read the key",
    host: "pg1-srv",
    inject: `chmod 0644 ${key}`,
    told: [
      "fail LAB-KEY-MODE pg1-srv: the key has mode 0644: pgBackRest refuses a key that others than its owner may read [42]",
    ],
    healedBy: "up",
  },
  {
    name: "the key belongs to root",
    host: "backup-srv",
    inject: `chown root: ${key}`,
    told: [
      "fail LAB-KEY-OWNER backup-srv: the key belongs to root, and pgBackRest runs as pgbackrest: it cannot use it [42]",
    ],
    healedBy: "up",
  },
  {
    name: "the certificate's file has another mode",
    host: "pg3-srv",
    local: true,
    inject: `chmod 0600 ${certificate}`,
    told: ["fail LAB-FILE-MODE pg3-srv: the file has mode 0600, not 0644"],
    healedBy: "up",
  },
  {
    name: "a key of another pair",
    host: "pg2-srv",
    local: true,
    inject: `openssl ecparam -name prime256v1 -genkey -noout >${key}`,
    told: [
      "fail LAB-KEY-MISMATCH pg2-srv: the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]",
    ],
    healedBy: "up",
  },
  {
    name: "a certificate of another CA",
    host: "pg2-srv",
    local: true,
    inject: `cd ${folder}; openssl req -x509 -key host.key -subj /CN=pg2-srv -addext subjectAltName=DNS:pg2-srv -days 90 -out host.crt`,
    told: ["fail LAB-CERT-ISSUER pg2-srv: the certificate was signed by CN=pg2-srv, which is none of the CAs in " + ca],
    healedBy: "up",
  },
  {
    name: "a certificate for another name",
    host: "pg3-srv",
    local: true,
    inject: `cd ${folder}; openssl req -x509 -key host.key -subj /CN=elsewhere -addext subjectAltName=DNS:elsewhere -days 90 -out host.crt`,
    told: [
      'fail LAB-CERT-NAME pg3-srv: the certificate\'s common name is "elsewhere", but tls-server-auth of the other hosts authorizes "pg3-srv"',
      "fail LAB-CERT-SAN pg3-srv: the certificate is for DNS:elsewhere, not for DNS:pg3-srv: clients refuse it",
      "fail LAB-CERT-ISSUER pg3-srv: the certificate was signed by CN=elsewhere, which is none of the CAs in " + ca,
    ],
    healedBy: "up",
  },
  {
    name: "trusted CAs of a stranger",
    host: "pg2-srv",
    local: true,
    inject: `cd /run; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -subj /CN=root-ca -days 90 -out ${ca}`,
    told: [`fail LAB-CERT-ISSUER pg2-srv: the certificate was signed by CN=root-ca, which is none of the CAs in ${ca}`],
    healedBy: "up",
  },
  {
    name: "the certificate has expired",
    host: "pg3-srv",
    local: true,
    inject: `cat >/run/ca.pem; cd /run; ${sign("pg3-srv", "-not_before 20200101000000Z -not_after 20200102000000Z")}`,
    told: ["fail LAB-CERT-EXPIRED pg3-srv: the certificate expired 2020-01-02T00:00:00Z"],
    healedBy: "up",
  },
  {
    name: "the certificate is not valid yet, or the clock is wrong",
    host: "pg2-srv",
    local: true,
    inject: `cat >/run/ca.pem; cd /run; ${sign("pg2-srv", "-not_before 20900101000000Z -not_after 20910101000000Z")}`,
    told: [
      /^fail LAB-CERT-NOT-YET-VALID pg2-srv: the certificate is not valid before 2090-01-01T00:00:00Z, and the host's clock says 20\d\d-\S+Z$/,
    ],
    healedBy: "up",
  },
  {
    name: "the trusted CA has expired",
    host: "pg2-srv",
    local: true,
    inject: `cat >/run/ca.pem; cd /run; openssl x509 -in ca.pem -signkey ca.pem -not_before 20200101000000Z -not_after 20200102000000Z -out ${ca}; rm ca.pem`,
    told: ["fail LAB-CA-EXPIRED pg2-srv: the CA's certificate expired 2020-01-02T00:00:00Z"],
    healedBy: "up",
  },
  {
    name: "the servers have not loaded the installed certificate",
    host: "pg1-srv",
    inject: `cat >/run/ca.pem; cd /run; cp -p ${certificate} .; ${sign("pg1-srv", "-days 1")}; systemctl reload pgbackrest ${service}; sleep 1; cp -p host.crt ${folder}`,
    told: [
      /^fail LAB-CERT-NOT-SERVED pg1-srv: the TLS server still presents serial \w+, not the installed \w+$/,
      /^fail LAB-PG-CERT-NOT-SERVED pg1-srv: PostgreSQL still presents serial \w+, not the installed \w+$/,
    ],
    healedBy: "up",
  },
  {
    name: "everyone may read the key, and PostgreSQL was restarted",
    host: "pg3-srv",
    inject: `chmod 0644 ${key}; systemctl restart ${service} || true`,
    told: [
      "fail LAB-KEY-MODE pg3-srv: the key has mode 0644: pgBackRest refuses a key that others than its owner may read [42]",
    ],
    healedBy: "up",
  },
  {
    name: "the certificate is damaged, and PostgreSQL was restarted",
    host: "pg2-srv",
    inject: `echo nonsense >${certificate}; systemctl restart ${service} || true`,
    told: [`fail LAB-CERT-UNREADABLE pg2-srv: ${certificate} holds no certificate, or a damaged one`],
    healedBy: "up",
  },
];
