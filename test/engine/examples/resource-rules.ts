import * as gcp from "@pulumi/gcp";
import {
  connector,
  database,
  httpGet,
  insightsConfig,
  ipConfiguration,
  maxConnections,
  nat,
  privateServicesRange,
  redis,
  secretVersion,
  service,
} from "./sound";

/** A resource with one fault. */
export interface ResourceExample {
  /** Registers the resource under that name. */
  readonly program: (name: string) => void;
  /** What its rule says, to the letter. */
  readonly says: string;
  /** What other rules say, which the same fault keeps from telling. */
  readonly also?: Readonly<Record<string, string>>;
}

const socket = {
  volumes: [{ name: "sql", cloudSqlInstance: { instances: ["netra-staging:us-central1:staging-shared-postgres"] } }],
};

/** One example for each rule that judges resources one by one. */
export const resourceExamples: Readonly<Record<string, ResourceExample>> = {
  "connector-floor": {
    program: (name) => connector(name, { minInstances: 2 }),
    says: "'minInstances' (2) must be at least 3 because a storm is over before the connector scales out, so its minimum is what carries every start at once; set 'minInstances' to 3",
  },
  "connector-instance-counts": {
    program: (name) => connector(name, { maxInstances: 20 }),
    says: "'maxInstances' (20) must be a whole number from 3 to 10 because a connector has at most 10 instances and at least 2; set 'maxInstances' to 10",
  },
  "connector-machine-type": {
    program: (name) => connector(name, { machineType: "e2-standard-8" }),
    says: "'machineType' (e2-standard-8) must be one of f1-micro, e2-micro, e2-standard-4 because a Serverless VPC Access connector runs on no other machine type; set 'machineType' to e2-standard-4",
    also: {
      "connector-floor":
        "cannot evaluate: 'machineType' must be a connector's to be compared with the floor of e2-micro",
    },
  },
  // The provider fills one in before the pack sees it.
  "connector-name": {
    program: (name) => connector(name, { name: undefined }),
    says: "'name' (not set) must be stated because an automatic name gets a random suffix, and Google takes at most 20 characters with each hyphen counted as two; set 'name' to a short name such as staging-connector",
  },
  "connector-range": {
    program: (name) => connector(name, { ipCidrRange: "10.1.0.0/24" }),
    says: "'ipCidrRange' (10.1.0.0/24) must be exactly a /28 because a Serverless VPC Access connector takes no other size and gains nothing from a larger one; set 'ipCidrRange' to 10.1.0.0/28",
  },
  "database-backups": {
    program: (name) => database(name, { backupConfiguration: { enabled: true } }),
    says: "'settings.backupConfiguration.pointInTimeRecoveryEnabled' (not set) must be true because a backup alone loses what was written since; set 'settings.backupConfiguration.pointInTimeRecoveryEnabled' to true",
  },
  "database-connection-pooling": {
    program: (name) => database(name, { connectionPoolConfigs: [{ connectionPoolingEnabled: true }] }),
    says: "'settings.connectionPoolConfigs' (enabled) must not be set because managed connection pooling needs edition ENTERPRISE_PLUS and this instance is ENTERPRISE; set 'settings.connectionPoolConfigs' to nothing and keep the pools in the application",
  },
  "database-dedicated-core": {
    program: (name) => database(name, { tier: "db-g1-small", ...maxConnections(50) }),
    says: "'settings.tier' (db-g1-small) must be a dedicated-core tier because a shared core has a fraction of a CPU for the TLS and SCRAM work of a storm, and no SLA; set 'settings.tier' to db-custom-1-3840",
  },
  "database-deletion-protection": {
    program: (name) => database(name, { deletionProtectionEnabled: undefined }),
    says: "'settings.deletionProtectionEnabled' (not set) must be true because otherwise the console, gcloud and the API can delete the instance; set 'settings.deletionProtectionEnabled' to true",
  },
  "database-disk": {
    program: (name) => database(name, { diskSize: 5 }),
    says: "'settings.diskSize' (5) must be at least 10 because a PD_SSD disk starts at 10 GB and Cloud SQL only says so when it creates the instance; set 'settings.diskSize' to 10",
  },
  "database-edition": {
    program: (name) => database(name, { edition: undefined }, { databaseVersion: "POSTGRES_16" }),
    says: "'settings.edition' (not set) must be ENTERPRISE because PostgreSQL 16 and newer default to ENTERPRISE_PLUS, which has no tier db-custom-1-3840; set 'settings.edition' to ENTERPRISE",
  },
  "database-encrypted": {
    program: (name) => database(name, { ipConfiguration: { ...ipConfiguration, sslMode: undefined } }),
    says: "'settings.ipConfiguration.sslMode' (not set) must be ENCRYPTED_ONLY or stricter because otherwise the instance accepts unencrypted connections; set 'settings.ipConfiguration.sslMode' to ENCRYPTED_ONLY",
  },
  "database-insights": {
    program: (name) => database(name, { insightsConfig: { ...insightsConfig, queryStringLength: 5000 } }),
    says: "'settings.insightsConfig.queryStringLength' (5000) must be from 256 to 4500 because Cloud SQL allows no more for edition ENTERPRISE; set 'settings.insightsConfig.queryStringLength' to 4500",
  },
  "database-max-connections": {
    program: (name) => database(name, { databaseFlags: undefined }),
    says: "'settings.databaseFlags[max_connections]' (not set) must be stated because the connection budget is counted against it, and Google's default changes with the tier; set 'settings.databaseFlags[max_connections]' to 100",
  },
  "database-private": {
    program: (name) => database(name, { ipConfiguration: { ...ipConfiguration, ipv4Enabled: undefined } }),
    says: "'settings.ipConfiguration.ipv4Enabled' (not set) must be false because otherwise Google assigns the instance a public address; set 'settings.ipConfiguration.ipv4Enabled' to false",
  },
  "database-tier": {
    program: (name) => database(name, { tier: "db-custom-3-3840" }),
    says: "'settings.tier' (db-custom-3-3840) must have 1 or an even number of vCPUs up to 96 and 0.9 to 6.5 GiB per vCPU, in steps of 256 MiB and at least 3840 MiB because Cloud SQL creates no other custom tier; set 'settings.tier' to db-custom-4-3840",
  },
  "database-user-password": {
    program: (name) => new gcp.sql.User(name, { name: "netra", instance: "staging-shared-postgres" }),
    says: "'password' (not set) must be set because a built-in user logs in with it; set 'password' to a random.RandomPassword's result",
  },
  "database-version": {
    program: (name) => database(name, {}, { databaseVersion: "POSTGRES14" }),
    says: "'databaseVersion' (POSTGRES14) must be written like POSTGRES_14 because Cloud SQL has no version of that name and only says so when it creates the instance; set 'databaseVersion' to POSTGRES_14",
  },
  "edge-certificate-domains": {
    program: (name) => new gcp.compute.ManagedSslCertificate(name, { managed: { domains: ["*.example.org"] } }),
    says: "'managed.domains' (*.example.org) must contain no wildcard because only Certificate Manager can issue one, with a DNS authorization; set 'managed.domains' to its hosts one by one, or use a gcp.certificatemanager.Certificate with 'managed.dnsAuthorizations'",
  },
  "edge-default-rule": {
    program: (name) =>
      new gcp.compute.SecurityPolicy(name, {
        rules: [
          {
            action: "allow",
            priority: 1000,
            match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["10.0.0.0/8"] } },
          },
        ],
      }),
    says: "'rules' (priorities 1000) must have one of priority 2147483647 because it decides every request that no other rule matches; set 'rules' to these and one of priority 2147483647 that matches srcIpRanges \"*\"",
  },
  "edge-host-rules": {
    program: (name) =>
      new gcp.compute.URLMap(name, {
        defaultUrlRedirect: { httpsRedirect: true, stripQuery: false },
        hostRules: [{ hosts: ["api.example.org"], pathMatcher: "backend" }],
        pathMatchers: [{ name: "api", defaultUrlRedirect: { httpsRedirect: true, stripQuery: false } }],
      }),
    says: "'hostRules[0].pathMatcher' (backend) must be the name of a path matcher because 'pathMatchers' has none of that name; set 'hostRules[0].pathMatcher' to api",
  },
  "nat-addresses": {
    program: (name) => nat(name, { natIpAllocateOption: "MANUAL_ONLY" }),
    says: "'natIps' (not set) must name at least one address because 'natIpAllocateOption' is MANUAL_ONLY, and Google then allocates no address itself; set 'natIps' to the addresses' ids, or 'natIpAllocateOption' to AUTO_ONLY",
  },
  "private-services-range": {
    program: (name) => privateServicesRange(name, { prefixLength: undefined, address: undefined }),
    says: "'prefixLength' (not set) must be stated, and at most 24 because Google reserves no range without a size, and its managed services need at least that many addresses; set 'prefixLength' to 16, or at most 24",
  },
  "redis-auth": {
    program: (name) => redis(name, { authEnabled: undefined }),
    says: "'authEnabled' (not set) must be true because otherwise anyone in the network can read and write it; set 'authEnabled' to true",
  },
  "redis-version-and-size": {
    program: (name) => redis(name, { redisVersion: "7.2" }),
    says: "'redisVersion' (7.2) must be written like REDIS_7_2 because Memorystore knows no other spelling and only says so at creation; set 'redisVersion' to REDIS_7_2",
  },
  "secret-id": {
    program: (name) =>
      new gcp.secretmanager.Secret(name, { secretId: "jwt.secret.staging", replication: { auto: {} } }),
    says: "'secretId' (not shown) must be letters, digits, hyphens and underscores, at most 255 because Secret Manager refuses any other id, after the preview; set 'secretId' to a name such as jwt-secret-staging",
  },
  "secret-value": {
    program: (name) =>
      new gcp.secretmanager.SecretVersion(name, {
        secret: "projects/netra-staging/secrets/redis-host-staging",
        secretData: "10.166.204.83\n",
      }),
    says: "'secretData' (not shown) must not begin or end with whitespace or an invisible character because the consumer gets it as it stands, and a trailing newline breaks host names and signatures; set 'secretData' to the same value without it",
  },
  "service-annotations": {
    program: (name) =>
      new gcp.cloudrun.Service(name, {
        name: "netra-legacy-staging",
        location: "us-central1",
        metadata: { annotations: { "run.googleapis.com/execution-environment": "gen2" } },
        template: {
          metadata: { annotations: { "autoscaling.knative.dev/maxScale": "1" } },
          spec: {
            serviceAccountName: "netra-legacy@netra-staging.iam.gserviceaccount.com",
            timeoutSeconds: 600,
            containers: [
              {
                image: `us-central1-docker.pkg.dev/netra-staging/netra/legacy@sha256:${"0123456789abcdef".repeat(4)}`,
                ports: [{ containerPort: 8000 }],
                resources: { limits: { cpu: "1", memory: "512Mi" } },
                startupProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12 },
              },
            ],
          },
        },
      }),
    says: "'metadata.annotations.run.googleapis.com/execution-environment' (gen2) must be in 'template.metadata.annotations' because Cloud Run takes this annotation nowhere else and refuses the deploy; move it there",
  },
  "service-concurrency": {
    program: (name) => service(name, { template: { maxInstanceRequestConcurrency: 2000 } }),
    says: "'template.maxInstanceRequestConcurrency' (2000) must be a whole number from 1 to 1000 because Cloud Run sends an instance no more requests at once; set 'template.maxInstanceRequestConcurrency' to 1000",
  },
  "service-containers": {
    program: (name) => service(name, { container: { volumeMounts: [{ name: "cache", mountPath: "/cache" }] } }),
    says: "'template.containers[0].volumeMounts[0].name' (cache) must be the name of a volume because 'template.volumes' has none of that name; set 'template.containers[0].volumeMounts[0].name' to a volume's name",
  },
  "service-cpu-memory": {
    program: (name) => service(name, { container: { resources: { limits: { cpu: "3", memory: "4Gi" } } } }),
    says: "'template.containers[0].resources.limits.cpu' (3) must be 1, 2, 4, 6, 8 or a fraction from 0.08 to below 1 because Cloud Run offers no other number of vCPUs; set 'template.containers[0].resources.limits.cpu' to 4",
  },
  "service-database-variables": {
    program: (name) => service(name, { variables: { DB_POOL_SIZE: undefined } }),
    says: "cannot evaluate: 'template.containers[0].envs' (without DB_POOL_SIZE) must state DB_POOL_SIZE as literal numbers from 0 because its container uses the database, and connections and starts are counted from them; set 'template.containers[0].envs' to the plan's values, or the pool in the framework's own variable",
  },
  "service-deploy-health-check": {
    program: (name) => service(name, { template: { healthCheckDisabled: true } }),
    says: "'template.healthCheckDisabled' (true) must be false or left out because traffic would move to a revision before one of its instances has started; set 'template.healthCheckDisabled' to false",
  },
  "service-environment": {
    program: (name) => service(name, { variables: { PORT: { value: "8000" } } }),
    says: "'template.containers[0].envs[PORT]' must not be set because Cloud Run sets it itself, from 'ports.containerPort'; remove it",
  },
  "service-identity": {
    program: (name) => service(name, { template: { serviceAccount: undefined } }),
    says: "'template.serviceAccount' (not set) must be a dedicated service account's address because the workload otherwise runs as the project's default account, or not at all; set 'template.serviceAccount' to an address like netra-backend-staging@PROJECT.iam.gserviceaccount.com",
  },
  "service-image": {
    program: (name) => service(name, { container: { image: "gcr.io/netra-staging/netra-backend-staging:latest" } }),
    says: "'template.containers[0].image' (gcr.io/netra-staging/netra-backend-staging:latest) must be named by digest or by an immutable tag because the tag latest can be moved, and the next instance would start another program; set 'template.containers[0].image' to gcr.io/netra-staging/netra-backend-staging@sha256:<digest>, or a version or commit as its tag",
  },
  "service-jwt-name": {
    program: (name) => service(name, { variables: { JWT_SECRET: secretVersion("1") } }),
    says: "'template.containers[0].envs[JWT_SECRET]' must not be set because services resolve several names of one secret in different orders; set 'JWT_SECRET_KEY' instead",
  },
  "service-no-literal-secrets": {
    program: (name) => service(name, { variables: { OPENAI_API_KEY: { value: "sk-example-of-a-key" } } }),
    says: "'template.containers[0].envs[OPENAI_API_KEY]' (not shown) must be taken from Secret Manager because a literal is stored in clear text; set 'template.containers[0].envs[OPENAI_API_KEY]' to a secretKeyRef with the secret and its version",
  },
  "service-port-8002": {
    program: (name) => service(name, { variables: { ANALYTICS_URL: { value: "http://analytics:8002" } } }),
    says: "'template.containers[0].envs[ANALYTICS_URL]' must not name port 8002 because no service was ever there and whatever points to it hangs; set 'template.containers[0].envs[ANALYTICS_URL]' to a service that exists, or remove it",
  },
  "service-probes": {
    program: (name) => service(name, { container: { livenessProbe: { httpGet: { ...httpGet, port: 9000 } } } }),
    says: "'template.containers[0].livenessProbe.httpGet.port' (9000) must be the containerPort (8000) because the application listens nowhere else; set 'template.containers[0].livenessProbe.httpGet.port' to 8000",
  },
  "service-scaling": {
    program: (name) => service(name, { args: { scaling: undefined }, template: { scaling: undefined } }),
    says: "'template.scaling.maxInstanceCount' (not set) must be stated and at least 1 because Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool; set 'template.scaling.maxInstanceCount' to 1",
  },
  "service-secret-versions": {
    program: (name) => service(name, { variables: { JWT_SECRET_KEY: secretVersion("latest") } }),
    says: "'template.containers[0].envs[JWT_SECRET_KEY].valueSource.secretKeyRef.version' (latest) must be the number of a version because anything else resolves to another secret at every start, or to none; set 'template.containers[0].envs[JWT_SECRET_KEY].valueSource.secretKeyRef.version' to a version's number such as \"1\"",
  },
  "service-socket-pool": {
    program: (name) =>
      service(name, {
        template: socket,
        variables: { DB_POOL_SIZE: { value: "60" }, DB_MAX_OVERFLOW: { value: "60" } },
      }),
    says: "'template.containers[0].envs[DB_POOL_SIZE]' (60) must keep one instance within 100 connections (it has 120) because the built-in Cloud SQL socket carries no more per instance; set 'template.containers[0].envs[DB_POOL_SIZE]' to 40",
  },
  "service-startup-probe": {
    program: (name) => service(name, { container: { startupProbe: undefined } }),
    says: "'template.containers[0].startupProbe' (not set) must be an HTTP or gRPC probe because only an answer of the application shows that it is there: the default TCP probe passes as soon as the server listens, and traffic hangs; set 'template.containers[0].startupProbe' to httpGet with the path and port (8000) of the health endpoint",
  },
  "service-timeout": {
    program: (name) => service(name, { template: { timeout: "4000s" } }),
    says: "'template.timeout' (4000s) must be from 1 to 3600 seconds because Cloud Run ends every request after an hour at the latest; set 'template.timeout' to 3600s",
  },
  "service-traffic": {
    program: (name) =>
      service(name, { args: { traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 50 }] } }),
    says: "'traffics' (50 = 50) must add up to 100 percent because Cloud Run refuses the rollout otherwise, after the preview; set 'traffics' to shares that add up to 100, or leave it out to send everything to the latest revision",
  },
  "service-vpc-path": {
    program: (name) => service(name, { template: { vpcAccess: undefined } }),
    says: "'template.vpcAccess.connector' (not set) must name a connector unless there are network interfaces because 'template.containers[0].envs[POSTGRES_HOST]' is a private address, which is reachable only through the VPC; set 'template.vpcAccess.connector' to the connector's id",
  },
};
