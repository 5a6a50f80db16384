import { expect, test } from "vitest";
import { databasePrivate } from "../../../../policy/rules/database/database-private";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const PRIVATE = { ipv4Enabled: false, privateNetwork: UNKNOWN };
const messages = async (ipConfiguration: unknown, properties: object = {}) =>
  (await judge(databasePrivate, soundDatabase({ ipConfiguration }, properties))).map((f) => f.message);
const authorized = (...values: unknown[]) =>
  messages({ ...PRIVATE, authorizedNetworks: values.map((value) => ({ name: "office", value })) });

const NO_NETWORK =
  "'settings.ipConfiguration.privateNetwork' (not set) must name the VPC because otherwise the instance has no private address; set 'settings.ipConfiguration.privateNetwork' to the network's id, projects/<project>/global/networks/<name>";
const publicAddress = (shown: string) =>
  `'settings.ipConfiguration.ipv4Enabled' (${shown}) must be false because otherwise Google assigns the instance a public address; set 'settings.ipConfiguration.ipv4Enabled' to false`;

test("accepts a private address only, of a network that a preview may not know", async () => {
  expect(await messages(PRIVATE)).toEqual([]);
  expect(await messages({ ...PRIVATE, privateNetwork: "projects/p/global/networks/n" })).toEqual([]);
  expect(await messages({ ipv4Enabled: false, pscConfigs: [{ pscEnabled: true }] })).toEqual([]);
});

test("refuses a public address, stated or by Google's default", async () => {
  expect(await messages({ ...PRIVATE, ipv4Enabled: true })).toEqual([publicAddress("true")]);
  expect(await messages({ privateNetwork: UNKNOWN })).toEqual([publicAddress("not set")]);
});

test("refuses an instance without a network, and without any address settings", async () => {
  for (const privateNetwork of [undefined, null, ""])
    expect(await messages({ ipv4Enabled: false, privateNetwork })).toEqual([NO_NETWORK]);
  expect(await messages(undefined)).toEqual([NO_NETWORK, publicAddress("not set")]);
});

test("refuses authorized networks that stand for everyone", async () => {
  expect(await authorized("203.0.113.0/24", "0.0.0.0/0")).toEqual([
    "'settings.ipConfiguration.authorizedNetworks[1].value' (0.0.0.0/0) must be one network's own range because such a wide range admits strangers; set 'settings.ipConfiguration.authorizedNetworks[1].value' to a range such as 203.0.113.0/24, or remove it: a private address needs none",
  ]);
  expect(await authorized("0.0.0.0/1", "128.0.0.0/1")).toHaveLength(2);
  for (const range of ["::/0", "2000::/3", "0::0/0", "::ffff:0.0.0.0/96", "0.0.0.0/00", "8.0.0.0/8"])
    expect(await authorized(range)).toHaveLength(1);
});

test("accepts single addresses and networks of one place", async () => {
  expect(await authorized("203.0.113.7", "203.0.113.0/24", "198.51.0.0/16", "2001:db8:1::/48")).toEqual([]);
});

test("judges every engine", async () => {
  expect(await messages({ ...PRIVATE, ipv4Enabled: true }, { databaseVersion: "MYSQL_8_0" })).toHaveLength(1);
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages({ ...PRIVATE, ipv4Enabled: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.ipConfiguration.ipv4Enabled' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ ...PRIVATE, ipv4Enabled: "no" })).toEqual([
    "cannot evaluate: settings.ipConfiguration.ipv4Enabled must be true or false",
  ]);
  for (const value of ["everyone", "", null])
    expect(await authorized(value)).toEqual([
      "cannot evaluate: settings.ipConfiguration.authorizedNetworks[0].value must be an address range such as 203.0.113.0/24",
    ]);
  expect(await authorized(UNKNOWN)).toHaveLength(1);
});
