import { expect, test } from "vitest";
import { providerJudged } from "../../../../policy/rules/capacity/provider-judged";
import { type Declared, judgeStack } from "../../harness";
import { soundDatabase, soundService } from "../../services";

const of = (type: string): Declared => ({ type, name: "elsewhere", properties: {} });

test("accepts resources of the provider gcp, and what no rule judges", async () => {
  const others = [
    "google-native:storage/v1:Bucket",
    "google-beta:index/storageBucket:StorageBucket",
    "google-native:run/v2:ServiceIamPolicy",
    "aws:rds/instance:Instance",
  ];
  expect(await judgeStack(providerJudged, [soundDatabase(), soundService(), ...others.map(of)])).toEqual([]);
});

test.each([
  "google-native:run/v2:Service",
  "google-native:sqladmin/v1beta4:Instance",
  "google-native:vpcaccess/v1:Connector",
  "google-native:redis/v1:Instance",
  "google-native:compute/v1:Subnetwork",
  "google-beta:index/cloudRunV2Service:CloudRunV2Service",
  "google-beta:index/sqlDatabaseInstance:SqlDatabaseInstance",
  "google:index/vpcAccessConnector:VpcAccessConnector",
  "gcp-beta:cloudrunv2/service:Service",
])("reports %s as not judged", async (type) => {
  expect(await judgeStack(providerJudged, [of(type)])).toEqual([
    {
      message: `cannot evaluate: 'elsewhere' (${type}) must be a resource of the provider gcp because the rules read the types and properties of that provider only; declare it with @pulumi/gcp, or check it manually and waive this rule for it`,
      resource: "elsewhere",
      waived: false,
    },
  ]);
});
