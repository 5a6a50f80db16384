import { edgeCertificate } from "./edge-certificate";
import { edgeCertificateDomains } from "./edge-certificate-domains";
import { edgeDefaultRule } from "./edge-default-rule";
import { edgeHostRules } from "./edge-host-rules";
import { edgeIngress } from "./edge-ingress";
import { edgeServiceExists } from "./edge-service-exists";

export const edgeRules = [
  edgeCertificateDomains,
  edgeCertificate,
  edgeDefaultRule,
  edgeHostRules,
  edgeIngress,
  edgeServiceExists,
] as const;
