import * as pulumi from "@pulumi/pulumi";
import { MASK } from "../capacity/secrecy";

/**
 * All configuration of the running stack, sections parsed; what is encrypted in the channels' tokens reads as
 * `[secret]`.
 */
export function configurationOfRun(): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(pulumi.runtime.allConfig()).map((key) => {
      const [namespace = "", name = ""] = key.split(":");
      const config = new pulumi.Config(namespace);
      const value = namespace === pulumi.getProject() ? config.requireObject(name) : config.require(name);
      return [key, key === TOKENS && isEncrypted(key) ? hidden(value) : value];
    }),
  );
}

/** The tokens of the notification channels, by channel, as secrets. */
export function channelTokensOfRun(): pulumi.Output<Readonly<Record<string, string>>> {
  const tokens = new pulumi.Config().getSecretObject<Record<string, string>>("channelTokens");
  return tokens?.apply((stated) => stated ?? {}) ?? pulumi.output<Record<string, string>>({});
}

const TOKENS = "netra:channelTokens";

/** Whether the engine decrypted it. The runtime has the question, and its types leave it out. */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  return isConfigSecret(key);
}

const hidden = (value: unknown): unknown =>
  value !== null && typeof value === "object"
    ? Object.fromEntries(Object.keys(value).map((key) => [key, MASK]))
    : value;
