import { expect, test } from "vitest";
import { serviceTimeout } from "../../../../policy/rules/service/service-timeout";
import { messages, UNKNOWN } from "../../harness";
import { soundService, soundServiceV1 } from "../../services";

const withTimeout = (timeout: unknown) => messages(serviceTimeout, soundService({ pod: { timeout } }));

test("accepts a second to an hour, and Cloud Run's default", async () => {
  for (const timeout of ["1s", "600s", "3600s", "3.5s", undefined, null, ""])
    expect(await withTimeout(timeout)).toEqual([]);
});

test("refuses more than an hour and none at all", async () => {
  expect(await withTimeout("4000s")).toEqual([
    "'template.timeout' (4000s) must be from 1 to 3600 seconds because Cloud Run ends every request after an hour at the latest; set 'template.timeout' to 3600s",
  ]);
  expect(await withTimeout("0s")).toEqual([
    "'template.timeout' (0s) must be from 1 to 3600 seconds because Cloud Run ends every request after an hour at the latest; set 'template.timeout' to 1s",
  ]);
});

test("refuses another form", async () => {
  expect(await withTimeout("300")).toEqual([
    "'template.timeout' (300) must be seconds such as \"600s\" because Cloud Run reads no other form; set 'template.timeout' to 300s",
  ]);
  expect((await withTimeout("10m"))[0]).toMatch(/ to 600s$/);
});

test("reads a v1 service", async () => {
  expect(await messages(serviceTimeout, soundServiceV1({ pod: { timeoutSeconds: 4000 } }))).toEqual([
    "'template.spec.timeoutSeconds' (4000) must be from 1 to 3600 seconds because Cloud Run ends every request after an hour at the latest; set 'template.spec.timeoutSeconds' to 3600",
  ]);
});

test("reports what it cannot evaluate", async () => {
  expect(await withTimeout(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.timeout' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await withTimeout(600)).toEqual(["cannot evaluate: template.timeout must be a text"]);
});
