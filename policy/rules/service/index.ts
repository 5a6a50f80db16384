import { serviceAnnotations } from "./service-annotations";
import { serviceConcurrency } from "./service-concurrency";
import { serviceContainers } from "./service-containers";
import { serviceCpuMemory } from "./service-cpu-memory";
import { serviceDatabaseVariables } from "./service-database-variables";
import { serviceDeployHealthCheck } from "./service-deploy-health-check";
import { serviceEnvironment } from "./service-environment";
import { serviceIdentity } from "./service-identity";
import { serviceImage } from "./service-image";
import { serviceJwtName } from "./service-jwt-name";
import { serviceNoLiteralSecrets } from "./service-no-literal-secrets";
import { servicePort8002 } from "./service-port-8002";
import { serviceProbes } from "./service-probes";
import { serviceScaling } from "./service-scaling";
import { serviceSecretVersions } from "./service-secret-versions";
import { serviceSecretsReadable } from "./service-secrets-readable";
import { serviceSocketPool } from "./service-socket-pool";
import { serviceStartupProbe } from "./service-startup-probe";
import { serviceTimeout } from "./service-timeout";
import { serviceTraffic } from "./service-traffic";
import { serviceVpcPath } from "./service-vpc-path";

export const serviceRules = [
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
] as const;
