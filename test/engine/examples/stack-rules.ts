import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  connector,
  database,
  maxConnections,
  NETWORK_ID,
  network,
  networkEndpointGroup,
  privateServicesRange,
  type ServiceChanges,
  secretVersion,
  service,
  vpcAccess,
} from "./sound";

/** What an example changes in the sound stack. */
interface StackChanges {
  readonly connector?: Partial<gcp.vpcaccess.ConnectorArgs>;
  readonly settings?: Partial<gcp.types.input.sql.DatabaseInstanceSettings>;
  /** What the database waits for. Default: the services connection. */
  readonly databaseWaitsFor?: readonly gcp.servicenetworking.Connection[];
  readonly backend?: ServiceChanges;
  readonly auth?: ServiceChanges;
  /** Whose cpu the alert on the connector reads. Default: every connector's. */
  readonly watchedConnector?: string;
}

/**
 * Two services that roll out one after the other, on one private database, and an alert on each part: every rule
 * accepts it, and the cloud makes it.
 */
export function soundStack(changes: StackChanges = {}): void {
  const vpc = network();
  const range = privateServicesRange("range", { network: vpc.id });
  const services = new gcp.servicenetworking.Connection("services", {
    network: vpc.id,
    service: "servicenetworking.googleapis.com",
    reservedPeeringRanges: [range.name],
  });
  const way = connector("connector", { network: vpc.name, ...changes.connector });
  const postgres = database("database", changes.settings, {}, [...(changes.databaseWaitsFor ?? [services])]);
  const jwt = new gcp.secretmanager.Secret("jwt", { secretId: "jwt-secret-staging", replication: { auto: {} } });
  const key = new gcp.secretmanager.SecretVersion("jwt-r1", {
    secret: jwt.id,
    secretData: new random.RandomPassword("jwt-r1", { length: 64 }).result,
  });
  const declare = (
    name: string,
    own: ServiceChanges,
    change: ServiceChanges = {},
    after: gcp.cloudrunv2.Service[] = [],
  ) => {
    const account = new gcp.serviceaccount.Account(name, { accountId: `netra-${name}` });
    const grant = new gcp.secretmanager.SecretIamMember(name, {
      secretId: jwt.secretId,
      role: "roles/secretmanager.secretAccessor",
      member: account.member,
    });
    return service(
      name,
      {
        args: { ...own.args, ...change.args },
        template: {
          serviceAccount: account.email,
          vpcAccess: { ...vpcAccess, connector: way.id },
          ...own.template,
          ...change.template,
        },
        container: { ...own.container, ...change.container },
        variables: { POSTGRES_HOST: { value: postgres.privateIpAddress }, ...own.variables, ...change.variables },
      },
      [key, grant, ...after],
    );
  };
  const authScaling = { minInstanceCount: 1, maxInstanceCount: 3 };
  const auth = declare(
    "auth",
    { args: { name: "netra-auth-service", scaling: authScaling }, template: { scaling: authScaling } },
    changes.auth,
  );
  declare("backend", {}, changes.backend, [auth]);
  watch(changes.watchedConnector);
}

function watch(connectorName?: string): void {
  const email = new gcp.monitoring.NotificationChannel("email", {
    displayName: "email",
    type: "email",
    labels: { email_address: "platform@example.org" },
  });
  const restricted = connectorName === undefined ? "" : ` AND resource.labels.connector_name="${connectorName}"`;
  const filters = [
    `resource.type="vpc_access_connector" AND metric.type="vpcaccess.googleapis.com/connector/instances"${restricted}`,
    'resource.type="cloudsql_database" AND metric.type="cloudsql.googleapis.com/database/postgresql/num_backends"',
    'resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/instance_count"',
  ];
  new gcp.monitoring.AlertPolicy("capacity", {
    displayName: "capacity",
    combiner: "OR",
    conditions: filters.map((filter) => ({
      displayName: filter,
      conditionThreshold: {
        filter,
        comparison: "COMPARISON_GT",
        thresholdValue: 1,
        duration: "0s",
        aggregations: [{ alignmentPeriod: "60s", perSeriesAligner: "ALIGN_MAX" }],
      },
    })),
    notificationChannels: [email.id],
  });
}

/** The sound stack with one fault. */
export interface StackExample {
  readonly program: () => void;
  /** Pulumi's name of the resource that is blamed. */
  readonly blamed: string;
  /** The decisive part of what its rule says. */
  readonly says: string;
  /** Further rules that see the same fault. */
  readonly also?: readonly string[];
}

const BEHIND_EDGE = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER";
const DATABASE = "netra-staging:us-central1:staging-shared-postgres";

