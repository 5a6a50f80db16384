import * as gcp from "@pulumi/gcp";
import { expect, test } from "vitest";
import { Database, type DatabaseArgs } from "../../components/database";
import { SQL_INSTANCE } from "../../config/resource-types";
import { only, registeredBy, waitsFor } from "../fixtures/programs";

const SQL_DATABASE = "gcp:sql/database:Database";
const NETWORK_ID = "projects/netra-staging/global/networks/staging-vpc";

const args = (): DatabaseArgs => ({
  name: "staging-shared-postgres",
  region: "us-central1",
  network: NETWORK_ID,
  servicesConnection: new gcp.servicenetworking.Connection("services", {
    network: NETWORK_ID,
    service: "servicenetworking.googleapis.com",
    reservedPeeringRanges: [],
  }),
  labels: { environment: "staging" },
  version: "POSTGRES_14",
  edition: "ENTERPRISE",
  tier: "db-custom-1-3840",
  availability: "ZONAL",
  diskGb: 20,
  maxConnections: 150,
  sharedBuffersMib: 1024,
  workMemMib: 4,
  database: "netra_staging",
  backup: { startTime: "03:00", retainedBackups: 7, transactionLogDays: 7 },
  maintenance: { day: 7, hour: 4 },
  insights: { queryStringLength: 1024, queryPlansPerMinute: 5 },
});
const database = () => registeredBy(() => new Database("database", args()));

test("sizes the instance as the plan says, flags in Cloud SQL's own units", async () => {
  const { inputs } = only(await database(), SQL_INSTANCE);
  expect(inputs).toMatchObject({
    name: "staging-shared-postgres",
    region: "us-central1",
    databaseVersion: "POSTGRES_14",
  });
  expect(inputs.settings).toMatchObject({
    tier: "db-custom-1-3840",
    edition: "ENTERPRISE",
    availabilityType: "ZONAL",
    diskSize: 20,
    diskType: "PD_SSD",
    diskAutoresize: true,
    databaseFlags: [
      { name: "max_connections", value: "150" },
      { name: "shared_buffers", value: "131072" }, // pages of 8 kB
      { name: "work_mem", value: "4096" }, // kB
    ],
  });
});

test("has a private address only, after the services connection, and takes encrypted connections only", async () => {
  const instance = only(await database(), SQL_INSTANCE);
  expect(instance.inputs.settings).toMatchObject({
    ipConfiguration: { ipv4Enabled: false, privateNetwork: NETWORK_ID, sslMode: "ENCRYPTED_ONLY" },
  });
  expect(waitsFor(instance)).toEqual(["services"]);
});

test("backs up with point-in-time recovery, and samples queries within the edition's limits", async () => {
  const { inputs } = only(await database(), SQL_INSTANCE);
  expect(inputs.settings).toMatchObject({
    backupConfiguration: {
      enabled: true,
      pointInTimeRecoveryEnabled: true,
      startTime: "03:00",
      transactionLogRetentionDays: 7,
      backupRetentionSettings: { retainedBackups: 7, retentionUnit: "COUNT" },
    },
    maintenanceWindow: { day: 7, hour: 4, updateTrack: "stable" },
    insightsConfig: {
      queryInsightsEnabled: true,
      recordApplicationTags: true,
      recordClientAddress: false,
      queryStringLength: 1024,
      queryPlansPerMinute: 5,
    },
  });
});

test("is protected three times: by Pulumi, by the provider and by Google", async () => {
  const registered = await database();
  const instance = only(registered, SQL_INSTANCE);
  expect(instance.options.protect).toBe(true);
  expect(instance.inputs.deletionProtection).toBe(true);
  expect(instance.inputs.settings).toMatchObject({ deletionProtectionEnabled: true });
  expect(only(registered, SQL_DATABASE).options.protect).toBe(true);
});

test("creates the application's database in the instance", async () => {
  const registered = await database();
  const created = only(registered, SQL_DATABASE);
  expect(created.inputs).toEqual({ name: "netra_staging", instance: "staging-shared-postgres" });
  expect(waitsFor(created)).toEqual(["staging-shared-postgres"]);
});
