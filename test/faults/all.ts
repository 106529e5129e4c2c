import { CERTIFICATE_FAULTS } from "./certificates";
import type { Fault } from "./fault";
import { HOST_FAULTS } from "./hosts";
import { NETWORK_FAULTS } from "./network";
import { PGBACKREST_FAULTS } from "./pgbackrest";
import { POSTGRESQL_FAULTS } from "./postgresql";

/** The catalogue. */
export const FAULTS: readonly Fault[] = [
  ...CERTIFICATE_FAULTS,
  ...HOST_FAULTS,
  ...NETWORK_FAULTS,
  ...PGBACKREST_FAULTS,
  ...POSTGRESQL_FAULTS,
];