/** One example for each rule that judges the stack as a whole. */
export const stackExamples: Readonly<Record<string, StackExample>> = {
  "capacity-alerts": {
    program: () => soundStack({ watchedConnector: "another-connector" }),
    blamed: "connector",
    says: "'staging-connector' must have an alert because nothing else shows that its capacity runs out; add a gcp.monitoring.AlertPolicy with a notification channel on",
  },
  "connection-budget": {
    program: () =>
      soundStack({ backend: { variables: { DB_POOL_SIZE: { value: "5" }, DB_MAX_OVERFLOW: { value: "3" } } } }),
    blamed: "database",
    says: "must cover 133 connections with 0.8 of its slots (it covers 120) because netra-auth-service (3 + 3) x 5 = 30; netra-backend-staging (5 + 5) x 8 = 80; reserved 13 + migrations 10 = 23",
  },
  "connector-region": {
    program: () => {
      const europe = connector("europe", {
        name: "europe-connector",
        region: "europe-west1",
        ipCidrRange: "10.1.0.16/28",
      });
      soundStack({ backend: { template: { vpcAccess: { ...vpcAccess, connector: europe.id } } } });
    },
    blamed: "backend",
    says: "'template.vpcAccess.connector' (europe) must be a connector in us-central1 because netra-backend-staging runs there, and this one is in europe-west1",
  },
  "connector-subnet": {
    program: () => {
      const wide = new gcp.compute.Subnetwork("wide", {
        name: "wide",
        network: NETWORK_ID,
        region: "us-central1",
        ipCidrRange: "10.9.0.0/24",
      });
      soundStack({ connector: { network: undefined, ipCidrRange: undefined, subnet: { name: wide.name } } });
    },
    blamed: "wide",
    says: "'ipCidrRange' (10.9.0.0/24) must be exactly a /28 because a Serverless VPC Access connector takes no other size",
  },
  "database-clients-counted": {
    program: () => {
      soundStack();
      new gcp.cloudfunctionsv2.Function("exporter", {
        location: "us-central1",
        serviceConfig: { environmentVariables: { POSTGRES_HOST: "10.107.0.3" } },
      });
    },
    blamed: "exporter",
    says: "cannot evaluate: 'exporter' must hold only counted connections because it uses a database",
  },
  "database-client-accepted": {
    program: () => soundStack({ settings: { connectorEnforcement: "REQUIRED" } }),
    blamed: "database",
    says: "'settings.connectorEnforcement' (REQUIRED) must be NOT_REQUIRED because netra-auth-service and netra-backend-staging dial the instance's address",
  },
  "database-replica-flags": {
    program: () => {
      soundStack();
      database("replica", maxConnections(100), {
        name: "staging-replica",
        masterInstanceName: "staging-shared-postgres",
      });
    },
    blamed: "replica",
    says: "'settings.databaseFlags[max_connections]' (100) must be at least 150 because database, its primary, has 150",
    also: ["private-services-connection"],
  },
  "database-path": {
    program: () =>
      soundStack({
        backend: {
          template: { vpcAccess: undefined },
          variables: { POSTGRES_HOST: { value: `/cloudsql/${DATABASE}` } },
        },
      }),
    blamed: "backend",
    says: "'template.vpcAccess.connector' (not set) must lead to database because a private address is reachable only through the VPC, and the workload has no VPC access",
    also: ["startup-storm"],
  },
  "direct-egress-subnet": {
    program: () => {
      const subnetwork = "projects/netra-staging/regions/europe-west1/subnetworks/staging-subnet";
      soundStack({
        backend: {
          template: {
            vpcAccess: { networkInterfaces: [{ network: "staging-vpc", subnetwork }], egress: "PRIVATE_RANGES_ONLY" },
          },
        },
      });
    },
    blamed: "backend",
    says: "'template.vpcAccess.networkInterfaces[0].subnetwork' (in europe-west1) must be in us-central1 because netra-backend-staging runs there",
  },
  "edge-certificate": {
    program: () => {
      soundStack();
      const backend = new gcp.compute.BackendService("api", { name: "api", loadBalancingScheme: "EXTERNAL_MANAGED" });
      const urlMap = new gcp.compute.URLMap("hosts", {
        name: "hosts",
        hostRules: [{ hosts: ["api.example.org", "app.example.org"], pathMatcher: "api" }],
        pathMatchers: [{ name: "api", defaultService: backend.id }],
        defaultService: backend.id,
      });
      const certificate = new gcp.compute.ManagedSslCertificate("certificate", {
        name: "certificate",
        managed: { domains: ["app.example.org"] },
      });
      new gcp.compute.TargetHttpsProxy("proxy", {
        name: "proxy",
        urlMap: urlMap.id,
        sslCertificates: [certificate.id],
      });
    },
    blamed: "hosts",
    says: "'hostRules' (api.example.org) must be on a certificate of proxy because browsers refuse to open a host without one",
  },
  "edge-ingress": {
    program: () => {
      soundStack({ backend: { args: { ingress: "INGRESS_TRAFFIC_ALL" } }, auth: { args: { ingress: BEHIND_EDGE } } });
      networkEndpointGroup("group");
    },
    blamed: "backend",
    says: "'ingress' (INGRESS_TRAFFIC_ALL) must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER because a load balancer is there",
  },
  "edge-service-exists": {
    program: () => {
      soundStack({ backend: { args: { ingress: BEHIND_EDGE } }, auth: { args: { ingress: BEHIND_EDGE } } });
      networkEndpointGroup("group", { cloudRun: { service: "netra-backend" } });
    },
    blamed: "group",
    says: "'cloudRun.service' (netra-backend) must be a service of this stack in us-central1 because there is none of that name",
  },
  "egress-path": {
    program: () => {
      const variables = { POSTGRES_HOST: { value: "203.0.113.7" } };
      soundStack({ backend: { template: { vpcAccess: { ...vpcAccess, egress: "ALL_TRAFFIC" } }, variables } });
    },
    blamed: "backend",
    says: "'template.vpcAccess.egress' (ALL_TRAFFIC) must be PRIVATE_RANGES_ONLY because all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT, and the database's public address is on the internet",
    also: ["connection-budget"],
  },
  "jwt-one-secret": {
    program: () => soundStack({ backend: { variables: { JWT_SECRET_KEY: secretVersion("2") } } }),
    blamed: "backend",
    says: "(projects/netra-staging/secrets/jwt-secret-staging, version 2) must be what netra-auth-service uses (projects/netra-staging/secrets/jwt-secret-staging, version 1)",
  },
  "private-network-path": {
    program: () => soundStack({ connector: { network: "default" } }),
    blamed: "connector",
    says: "'network' (projects/netra-staging/global/networks/default) must be projects/netra-staging/global/networks/staging-vpc because database has its private address there",
  },
  "private-services-connection": {
    program: () => soundStack({ databaseWaitsFor: [] }),
    blamed: "database",
    says: "'dependsOn' must include services because it finds no range for its private address before the services connection stands",
  },
  "provider-judged": {
    program: () => {
      soundStack();
      // A component has any type that its program gives it, and needs no provider.
      new pulumi.ComponentResource("google-native:run/v2:Service", "elsewhere");
    },
    blamed: "elsewhere",
    says: "cannot evaluate: 'elsewhere' (google-native:run/v2:Service) must be a resource of the provider gcp because",
  },
  "ranges-do-not-overlap": {
    program: () => {
      soundStack();
      new gcp.compute.Subnetwork("subnet", {
        name: "staging-subnet",
        region: "us-central1",
        network: NETWORK_ID,
        ipCidrRange: "10.1.0.0/24",
      });
    },
    blamed: "connector",
    says: "'ipCidrRange' (10.1.0.0/28) must not overlap 'ipCidrRange of subnet' (10.1.0.0/24)",
  },
  "regional-quota": {
    program: () =>
      soundStack({ backend: { container: { resources: { limits: { cpu: "4", memory: "4Gi" }, cpuIdle: false } } } }),
    blamed: "backend",
    says: "'scaling.maxInstanceCount' (5) must keep all services within the 32 vCPU of 'regionalCpu' (they need 43, netra-backend-staging in two revisions)",
  },
  "secret-access": {
    program: () => {
      soundStack();
      new gcp.projects.IAMMember("everything", {
        project: "netra-staging",
        role: "roles/secretmanager.secretAccessor",
        member: "serviceAccount:netra-backend@netra-staging.iam.gserviceaccount.com",
      });
    },
    blamed: "everything",
    says: "'role' (roles/secretmanager.secretAccessor) must not be granted beyond one secret because its holder then reads every secret",
  },
  "service-secrets-readable": {
    program: () => {
      const other = new gcp.secretmanager.Secret("other", {
        secretId: "another-secret-staging",
        replication: { auto: {} },
      });
      const secretKeyRef = { secret: other.secretId, version: "1" };
      soundStack({ backend: { variables: { SECRET_KEY: { valueSource: { secretKeyRef } } } } });
    },
    blamed: "backend",
    says: "'template.containers[0].envs[SECRET_KEY].valueSource.secretKeyRef' (another-secret-staging) must be a secret that netra-backend@netra-staging.iam.gserviceaccount.com may read",
  },
  "startup-connect-rate": {
    program: () =>
      soundStack({
        backend: {
          variables: { DB_STARTUP_CONNECTIONS: { value: "200" }, DB_CONNECT_TIMEOUT_SECONDS: { value: "1" } },
        },
      }),
    blamed: "connector",
    says: "'minInstances' (3) must carry 1012 connects within 1 s (it needs 1.69 s at 300 Mbps and an assumed 600 connects a second)",
    also: ["startup-storm"],
  },
  "startup-storm": {
    program: () => soundStack({ backend: { variables: { DB_STARTUP_CONNECTIONS: { value: "60" } } } }),
    blamed: "database",
    says: "simulated storms is connection limit",
  },
};
