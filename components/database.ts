import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { flagValue } from "../capacity/constraints/cloudsql";
import { knownAfterUpdate } from "./after-update";

export interface DatabaseArgs {
  readonly name: string;
  readonly region: string;
  /** The network's full id; Cloud SQL accepts no other form. */
  readonly network: pulumi.Input<string>;
  /** The private services connection: without it Google refuses the private address. */
  readonly servicesConnection: pulumi.Resource;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  readonly edition: string;
  /** A dedicated-core tier. */
  readonly tier: string;
  readonly availability: string;
  readonly diskGb: number;
  /** The flag that limits the connection budget. A change restarts the instance. */
  readonly maxConnections: number;
  readonly sharedBuffersMib: number;
  readonly workMemMib: number;
  /** The application's database. */
  readonly database: string;
  readonly backup: {
    readonly startTime: string;
    readonly retainedBackups: number;
    readonly transactionLogDays: number;
  };
  readonly maintenance: { readonly day: number; readonly hour: number };
  readonly insights: { readonly queryStringLength: number; readonly queryPlansPerMinute: number };
}

/**
 * Cloud SQL for PostgreSQL with only a private address, encrypted connections, point-in-time recovery and both deletion
 * protections. Cost: tier and disk; db-custom-1-3840 with 20 GB is about 53 USD a month.
 */
export class Database extends pulumi.ComponentResource {
  readonly instance: gcp.sql.DatabaseInstance;
  /** The application's database, on which every service that uses it depends. */
  readonly database: gcp.sql.Database;
  /** The value of `POSTGRES_HOST`. Known only after the instance exists. */
  readonly privateAddress: pulumi.Output<string>;
  /** `project:region:name`, for the built-in socket. */
  readonly connectionName: pulumi.Output<string>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Database", name, {}, opts);
    this.instance = new gcp.sql.DatabaseInstance(
      args.name,
      {
        name: args.name,
        region: args.region,
        databaseVersion: args.version,
        deletionProtection: true,
        settings: {
          tier: args.tier,
          edition: args.edition,
          availabilityType: args.availability,
          diskSize: args.diskGb,
          diskType: "PD_SSD",
          diskAutoresize: true,
          deletionProtectionEnabled: true,
          userLabels: { ...args.labels },
          databaseFlags: flags(args),
          ipConfiguration: { ipv4Enabled: false, privateNetwork: args.network, sslMode: "ENCRYPTED_ONLY" },
          backupConfiguration: {
            enabled: true,
            pointInTimeRecoveryEnabled: true,
            startTime: args.backup.startTime,
            transactionLogRetentionDays: args.backup.transactionLogDays,
            backupRetentionSettings: { retainedBackups: args.backup.retainedBackups, retentionUnit: "COUNT" },
          },
          maintenanceWindow: { day: args.maintenance.day, hour: args.maintenance.hour, updateTrack: "stable" },
          insightsConfig: {
            queryInsightsEnabled: true,
            recordApplicationTags: true,
            recordClientAddress: false,
            queryStringLength: args.insights.queryStringLength,
            queryPlansPerMinute: args.insights.queryPlansPerMinute,
          },
        },
      },
      { parent: this, protect: true, dependsOn: [args.servicesConnection] },
    );
    this.database = new gcp.sql.Database(
      args.database,
      { name: args.database, instance: this.instance.name },
      { parent: this, protect: true },
    );
    this.privateAddress = knownAfterUpdate(this.instance.privateIpAddress);
    this.connectionName = this.instance.connectionName;
    this.registerOutputs({ privateAddress: this.privateAddress, connectionName: this.connectionName });
  }
}

function flags(args: DatabaseArgs): gcp.types.input.sql.DatabaseInstanceSettingsDatabaseFlag[] {
  return [
    { name: "max_connections", value: String(args.maxConnections) },
    { name: "shared_buffers", value: String(flagValue("shared_buffers", args.sharedBuffersMib)) },
    { name: "work_mem", value: String(flagValue("work_mem", args.workMemMib)) },
  ];
}
