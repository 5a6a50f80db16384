import { expect, test } from "vitest";
import { serviceDeployHealthCheck } from "../../../../policy/rules/service/service-deploy-health-check";
import { messages, UNKNOWN } from "../../harness";
import { soundService, soundServiceV1 } from "../../services";

const checked = (healthCheckDisabled: unknown) =>
  messages(serviceDeployHealthCheck, soundService({ pod: { healthCheckDisabled } }));

test("accepts a deploy that waits for the new revision", async () => {
  for (const disabled of [undefined, null, false]) expect(await checked(disabled)).toEqual([]);
  expect(await messages(serviceDeployHealthCheck, soundServiceV1())).toEqual([]);
});

test("refuses a deploy that does not", async () => {
  expect(await checked(true)).toEqual([
    "'template.healthCheckDisabled' (true) must be false or left out because traffic would move to a revision before one of its instances has started; set 'template.healthCheckDisabled' to false",
  ]);
  const v1 = soundServiceV1({ annotations: { "run.googleapis.com/health-check-disabled": "true" } });
  expect((await messages(serviceDeployHealthCheck, v1))[0]).toMatch(
    /^'template\.metadata\.annotations\.run\.googleapis\.com\/health-check-disabled' \(true\)/,
  );
});

test("reports what it cannot evaluate", async () => {
  expect(await checked(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.healthCheckDisabled' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await checked("yes")).toEqual(["cannot evaluate: template.healthCheckDisabled must be true or false"]);
});
