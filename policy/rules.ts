import { connectorFloor } from "./rules/connector-floor";
import { connectorInstanceCounts } from "./rules/connector-instance-counts";
import { connectorMachineType } from "./rules/connector-machine-type";
import { connectorName } from "./rules/connector-name";
import { connectorRange } from "./rules/connector-range";
import { databaseBackups } from "./rules/database-backups";
import { databaseConnectionPooling } from "./rules/database-connection-pooling";
import { databaseDedicatedCore } from "./rules/database-dedicated-core";
import { databaseDeletionProtection } from "./rules/database-deletion-protection";
import { databaseDisk } from "./rules/database-disk";
import { databaseEdition } from "./rules/database-edition";
import { databaseEncrypted } from "./rules/database-encrypted";
import { databaseInsights } from "./rules/database-insights";
import { databaseMaxConnections } from "./rules/database-max-connections";
import { databasePrivate } from "./rules/database-private";
import { databaseTier } from "./rules/database-tier";
import { databaseUserPassword } from "./rules/database-user-password";
import { databaseVersion } from "./rules/database-version";

/** Every rule of the pack: one a file. To add one, write the file and its test, and list it here. */
export const rules = [
  connectorFloor,
  connectorInstanceCounts,
  connectorMachineType,
  connectorName,
  connectorRange,
  databaseBackups,
  databaseConnectionPooling,
  databaseDedicatedCore,
  databaseDeletionProtection,
  databaseDisk,
  databaseEdition,
  databaseEncrypted,
  databaseInsights,
  databaseMaxConnections,
  databasePrivate,
  databaseTier,
  databaseUserPassword,
  databaseVersion,
] as const;
