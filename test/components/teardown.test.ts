import { expect, test } from "vitest";
import { evaluate } from "../../engine/evaluate";
import { staging } from "../../stack";
import { configurationProblems, stagingConfiguration } from "../stack-settings";

const withTeardown = (teardown: object) => stagingConfiguration({ "netra:teardown": teardown });

test("a teardown takes every deletion protection off, and leaves the engine's on", async () => {
  const registered = await evaluate(
    "staging",
    withTeardown({ reason: "staging moves to another project (#1402)" }),
    staging,
  );
  const protections = registered.flatMap(({ type, inputs }) =>
    "deletionProtection" in inputs ? [`${type} ${inputs.deletionProtection}`] : [],
  );
  expect([...new Set(protections)].toSorted()).toEqual([
    "gcp:cloudrunv2/job:Job false",
    "gcp:cloudrunv2/service:Service false",
    "gcp:secretmanager/secret:Secret false",
    "gcp:sql/databaseInstance:DatabaseInstance false",
  ]);
  const instance = registered.find(({ type }) => type === "gcp:sql/databaseInstance:DatabaseInstance");
  expect(instance?.inputs).toMatchObject({ settings: { deletionProtectionEnabled: false, tier: "db-custom-1-3840" } });
  expect(registered.filter(({ options }) => options.protect).map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      "gcp:compute/network:Network",
      "gcp:sql/databaseInstance:DatabaseInstance",
      "gcp:secretmanager/secret:Secret",
    ]),
  );
});

test("a teardown needs its reason", () => {
  expect(configurationProblems(withTeardown({}))).toEqual([
    expect.stringMatching(
      /^'netra:teardown\.reason' \(not set\) must .+; set 'netra:teardown\.reason' to staging moves to another project \(#1402\)$/,
    ),
  ]);
});
