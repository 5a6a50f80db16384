/**
 * What the plan needs and nobody publishes. Each has a low, a likely and a high value; the likely one decides,
 * the others are the sensitivity that reports show. A fact with a source belongs in `limits.ts` instead.
 */
export interface Assumption {
  readonly name: string;
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  readonly unit: string;
  /** Why this range: what is known around the number. */
  readonly why: string;
}

export const assumptions = {
  connectorConnectsPerSecond: {
    name: "connector connects",
    low: 50,
    likely: 200,
    high: 1000,
    unit: "new connections per second and connector VM (e2-micro)",
    why: "Google warns of shared-core CPU and connection-tracking limits on small VMs and publishes no number",
  },
  sharedCoreFraction: {
    name: "shared-core CPU",
    low: 0.1,
    likely: 0.25,
    high: 0.5,
    unit: "vCPU of a shared-core tier that is there in a storm",
    why: "the fraction that db-f1-micro and db-g1-small get is not published",
  },
  backendMib: {
    name: "memory per backend",
    low: 1.5,
    likely: 5,
    high: 10,
    unit: "MiB per PostgreSQL backend beside work_mem",
    why: "1.3 to 2.9 MiB were measured on fresh backends; one that has touched shared_buffers grows with its page tables",
  },
  usableMemoryShare: {
    name: "usable database memory",
    low: 0.8,
    likely: 0.85,
    high: 0.9,
    unit: "share of the tier's memory",
    why: "the operating system and Cloud SQL's agents take the rest; how much is not published",
  },
  sharedBuffersShare: {
    name: "default shared_buffers",
    low: 0.25,
    likely: 1 / 3,
    high: 0.4,
    unit: "share of the tier's memory where the flag is not set",
    why: "Cloud SQL's default is not in the material read; a third is what instances are seen with",
  },
} as const satisfies Record<string, Assumption>;
