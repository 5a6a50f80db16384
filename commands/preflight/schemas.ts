import { z } from "zod";

/*
 * The fields that are read, in the shapes of Google's REST APIs, which gcloud prints too. Sources: the REST reference
 * of each API at docs.cloud.google.com: service-usage (v1 services), docs/quotas (v1 quotaInfos), compute (v1),
 * resource-manager (v1 projects; orgpolicy v2 policies), artifact-registry (v1 dockerImages), and gcloud 528 for
 * `docker images list`.
 */

export const enabledApis = z.object({ config: z.object({ name: z.string() }) });

/** 64-bit numbers are texts in JSON. */
const int64 = z.union([z.string().regex(/^-?\d+$/), z.number()]).transform(Number);

export const quotaInfo = z.object({
  quotaId: z.string(),
  dimensionsInfos: z
    .array(
      z.object({
        dimensions: z.record(z.string(), z.string()).default({}),
        details: z.object({ value: int64.optional() }).default({}),
        applicableLocations: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

export const computeQuotas = z.object({
  quotas: z.array(z.object({ metric: z.string(), limit: z.number(), usage: z.number() })).default([]),
});

export const policy = z.object({
  name: z.string(),
  spec: z
    .object({
      rules: z
        .array(
          z.object({
            allowAll: z.boolean().optional(),
            denyAll: z.boolean().optional(),
            enforce: z.boolean().optional(),
            values: z
              .object({ allowedValues: z.array(z.string()).default([]), deniedValues: z.array(z.string()).default([]) })
              .optional(),
          }),
        )
        .default([]),
    })
    .default({ rules: [] }),
});
export type Policy = z.output<typeof policy>;

export const projectInfo = z.object({ projectNumber: z.union([z.string(), z.number()]).transform(String) });
export const accessPolicy = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()).default([]) })),
});

/** REST has `uri`, gcloud `package` and `version`, and tags as a list or as one text. */
export const image = z.object({
  uri: z.string().optional(),
  package: z.string().optional(),
  version: z.string().optional(),
  tags: z.union([z.array(z.string()), z.string().transform((text) => text.split(/,\s*/))]).default([]),
});

export const namedObject = z.object({ name: z.string() });
export const network = namedObject.extend({ peerings: z.array(namedObject).default([]) });
export const globalAddress = namedObject.extend({
  address: z.string().optional(),
  prefixLength: z.number().optional(),
  purpose: z.string().optional(),
  network: z.string().optional(),
});
export const route = namedObject.extend({
  network: z.string(),
  destRange: z.string(),
  nextHopPeering: z.string().optional(),
});
