import { expect, test } from "vitest";
import { CONNECTOR } from "../../../../config/resource-types";
import { connectorName } from "../../../../policy/rules/connector/connector-name";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: Record<string, unknown>) =>
  (await judge(connectorName, { type: CONNECTOR, properties })).map((f) => f.message);

const notStated = (shown: string) =>
  `'name' (${shown}) must be stated because an automatic name gets a random suffix, and Google takes at most 20 characters with each hyphen counted as two; set 'name' to a short name such as staging-connector`;

test("accepts a name of 20 characters with each hyphen counted as two", async () => {
  expect(await messages({ name: "staging-connector" })).toEqual([]);
  expect(await messages({ name: "abcdefghij-klmnopqr" })).toEqual([]);
  expect(await messages({ name: "subject-vm" })).toEqual([]);
});

test("refuses a name that is too long by hyphens alone, and one in capitals", async () => {
  expect(await messages({ name: "a-b-c-d-e-f-g-h-i" })).toHaveLength(1);
  expect(await messages({ name: "netra-staging-connector" })).toEqual([
    "'name' (netra-staging-connector) must be lower-case letters, digits and hyphens, starting with a letter, at most 20 characters with each hyphen counted as two because this one counts 25 characters and Google refuses it at creation; set 'name' to netra-staging-conn",
  ]);
  expect(await messages({ name: "Connector" })).toEqual([
    "'name' (Connector) must be lower-case letters, digits and hyphens, starting with a letter, at most 20 characters with each hyphen counted as two because it follows the naming rules of Compute Engine; set 'name' to connector",
  ]);
});

test("refuses an absent name, and the one that Pulumi has filled in", async () => {
  for (const name of [undefined, null]) expect(await messages({ name })).toEqual([notStated("not set")]);
  expect(await messages({ name: "" })).toEqual([notStated("empty")]);
  // The resource's own name, which is `subject` here, and seven digits.
  expect(await messages({ name: "subject-1a2b3c4" })).toEqual([notStated("not set")]);
});

test("cannot evaluate a name that is unknown at preview or no text", async () => {
  expect(await messages({ name: UNKNOWN })).toEqual([
    "cannot evaluate: 'name' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ name: 7 })).toEqual(["cannot evaluate: name must be a text"]);
});
