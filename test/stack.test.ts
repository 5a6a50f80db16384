import { expect, test } from "vitest";
import { staging } from "../stack";
import { create, refusal, visible, wireSecret } from "./fixtures/programs";
import { stagingConfiguration } from "./stack-settings";
test("a", async () => {
  const r = await refusal(stagingConfiguration({"netra:connector": {minInstances: 12}}), staging);
  console.log(r);
  console.log(await refusal(stagingConfiguration({"netra:connector": {minInstances: "12x"}}), staging));
  const c = await create(staging, ({type, name}) => {
    if (type.endsWith("RandomPassword")) return {result: wireSecret("P".repeat(30)+"abcdefghijklmno123")};
    if (type.endsWith("RandomBytes")) return {base64: wireSecret("q+/A".repeat(11))};
    if (type.endsWith("SecretVersion")) return {version: "1"};
    if (type.endsWith(":Instance")) return {authString: wireSecret("0b2e..."), host: "10.1.1.1", port: 6379};
    if (type.endsWith("DatabaseInstance")) return {privateIpAddress: "10.2.2.2"};
    return {};
  });
  console.log(c.length, JSON.stringify(visible(c.filter(x => /SecretVersion|User/.test(x.type))), null, 1));
  await expect(create(staging, () => ({version: "3"}))).rejects.toThrow("xx");
});
