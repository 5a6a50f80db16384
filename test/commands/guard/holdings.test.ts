import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lossOf } from "../../../commands/guard/destructive-changes";
import { holdingOf } from "../../../commands/guard/holdings";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";

const isRefused = (type: string, inputs: object = {}) => holdingOf(type, { ...inputs }) !== undefined;

describe("what holds data or identity is recognised by the name of its type", () => {
  test.each([
    "gcp:spanner/database:Database",
    "gcp:spanner/instance:Instance",
    "gcp:bigtable/table:Table",
    "gcp:firestore/database:Database",
    "gcp:alloydb/cluster:Cluster",
    "gcp:bigquery/dataset:Dataset",
    "gcp:bigquery/table:Table",
    "gcp:memorystore/instance:Instance",
    "gcp:memcache/instance:Instance",
    "gcp:redis/cluster:Cluster",
    "gcp:storage/bucket:Bucket",
    "gcp:compute/disk:Disk",
    "gcp:compute/regionDisk:RegionDisk",
    "gcp:compute/snapshot:Snapshot",
    "gcp:compute/instance:Instance",
    "gcp:compute/instanceFromTemplate:InstanceFromTemplate",
    "gcp:filestore/instance:Instance",
    "gcp:kms/keyRing:KeyRing",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/cryptoKeyVersion:CryptoKeyVersion",
    "gcp:artifactregistry/repository:Repository",
    "gcp:dns/managedZone:ManagedZone",
    "gcp:pubsub/topic:Topic",
    "gcp:pubsub/subscription:Subscription",
    "gcp:cloudtasks/queue:Queue",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
    "gcp:container/cluster:Cluster",
    "gcp:organizations/project:Project",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig",
    "gcp:cloudidentity/group:Group",
    "google-native:sqladmin/v1:Instance",
    "google-native:storage/v1:Bucket",
    "google-beta:index/sqlDatabaseInstance:SqlDatabaseInstance",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:Namespace",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    "kubernetes:postgresql.cnpg.io/v1:Cluster",
    "aws:s3/bucketV2:BucketV2",
    "aws:rds/instance:Instance",
    "azure-native:sql:Server",
    "aiven:index/pg:Pg",
    "tls:index/privateKey:PrivateKey",
    "acme:index/customerDatabase:CustomerDatabase",
  ])("%s", (type) => {
    expect(isRefused(type)).toBe(true);
  });
});

test("a type that is called like what every object has holds nothing", () => {
  for (const type of ["constructor", "kubernetes:core/v1:constructor", "kubernetes:core/v1:toString"])
    expect(holdingOf(type, {})).toBeUndefined();
});

describe("what is made again from the program alone ends without a word", () => {
  test.each([
    "gcp:storage/bucketIAMMember:BucketIAMMember",
    "gcp:storage/bucketAccessControl:BucketAccessControl",
    "gcp:storage/bucketObject:BucketObject",
    "gcp:compute/instanceTemplate:InstanceTemplate",
    "gcp:compute/attachedDisk:AttachedDisk",
    "gcp:compute/backendBucket:BackendBucket",
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment",
    "gcp:compute/firewall:Firewall",
    "gcp:spanner/backupSchedule:BackupSchedule",
    "gcp:bigquery/datasetAccess:DatasetAccess",
    "gcp:pubsub/topicIAMBinding:TopicIAMBinding",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:projects/service:Service",
    "gcp:container/nodePool:NodePool",
    "random:index/randomPassword:RandomPassword",
    "docker:index/image:Image",
    "kubernetes:core/v1:Secret", // its values are the program's; a change of them replaces it
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:external-secrets.io/v1:ExternalSecret",
    "aws:rds/subnetGroup:SubnetGroup",
    "postgresql:index/grant:Grant",
    "pulumi:providers:postgresql",
  ])("%s", (type) => {
    expect(isRefused(type)).toBe(false);
  });

  test("a view that BigQuery calls a table", () => {
    expect(isRefused("gcp:bigquery/table:Table", { view: { query: "SELECT 1" } })).toBe(false);
    expect(isRefused("gcp:bigquery/table:Table", { schema: "[]" })).toBe(true);
  });
});

test("what the names of the provider's types say: a new release's are read by a person once", async () => {
  const folder = join(PROJECT_ROOT, "node_modules/@pulumi/gcp");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const types = files.flatMap(
    (file) => /__pulumiType = '([^']+)'/.exec(readFileSync(join(folder, file), "utf8"))?.[1] ?? [],
  );
  const lines = types.flatMap((type) => {
    const ending = lossOf({ type, isComponent: false, old: undefined });
    return ending ? [`${ending.verdict} ${type}: ${ending.what}`] : [];
  });
  await expect(`${lines.toSorted().join("\n")}\n`).toMatchFileSnapshot("holdings.txt");
});
