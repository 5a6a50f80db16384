import { databaseBackups } from "./database-backups";
import { databaseClientAccepted } from "./database-client-accepted";
import { databaseClientsCounted } from "./database-clients-counted";
import { databaseConnectionPooling } from "./database-connection-pooling";
import { databaseDedicatedCore } from "./database-dedicated-core";
import { databaseDeletionProtection } from "./database-deletion-protection";
import { databaseDisk } from "./database-disk";
import { databaseEdition } from "./database-edition";
import { databaseEncrypted } from "./database-encrypted";
import { databaseInsights } from "./database-insights";
import { databaseMaxConnections } from "./database-max-connections";
import { databasePath } from "./database-path";
import { databasePrivate } from "./database-private";
import { databaseReplicaFlags } from "./database-replica-flags";
import { databaseTier } from "./database-tier";
import { databaseUserPassword } from "./database-user-password";
import { databaseVersion } from "./database-version";

export const databaseRules = [
  databaseBackups,
  databaseClientAccepted,
  databaseClientsCounted,
  databaseConnectionPooling,
  databaseDedicatedCore,
  databaseDeletionProtection,
  databaseDisk,
  databaseEdition,
  databaseEncrypted,
  databaseInsights,
  databaseMaxConnections,
  databasePath,
  databasePrivate,
  databaseReplicaFlags,
  databaseTier,
  databaseUserPassword,
  databaseVersion,
] as const;
