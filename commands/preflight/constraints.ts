import { APIS } from "../../config/apis";
import type { Settings } from "../../config/schema";

/** A constraint of organisation policies that can forbid something that the plan needs. */
export interface Constraint {
  /** Without `constraints/`. */
  readonly name: string;
  /**
   * Values that a list constraint must allow, each in every form in which a policy can allow it. Absent: it is enforced
   * or not.
   */
  readonly values?: (settings: Settings) => readonly (readonly string[])[];
  /** Whether the plan has what an enforced one forbids. Default: always. */
  readonly concerns?: (settings: Settings) => boolean;
  /** Whether any list of allowed values refuses the plan, because the plan has no such value. */
  readonly statesNone?: boolean;
  /** Completes "because". */
  readonly because: string;
  /** A setting that complies with the policy; absent: only an exception helps. */
  readonly setting?: string;
  readonly source: string;
}

const LIST = "docs.cloud.google.com/organization-policy/reference/org-policy-constraints";
const RUN = "docs.cloud.google.com/run/docs/securing/organization-policies";
const BALANCERS = "docs.cloud.google.com/load-balancing/docs/org-policy-constraints";

const each = (texts: readonly string[]) => [...new Set(texts)].map((text) => [text]);
const services = (settings: Settings) => Object.values(settings.services);
const addresses = (apis: readonly string[]) => each(apis.map((api) => `${api}.googleapis.com`));
/** Value groups that contain a region: its own, and its continent's. */
const locationValues = (region: string) => [region, `in:${region}-locations`, `in:${region.split("-")[0]}-locations`];

export const constraints: readonly Constraint[] = [
  {
    name: "gcp.resourceLocations",
    values: ({ region }) => [locationValues(region), ["global"]],
    because: "the plan's resources are created in its region, and a secret with automatic replication in global",
    source: `${LIST}; docs.cloud.google.com/organization-policy/defining-locations`,
  },
  {
    name: "gcp.restrictServiceUsage",
    values: () => addresses(APIS),
    because: "the plan needs these APIs",
    source: LIST,
  },
  {
    name: "gcp.restrictNonCmekServices",
    values: () => addresses(["sqladmin", "run", "secretmanager", "redis"]),
    because:
      "the plan encrypts with Google's keys, and a service on this list creates nothing without a customer-managed key",
    source: LIST,
  },
  {
    name: "sql.disableDefaultEncryptionCreation",
    because: "the database is encrypted with Google's key",
    source: LIST,
  },
  { name: "iam.disableServiceAccountCreation", because: "each service gets an account of its own", source: LIST },
  {
    name: "iam.allowedPolicyMemberDomains",
    values: (settings) => (services(settings).some(({ invoker }) => invoker === "all-users") ? [["allUsers"]] : []),
    because: "the invoker all-users grants a service to everyone",
    setting: "netra:services.SERVICE.invoker to iam-disabled",
    source: RUN,
  },
  {
    name: "run.managed.requireInvokerIam",
    concerns: (settings) => services(settings).some(({ invoker }) => invoker === "iam-disabled"),
    because: "a service with the invoker iam-disabled turns that check off",
    setting: "netra:services.SERVICE.invoker to all-users or authenticated",
    source: RUN,
  },
  {
    name: "run.allowedIngress",
    values: (settings) =>
      each(
        services(settings).map(({ ingress }) =>
          ingress === "internal-and-load-balancer" ? "internal-and-cloud-load-balancing" : ingress,
        ),
      ),
    because: "the services take requests from there",
    setting: "netra:services.SERVICE.ingress to one that it allows",
    source: RUN,
  },
  {
    name: "run.allowedVPCEgress",
    values: (settings) => each(services(settings).map(({ egress }) => egress)),
    because: "the services send that traffic through the VPC",
    setting: "netra:services.SERVICE.egress to one that it allows",
    source: RUN,
  },
  {
    name: "run.allowedBinaryAuthorizationPolicies",
    statesNone: true,
    because: "the plan's services name no Binary Authorization policy, and a list refuses that",
    source: "docs.cloud.google.com/binary-authorization/docs/run/requiring-binauthz-cloud-run",
  },
  {
    name: "compute.restrictVpcPeering",
    // Google's organisation, which owns the networks of its services.
    values: () => [["under:organizations/433637338589"]],
    because: "the database gets its private address through a peering with Google's network",
    source: `${LIST}; docs.cloud.google.com/sql/docs/postgres/configure-private-services-access`,
  },
  {
    name: "compute.restrictLoadBalancerCreationForTypes",
    values: ({ edge }) => (edge ? [["GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "in:EXTERNAL"]] : []),
    because: "'netra:edge' is a global external application load balancer",
    source: BALANCERS,
  },
  {
    name: "compute.disableGlobalLoadBalancing",
    concerns: ({ edge }) => edge !== undefined,
    because: "'netra:edge' is a global load balancer",
    source: BALANCERS,
  },
  {
    name: "compute.restrictCloudNATUsage",
    values: ({ project, region, network: { nat, subnet } }) =>
      nat ? [[`projects/${project}/regions/${region}/subnetworks/${subnet}`, `under:projects/${project}`]] : [],
    because: "'netra:network.nat' is for that subnet",
    source: LIST,
  },
  {
    name: "compute.requireVpcFlowLogs",
    statesNone: true,
    because: "the plan's subnet has no flow logs, and a list refuses that",
    source: LIST,
  },
];
