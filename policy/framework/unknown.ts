import { UNKNOWN } from "../../capacity/secrecy";

export { UNKNOWN };

/**
 * What the engine puts in the place of a value that a preview cannot know, one for each kind of value.
 * Source: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go; the same in @pulumi/policy's proxy.
 */
const SENTINELS: ReadonlySet<unknown> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // true or false
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // list
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export const isUnknownValue = (value: unknown): boolean => SENTINELS.has(value);

/**
 * The properties behind the proxy that the SDK wraps around them. The proxy throws at every unknown value; a rule also
 * asks whether a value is unknown, and {@link Inputs} answers both, without a proxy for every object it meets.
 */
export function unwrapProxy(properties: object | undefined): unknown {
  return properties === undefined ? undefined : (Reflect.get(properties, "__getSpecialProxyTarget") ?? properties);
}
