import { problem } from "../../../capacity/problem";
import { HTTPS_PROXIES, URL_MAPS } from "../../../config/resource-types";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { certifiedBy, isFor, leadsTo, presentsAny } from "../../resources/certificates";

export const edgeCertificate = stackRule({
  name: "edge-certificate",
  info: "A load balancer with TLS has certificates, and every one of its hosts is on one of them.",
  why: "No preview compares hosts with certificates: browsers show a warning for a host without a certificate.",
  severity: "high",
  remediation: "Add a managed certificate with the host beside the others, or an entry for it in the certificate map.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    const proxies = ofTypes(resources, ...HTTPS_PROXIES);
    const lacking = new Set<StackResource>();
    for (const urlMap of ofTypes(resources, ...URL_MAPS))
      attempt(urlMap, () => {
        const hosts = urlMap.properties.list("hostRules").flatMap((rule) => rule.texts("hosts"));
        for (const proxy of proxies.filter((other) => leadsTo(other, urlMap, resources)))
          attempt(proxy, () => {
            const { domains, unclear } = certifiedBy(proxy, resources);
            // `*` stands for all hosts that no rule names.
            for (const host of new Set(hosts.filter((stated) => stated !== "*"))) {
              if (domains.some((domain) => isFor(host, domain))) continue;
              lacking.add(proxy);
              const missing = { setting: "hostRules", value: host, must: `be on a certificate of ${proxy.name}` };
              const because = "browsers refuse to open a host without one";
              if (unclear)
                cannotEvaluate(
                  problem({
                    ...missing,
                    because: `${because}, and the hosts of some of its certificates cannot be read`,
                    instead: "use a managed certificate, or an entry of the certificate map with this 'hostname'",
                  }),
                  urlMap,
                );
              else
                refuse(
                  problem({
                    ...missing,
                    because,
                    instead: `add a managed certificate with 'managed.domains' ${host}, beside the existing ones`,
                  }),
                  urlMap,
                );
            }
          });
      });
    // A URL map without hosts needs no certificate for them.
    for (const proxy of proxies.filter((other) => !lacking.has(other)))
      attempt(proxy, () => {
        if (presentsAny(proxy)) return;
        const fix = "the ids of managed certificates for all its hosts";
        refuse(
          problem({
            setting: "sslCertificates",
            value: undefined,
            must: "name a certificate",
            because: "an HTTPS proxy without one refuses every connection",
            fix,
          }),
          proxy,
        );
      });
  },
});
