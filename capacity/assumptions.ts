import { postgresCosts } from "./limits";

/**
 * What the plan needs and Google does not publish. Each has a low, a likely and a high value; the likely one decides, the
 * others are the sensitivity that reports show. A fact with a source belongs in `limits.ts` instead.
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
  connectCpuMs: {
    name: "CPU per connect",
    low: 4.5,
    likely: postgresCosts.connectCpuMs.value,
    high: 15,
    unit: "ms of database CPU for TLS, SCRAM and the backend's start",
    why: "4.5 and 7 ms were measured on two virtual machines; Cloud SQL's vCPUs may be slower, and its certificate chain is longer",
  },
  refusalShare: {
    name: "cost of a refusal",
    low: 0.2,
    likely: 0.4,
    high: 0.6,
    unit: "share of a connect's CPU that is spent before the slots are looked at",
    why: "fork and TLS come before, authentication and the backend's caches after; TLS alone was 2.3 of 7 ms",
  },
  clientConnectMs: {
    name: "client side of a connect",
    low: 5,
    likely: 20,
    high: 100,
    unit: "ms of round trips and of the client's own TLS and PBKDF2",
    why: "18 writes through the connector and about as much CPU as the server spends; the client has its own vCPU",
  },
  bootSigma: {
    name: "spread of boots",
    low: 0.1,
    likely: 0.33,
    high: 0.5,
    unit: "sigma of the logarithm of the boot time, whose 99th percentile the plan states",
    why: "15 s over the logged ~7 s to the first connect is 0.33; smaller means that more connects coincide",
  },
  remainingStartSeconds: {
    name: "start after the database",
    low: 0.2,
    likely: 0.7,
    high: 3,
    unit: "s from the last connection to ready",
    why: "the cache phase took 0.693 s in the one healthy start that was logged",
  },
  steadyCpuShare: {
    name: "database CPU in use",
    low: 0,
    likely: 0.3,
    high: 0.7,
    unit: "share of the database's CPU that requests take while a rollout or a scale-out starts instances",
    why: "staging's load was never recorded",
  },
  lingeringShare: {
    name: "connections left by a crash",
    low: 0,
    likely: 0.1,
    high: 1,
    unit: "share of the crashed instances' pools whose slots are still taken when the next containers connect",
    why: "a process that dies closes its sockets; an instance that vanishes leaves them to keep-alive",
  },
} as const satisfies Record<string, Assumption>;

export type AssumptionName = keyof typeof assumptions;
