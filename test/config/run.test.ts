import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";
import { channelTokensOfRun, configurationOfRun } from "../../config/run";

const configure = (values: Readonly<Record<string, string>>, secretKeys: string[]) =>
  pulumi.runtime.setAllConfig({ "gcp:region": "us-central1", ...values }, secretKeys);

beforeEach(async () => {
  await pulumi.runtime.setMocks(
    { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
    "netra",
    "staging",
    true,
  );
});

test("reads sections as such and other namespaces as text, and a decrypted token never leaves as itself", () => {
  configure({ "netra:hosts": '{"auth":["a.example.org"]}', "netra:channelTokens": '{"chat":"xoxb-1","pager":"k-2"}' }, [
    "netra:channelTokens",
  ]);
  expect(configurationOfRun()).toEqual({
    "gcp:region": "us-central1",
    "netra:hosts": { auth: ["a.example.org"] },
    "netra:channelTokens": { chat: "[secret]", pager: "[secret]" },
  });
});

test("leaves a token that stands there in plain text to the reader of the settings, which refuses it", () => {
  configure({ "netra:channelTokens": '{"chat":"in plain text"}' }, []);
  expect(configurationOfRun()["netra:channelTokens"]).toEqual({ chat: "in plain text" });
});

test("hands tokens out as secrets, none where there are none", async () => {
  configure({ "netra:channelTokens": '{"chat":"xoxb-1"}' }, ["netra:channelTokens"]);
  const tokens = channelTokensOfRun();
  expect(await pulumi.isSecret(tokens)).toBe(true);
  expect(await new Promise((resolve) => tokens.apply(resolve))).toEqual({ chat: "xoxb-1" });
  configure({}, []);
  expect(await new Promise((resolve) => channelTokensOfRun().apply(resolve))).toEqual({});
});
