import type { Rule } from "./framework/rule";
import { capacityAlerts } from "./rules/capacity/capacity-alerts";
import { connectionBudget } from "./rules/capacity/connection-budget";
import { providerJudged } from "./rules/capacity/provider-judged";
import { regionalQuota } from "./rules/capacity/regional-quota";
import { startupConnectRate } from "./rules/capacity/startup-connect-rate";
import { startupStorm } from "./rules/capacity/startup-storm";
import { connectorFloor } from "./rules/connector/connector-floor";
import { connectorInstanceCounts } from "./rules/connector/connector-instance-counts";
import { connectorMachineType } from "./rules/connector/connector-machine-type";
import { connectorName } from "./rules/connector/connector-name";
import { connectorRange } from "./rules/connector/connector-range";
import { connectorRegion } from "./rules/connector/connector-region";
import { connectorSubnet } from "./rules/connector/connector-subnet";
import { databaseBackups } from "./rules/database/database-backups";
import { databaseClientAccepted } from "./rules/database/database-client-accepted";
import { databaseClientsCounted } from "./rules/database/database-clients-counted";
import { databaseConnectionPooling } from "./rules/database/database-connection-pooling";
import { databaseDedicatedCore } from "./rules/database/database-dedicated-core";
import { databaseDeletionProtection } from "./rules/database/database-deletion-protection";
import { databaseDisk } from "./rules/database/database-disk";
import { databaseEdition } from "./rules/database/database-edition";
import { databaseEncrypted } from "./rules/database/database-encrypted";
import { databaseInsights } from "./rules/database/database-insights";
import { databaseMaxConnections } from "./rules/database/database-max-connections";
import { databasePath } from "./rules/database/database-path";
import { databasePrivate } from "./rules/database/database-private";
import { databaseReplicaFlags } from "./rules/database/database-replica-flags";
import { databaseTier } from "./rules/database/database-tier";
import { databaseUserPassword } from "./rules/database/database-user-password";
import { databaseVersion } from "./rules/database/database-version";
import { edgeCertificate } from "./rules/edge/edge-certificate";
import { edgeCertificateDomains } from "./rules/edge/edge-certificate-domains";
import { edgeDefaultRule } from "./rules/edge/edge-default-rule";
import { edgeHostRules } from "./rules/edge/edge-host-rules";
import { edgeIngress } from "./rules/edge/edge-ingress";
import { edgeServiceExists } from "./rules/edge/edge-service-exists";
import { directEgressSubnet } from "./rules/network/direct-egress-subnet";
import { egressPath } from "./rules/network/egress-path";
import { natAddresses } from "./rules/network/nat-addresses";
import { privateNetworkPath } from "./rules/network/private-network-path";
import { privateServicesConnection } from "./rules/network/private-services-connection";
import { privateServicesRange } from "./rules/network/private-services-range";
import { rangesDoNotOverlap } from "./rules/network/ranges-do-not-overlap";
import { redisAuth } from "./rules/redis/redis-auth";
import { redisVersionAndSize } from "./rules/redis/redis-version-and-size";
import { jwtOneSecret } from "./rules/secret/jwt-one-secret";
import { secretAccess } from "./rules/secret/secret-access";
import { secretId } from "./rules/secret/secret-id";
import { secretValue } from "./rules/secret/secret-value";
import { serviceAnnotations } from "./rules/service/service-annotations";
import { serviceConcurrency } from "./rules/service/service-concurrency";
import { serviceContainers } from "./rules/service/service-containers";
import { serviceCpuMemory } from "./rules/service/service-cpu-memory";
import { serviceDatabaseVariables } from "./rules/service/service-database-variables";
import { serviceDeployHealthCheck } from "./rules/service/service-deploy-health-check";
import { serviceEnvironment } from "./rules/service/service-environment";
import { serviceIdentity } from "./rules/service/service-identity";
import { serviceImage } from "./rules/service/service-image";
import { serviceJwtName } from "./rules/service/service-jwt-name";
import { serviceNoLiteralSecrets } from "./rules/service/service-no-literal-secrets";
import { servicePort8002 } from "./rules/service/service-port-8002";
import { serviceProbes } from "./rules/service/service-probes";
import { serviceScaling } from "./rules/service/service-scaling";
import { serviceSecretVersions } from "./rules/service/service-secret-versions";
import { serviceSecretsReadable } from "./rules/service/service-secrets-readable";
import { serviceSocketPool } from "./rules/service/service-socket-pool";
import { serviceStartupProbe } from "./rules/service/service-startup-probe";
import { serviceTimeout } from "./rules/service/service-timeout";
import { serviceTraffic } from "./rules/service/service-traffic";
import { serviceVpcPath } from "./rules/service/service-vpc-path";

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
