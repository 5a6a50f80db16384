import { expect, test } from "vitest";
import { CERTIFICATE, MANAGED_CERTIFICATE, MANAGED_CERTIFICATES } from "../../../../config/resource-types";
import { edgeCertificateDomains } from "../../../../policy/rules/edge/edge-certificate-domains";
import { messages, UNKNOWN } from "../../harness";

const judged = (type: string, properties: Record<string, unknown>) =>
  messages(edgeCertificateDomains, { type, properties });
const wildcard = { managed: { domains: ["example.org", "*.example.org"] } };
const refused = [
  "'managed.domains' (*.example.org) must contain no wildcard because only Certificate Manager can issue one, with a DNS authorization; set 'managed.domains' to its hosts one by one, or use a gcp.certificatemanager.Certificate with 'managed.dnsAuthorizations'",
];

test("accepts named hosts, a wildcard with a DNS authorization, and an uploaded certificate", async () => {
  for (const type of MANAGED_CERTIFICATES)
    expect(await judged(type, { managed: { domains: ["a.example.org", "b.example.org"] } })).toEqual([]);
  for (const dnsAuthorizations of [["id"], UNKNOWN, [UNKNOWN]])
    expect(await judged(CERTIFICATE, { managed: { ...wildcard.managed, dnsAuthorizations } })).toEqual([]);
  expect(await judged(CERTIFICATE, { selfManaged: { pemCertificate: "-" } })).toEqual([]);
});

test("refuses a wildcard that nobody can prove", async () => {
  expect(await judged(MANAGED_CERTIFICATE, wildcard)).toEqual(refused);
  for (const dnsAuthorizations of [null, []])
    expect(await judged(CERTIFICATE, { managed: { ...wildcard.managed, dnsAuthorizations } })).toEqual(refused);
});

test("refuses a certificate for no host", async () => {
  for (const properties of [{}, { managed: { domains: [] } }])
    expect(await judged(MANAGED_CERTIFICATE, properties)).toEqual([
      "'managed.domains' (not set) must name the hosts because a certificate is issued for named hosts only; set 'managed.domains' to every host it is for",
    ]);
});

test("cannot evaluate domains that are unknown at preview or no texts", async () => {
  const unknown = (path: string) => [
    `cannot evaluate: '${path}' is not known at preview; give it a plain value instead of another resource's output`,
  ];
  expect(await judged(MANAGED_CERTIFICATE, { managed: UNKNOWN })).toEqual(unknown("managed"));
  expect(await judged(MANAGED_CERTIFICATE, { managed: { domains: UNKNOWN } })).toEqual(unknown("managed.domains"));
  expect(await judged(MANAGED_CERTIFICATE, { managed: { domains: [5] } })).toEqual([
    "cannot evaluate: managed.domains[0] must be a text",
  ]);
});
