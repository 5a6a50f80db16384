import { problem } from "../../../capacity/problem";
import { CERTIFICATE, MANAGED_CERTIFICATES } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const edgeCertificateDomains = resourceRule({
  name: "edge-certificate-domains",
  info: "A managed certificate names its hosts, and wildcards only where Certificate Manager can validate them by DNS.",
  why: "The preview accepts any list; Google refuses the certificate, or the certificate is never issued.",
  severity: "medium",
  remediation:
    "Set managed.domains to the hosts, without wildcards; or make it a gcp.certificatemanager.Certificate with managed.dnsAuthorizations.",
  types: MANAGED_CERTIFICATES,
  judge({ type, properties }, { refuse }) {
    // Certificate Manager also holds uploaded certificates.
    if (type === CERTIFICATE && !properties.has("managed")) return;
    const managed = properties.object("managed");
    const setting = managed.at("domains");
    const domains = managed.texts("domains");
    if (domains.length === 0)
      refuse(
        problem({
          setting,
          value: undefined,
          must: "name the hosts",
          because: "a certificate is issued for named hosts only",
          fix: "every host it is for",
        }),
      );
    const isProven =
      type === CERTIFICATE && (managed.isUnknown("dnsAuthorizations") || managed.count("dnsAuthorizations") > 0);
    for (const value of isProven ? [] : domains.filter((domain) => domain.includes("*")))
      refuse(
        problem({
          setting,
          value,
          must: "contain no wildcard",
          because: "only Certificate Manager can issue one, with a DNS authorization",
          fix: "its hosts one by one, or use a gcp.certificatemanager.Certificate with 'managed.dnsAuthorizations'",
        }),
      );
  },
});
