import type { Rule } from "./framework/rule";
import { capacityAlerts } from "./rules/capacity-alerts";
import { connectionBudget } from "./rules/connection-budget";
import { connectorFloor } from "./rules/connector-floor";
import { connectorInstanceCounts } from "./rules/connector-instance-counts";
import { connectorMachineType } from "./rules/connector-machine-type";
import { connectorName } from "./rules/connector-name";
import { connectorRange } from "./rules/connector-range";
import { connectorRegion } from "./rules/connector-region";
import { connectorSubnet } from "./rules/connector-subnet";
import { databaseBackups } from "./rules/database-backups";
import { databaseClientAccepted } from "./rules/database-client-accepted";
import { databaseClientsCounted } from "./rules/database-clients-counted";
import { databaseConnectionPooling } from "./rules/database-connection-pooling";
import { databaseDedicatedCore } from "./rules/database-dedicated-core";
import { databaseDeletionProtection } from "./rules/database-deletion-protection";
import { databaseDisk } from "./rules/database-disk";
import { databaseEdition } from "./rules/database-edition";
import { databaseEncrypted } from "./rules/database-encrypted";
import { databaseInsights } from "./rules/database-insights";
import { databaseMaxConnections } from "./rules/database-max-connections";
import { databasePath } from "./rules/database-path";
import { databasePrivate } from "./rules/database-private";
import { databaseReplicaFlags } from "./rules/database-replica-flags";
import { databaseTier } from "./rules/database-tier";
import { databaseUserPassword } from "./rules/database-user-password";
import { databaseVersion } from "./rules/database-version";
import { directEgressSubnet } from "./rules/direct-egress-subnet";
import { edgeCertificate } from "./rules/edge-certificate";
import { edgeCertificateDomains } from "./rules/edge-certificate-domains";
import { edgeDefaultRule } from "./rules/edge-default-rule";
import { edgeHostRules } from "./rules/edge-host-rules";
import { edgeIngress } from "./rules/edge-ingress";
import { edgeServiceExists } from "./rules/edge-service-exists";
import { egressPath } from "./rules/egress-path";
import { jwtOneSecret } from "./rules/jwt-one-secret";
import { natAddresses } from "./rules/nat-addresses";
import { privateNetworkPath } from "./rules/private-network-path";
import { privateServicesConnection } from "./rules/private-services-connection";
import { privateServicesRange } from "./rules/private-services-range";
import { providerJudged } from "./rules/provider-judged";
import { rangesDoNotOverlap } from "./rules/ranges-do-not-overlap";
import { redisAuth } from "./rules/redis-auth";
import { redisVersionAndSize } from "./rules/redis-version-and-size";
import { regionalQuota } from "./rules/regional-quota";
import { secretAccess } from "./rules/secret-access";
import { secretId } from "./rules/secret-id";
import { secretValue } from "./rules/secret-value";
import { serviceAnnotations } from "./rules/service-annotations";
import { serviceConcurrency } from "./rules/service-concurrency";
import { serviceContainers } from "./rules/service-containers";
import { serviceCpuMemory } from "./rules/service-cpu-memory";
import { serviceDatabaseVariables } from "./rules/service-database-variables";
import { serviceDeployHealthCheck } from "./rules/service-deploy-health-check";
import { serviceEnvironment } from "./rules/service-environment";
import { serviceIdentity } from "./rules/service-identity";
import { serviceImage } from "./rules/service-image";
import { serviceJwtName } from "./rules/service-jwt-name";
import { serviceNoLiteralSecrets } from "./rules/service-no-literal-secrets";
import { servicePort8002 } from "./rules/service-port-8002";
import { serviceProbes } from "./rules/service-probes";
import { serviceScaling } from "./rules/service-scaling";
import { serviceSecretVersions } from "./rules/service-secret-versions";
import { serviceSecretsReadable } from "./rules/service-secrets-readable";
import { serviceSocketPool } from "./rules/service-socket-pool";
import { serviceStartupProbe } from "./rules/service-startup-probe";
import { serviceTimeout } from "./rules/service-timeout";
import { serviceTraffic } from "./rules/service-traffic";
import { serviceVpcPath } from "./rules/service-vpc-path";
import { startupConnectRate } from "./rules/startup-connect-rate";
import { startupStorm } from "./rules/startup-storm";

/** Every rule of the pack: one a file. To add one, write the file and its test, and list it here. */
export const rules = [
  capacityAlerts,
  connectionBudget,
  connectorFloor,
  connectorInstanceCounts,
  connectorMachineType,
  connectorName,
  connectorRange,
  connectorRegion,
  connectorSubnet,
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
  directEgressSubnet,
  edgeCertificate,
  edgeCertificateDomains,
  edgeDefaultRule,
  edgeHostRules,
  edgeIngress,
  edgeServiceExists,
  egressPath,
  jwtOneSecret,
  natAddresses,
  privateNetworkPath,
  privateServicesConnection,
  privateServicesRange,
  providerJudged,
  rangesDoNotOverlap,
  redisAuth,
  redisVersionAndSize,
  regionalQuota,
  secretAccess,
  secretId,
  secretValue,
  serviceAnnotations,
  serviceConcurrency,
  serviceContainers,
  serviceCpuMemory,
  serviceDatabaseVariables,
  serviceDeployHealthCheck,
  serviceEnvironment,
  serviceIdentity,
  serviceImage,
  serviceJwtName,
  serviceNoLiteralSecrets,
  servicePort8002,
  serviceProbes,
  serviceScaling,
  serviceSecretVersions,
  serviceSecretsReadable,
  serviceSocketPool,
  serviceStartupProbe,
  serviceTimeout,
  serviceTraffic,
  serviceVpcPath,
  startupConnectRate,
  startupStorm,
] as const satisfies readonly Rule[];
