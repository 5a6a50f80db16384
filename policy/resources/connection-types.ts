import type { StackResource } from "../framework/rule";
import { WORKLOAD_TYPES } from "./workload";

/*
 * The types of resources that can hold database connections. An unlisted type may hold some, so the list of types
 * without connections only grows by what is known.
 */

/**
 * Types that hold no connection and pass the outputs they use on: a secret's version, a DNS record, a configuration, a
 * template.
 */
const HOLDS_NONE: readonly RegExp[] = [
  // Google's services that store, name, route, watch or permit. No type of these modules runs code or connects.
  /^gcp:(sql|monitoring|logging|dns|secretmanager|kms|storage|serviceaccount|projects|folder|organizations|resourcemanager|iam\w*|tags|billing)\//,
  /^gcp:(servicenetworking|servicedirectory|vpcaccess|networkconnectivity|networkservices|networksecurity|networkmanagement|certificatemanager)\//,
  /^gcp:(artifactregistry|pubsub|cloudtasks|cloudscheduler|workflows|redis|memcache|filestore|firestore|spanner|bigtable|essentialcontacts)\//,
  /^gcp:(accesscontextmanager|securitycenter|binaryauthorization|iap|identityplatform|recaptcha|privateca|apigateway|endpoints|backupdisasterrecovery)\//,
  /^gcp:bigquery\/(dataset|table|routine|reservation|\w*Iam)/,
  // Networks and balancers; not machines, their templates and the groups that start them.
  /^gcp:compute\/(?!instance:|instanceFrom|instance(GroupManager|Template):|regionInstance(GroupManager|Template):|perInstanceConfig:|regionPerInstanceConfig:)/,
  /^gcp:cloudrun(v2)?\/(domainMapping|iam|\w+Iam)/,
  /Iam(Member|Binding|Policy|AuditConfig):|IAM(Member|Binding|Policy|AuditConfig):/,
  // Types that configure a cluster and run nothing.
  /^kubernetes:core\/v1:(ConfigMap|Secret|Service|ServiceAccount|Namespace|Endpoints|PersistentVolume\w*|LimitRange|ResourceQuota)(Patch|List)?$/,
  /^kubernetes:(networking|rbac|policy|storage|autoscaling|scheduling|apiextensions|discovery|admissionregistration)\.?[\w.]*\//,
  // Values, providers, and external monitoring. A provider connects only while an `up` runs.
  /^(random|tls|time|pulumi|pulumiservice|postgresql|cloudflare|datadog|grafana|pagerduty|opsgenie|newrelic):/,
];

/** Types that run code or connect: a dependency on the database is enough, and so is a variable that names it. */
const CONNECTS: readonly RegExp[] = [
  /^gcp:(cloudfunctions|cloudfunctionsv2|appengine|container|gkehub|dataflow|composer|dataproc|datafusion|datastream|databasemigrationservice|notebooks|workbench|vertex|workstations|batch|cloudbuild|cloudbuildv2|clouddeploy)\//,
  /^gcp:compute\//,
  /^gcp:bigquery\//,
  /^(kubernetes|docker|command):/,
];

const matches = (patterns: readonly RegExp[], type: string) => patterns.some((pattern) => pattern.test(type));

/**
 * Whether a resource is known to hold no connection: by its type, or as a component whose children are in the stack.
 */
export const holdsNone = ({ type, children }: StackResource): boolean =>
  matches(HOLDS_NONE, type) || (children.length > 0 && !type.startsWith("gcp:") && !matches(CONNECTS, type));

/** Whether a resource of that type runs code or connects. */
export const mayConnect = ({ type }: StackResource): boolean =>
  !WORKLOAD_TYPES.includes(type) && !matches(HOLDS_NONE, type) && matches(CONNECTS, type);

/**
 * The types that the rules judge, under the names of other Google providers: google-native
 * (`google-native:run/v2:Service`), and Terraform's bridged provider
 * (`google-beta:index/cloudRunV2Service:CloudRunV2Service`).
 */
const OTHER_PROVIDERS: readonly RegExp[] = [
  /^google-native:(run|sqladmin|vpcaccess|redis|secretmanager|servicenetworking)\//,
  /^google-native:compute\/\w+:(Network|Subnetwork|Router|GlobalAddress|UrlMap|SecurityPolicy)$/,
  /^(google|google-beta|gcp-beta):index\/(cloudRun|sql|vpcAccess|redis|secretManager|serviceNetworking)/,
  /^(google|google-beta|gcp-beta):index\/compute(Network|Subnetwork|Router|RouterNat|GlobalAddress|UrlMap|SecurityPolicy):/,
  /^gcp-beta:(cloudrun|cloudrunv2|sql|vpcaccess|redis|secretmanager|servicenetworking)\//,
];

/** Whether it is of a kind that the rules judge, but of a Google provider whose types they do not read. */
export const isOtherProvider = ({ type }: StackResource): boolean =>
  matches(OTHER_PROVIDERS, type) && !/Iam(Member|Binding|Policy)/.test(type);
