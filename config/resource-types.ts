/**
 * Type tokens of the resources that rules judge, and of others that several files name. Tokens, not classes: loading
 * @pulumi/gcp would cost more than the pack.
 */
export const CONNECTOR = "gcp:vpcaccess/connector:Connector";
export const SQL_INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance";
export const SQL_DATABASE = "gcp:sql/database:Database";
export const SQL_USER = "gcp:sql/user:User";
export const RUN_SERVICE = "gcp:cloudrunv2/service:Service";
export const RUN_JOB = "gcp:cloudrunv2/job:Job";
export const RUN_WORKER_POOL = "gcp:cloudrunv2/workerPool:WorkerPool";
/** The Knative-shaped v1 service. */
export const RUN_SERVICE_V1 = "gcp:cloudrun/service:Service";
export const REDIS = "gcp:redis/instance:Instance";
/** Caches that have private addresses only, in every connect mode. */
export const CACHES = [
  REDIS,
  "gcp:redis/cluster:Cluster",
  "gcp:memorystore/instance:Instance",
  "gcp:memcache/instance:Instance",
];
export const SECRET = "gcp:secretmanager/secret:Secret";
export const SECRETS = [SECRET, "gcp:secretmanager/regionalSecret:RegionalSecret"];
export const SECRET_VERSION = "gcp:secretmanager/secretVersion:SecretVersion";
export const REGIONAL_SECRET_VERSION = "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion";
export const SECRET_IAM_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember";
export const SECRET_IAM_BINDING = "gcp:secretmanager/secretIamBinding:SecretIamBinding";
/** Grants on one secret. */
export const SECRET_GRANTS = [
  SECRET_IAM_MEMBER,
  SECRET_IAM_BINDING,
  "gcp:secretmanager/secretIamPolicy:SecretIamPolicy",
  "gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember",
  "gcp:secretmanager/regionalSecretIamBinding:RegionalSecretIamBinding",
  "gcp:secretmanager/regionalSecretIamPolicy:RegionalSecretIamPolicy",
];
export const PROJECT_IAM_MEMBER = "gcp:projects/iAMMember:IAMMember";
/** Grants on everything in a project, a folder or an organization. */
export const WIDE_GRANTS = [
  PROJECT_IAM_MEMBER,
  "gcp:projects/iAMBinding:IAMBinding",
  "gcp:projects/iAMPolicy:IAMPolicy",
  "gcp:folder/iAMMember:IAMMember",
  "gcp:folder/iAMBinding:IAMBinding",
  "gcp:folder/iAMPolicy:IAMPolicy",
  "gcp:organizations/iAMMember:IAMMember",
  "gcp:organizations/iAMBinding:IAMBinding",
  "gcp:organizations/iAMPolicy:IAMPolicy",
];
/** Roles that a program makes itself. */
export const CUSTOM_ROLES = [
  "gcp:projects/iAMCustomRole:IAMCustomRole",
  "gcp:organizations/iAMCustomRole:IAMCustomRole",
];
export const SUBNETWORK = "gcp:compute/subnetwork:Subnetwork";
export const NETWORK = "gcp:compute/network:Network";
export const ADDRESS = "gcp:compute/address:Address";
export const GLOBAL_ADDRESS = "gcp:compute/globalAddress:GlobalAddress";
export const SERVICES_CONNECTION = "gcp:servicenetworking/connection:Connection";
export const DNS_RECORDS = ["gcp:dns/recordSet:RecordSet"];
export const ROUTER = "gcp:compute/router:Router";
export const ROUTER_NAT = "gcp:compute/routerNat:RouterNat";
export const REGION_NEG = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup";
export const BACKEND_SERVICES = [
  "gcp:compute/backendService:BackendService",
  "gcp:compute/regionBackendService:RegionBackendService",
];
export const URL_MAP = "gcp:compute/uRLMap:URLMap";
export const URL_MAPS = [URL_MAP, "gcp:compute/regionUrlMap:RegionUrlMap"];
export const HTTPS_PROXY = "gcp:compute/targetHttpsProxy:TargetHttpsProxy";
export const HTTPS_PROXIES = [HTTPS_PROXY, "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy"];
export const SECURITY_POLICY = "gcp:compute/securityPolicy:SecurityPolicy";
export const SSL_POLICY = "gcp:compute/sSLPolicy:SSLPolicy";
export const FORWARDING_RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule";
export const FORWARDING_RULES = [FORWARDING_RULE, "gcp:compute/forwardingRule:ForwardingRule"];
export const MANAGED_CERTIFICATE = "gcp:compute/managedSslCertificate:ManagedSslCertificate";
/** Certificate Manager's own, which also holds uploaded ones. */
export const CERTIFICATE = "gcp:certificatemanager/certificate:Certificate";
/** Certificates that list their hosts. */
export const MANAGED_CERTIFICATES = [
  MANAGED_CERTIFICATE,
  "gcp:compute/mangedSslCertificate:MangedSslCertificate", // the name it had by mistake
  CERTIFICATE,
];
/** Certificates whose hosts are in the uploaded file. */
export const SELF_MANAGED_CERTIFICATES = [
  "gcp:compute/sSLCertificate:SSLCertificate",
  "gcp:compute/regionSslCertificate:RegionSslCertificate",
];
export const CERTIFICATE_MAP = "gcp:certificatemanager/certificateMap:CertificateMap";
export const CERTIFICATE_MAP_ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry";
export const ALERT_POLICY = "gcp:monitoring/alertPolicy:AlertPolicy";
export const NOTIFICATION_CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel";
export const SERVICE_ACCOUNT = "gcp:serviceaccount/account:Account";
/** The component of staging's own program: it explains when nothing is monitored. */
export const MONITORING = "netra:staging:Monitoring";
