import { SQL_INSTANCE } from "../../policy/types";
import type { Declared } from "./harness";

const SETTINGS = {
  tier: "db-custom-1-3840",
  edition: "ENTERPRISE",
  activationPolicy: "ALWAYS",
  availabilityType: "ZONAL",
  diskSize: 20,
  diskType: "PD_SSD",
  diskAutoresize: true,
  deletionProtectionEnabled: true,
  databaseFlags: [{ name: "max_connections", value: "150" }],
  ipConfiguration: { ipv4Enabled: false, privateNetwork: "projects/netra-staging/global/networks/staging-vpc", sslMode: "ENCRYPTED_ONLY" },
  backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true },
  insightsConfig: { queryInsightsEnabled: true, queryStringLength: 1024, queryPlansPerMinute: 5 },
};

/** Staging's instance as the provider hands it to policies, with other settings or other properties. It passes every rule. */
export function instance(settings: object = {}, properties: object = {}): Declared {
  return {
    type: SQL_INSTANCE,
    properties: {
      name: "staging-shared-postgres",
      databaseVersion: "POSTGRES_14",
      deletionProtection: true,
      region: "us-central1",
      settings: { ...SETTINGS, ...settings },
      ...properties,
    },
  };
}
