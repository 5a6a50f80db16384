import { z } from "zod";

/*
 * What of it exists, in the shapes that gcloud prints with --format=json (Google Cloud CLI 528). `undefined`: it does
 * not.
 */

const conditionSchema = z.object({ title: z.string().default(""), expression: z.string().default("") });
export const policySchema = z.object({
  bindings: z
    .array(
      z.object({ role: z.string(), members: z.array(z.string()).default([]), condition: conditionSchema.optional() }),
    )
    .default([]),
});
export type Policy = z.output<typeof policySchema>;

export const projectSchema = z.object({ projectNumber: z.string().regex(/^\d+$/) });
export const apisSchema = z.array(z.object({ config: z.object({ name: z.string() }) }));
export const bucketSchema = z.object({
  location: z.string(),
  versioning_enabled: z.boolean().default(false),
  uniform_bucket_level_access: z.boolean().default(false),
  public_access_prevention: z.string().default("inherited"),
});
export const poolSchema = z.object({ state: z.string().default("ACTIVE"), disabled: z.boolean().default(false) });
export const providerSchema = poolSchema.extend({
  attributeCondition: z.string().default(""),
  attributeMapping: z.record(z.string(), z.string()).default({}),
  oidc: z.object({ issuerUri: z.string().default("") }).default({ issuerUri: "" }),
});
/** `projects/N/locations/global/workloadIdentityPools/POOL/providers/ID`. */
export const providersSchema = z.array(z.object({ name: z.string() }));
export const accountSchema = z.object({ disabled: z.boolean().default(false) });
export const roleSchema = z.object({
  includedPermissions: z.array(z.string()).default([]),
  deleted: z.boolean().default(false),
});
export const anySchema = z.object({});

/** What already exists in the project. */
export interface Existing {
  readonly projectNumber: string;
  readonly apis: readonly string[];
  readonly bucket: z.output<typeof bucketSchema> | undefined;
  readonly keyRing: object | undefined;
  readonly key: object | undefined;
  readonly pool: z.output<typeof poolSchema> | undefined;
  readonly provider: z.output<typeof providerSchema> | undefined;
  /** All of the pool. */
  readonly providers: z.output<typeof providersSchema>;
  readonly deployer: z.output<typeof accountSchema> | undefined;
  readonly previewer: z.output<typeof accountSchema> | undefined;
  readonly role: z.output<typeof roleSchema> | undefined;
  /** No bindings for what does not exist yet. */
  readonly policies: {
    readonly project: Policy;
    readonly bucket: Policy;
    readonly key: Policy;
    readonly deployer: Policy;
    readonly previewer: Policy;
  };
}
