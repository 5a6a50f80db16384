import { describe, expect, test } from "vitest";
import {
  CERTIFICATE_MAP,
  CERTIFICATE_MAP_ENTRY,
  HTTPS_PROXY,
  MANAGED_CERTIFICATE,
  URL_MAP,
} from "../../../../config/resource-types";
import { edgeCertificate } from "../../../../policy/rules/edge/edge-certificate";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";

const HOST = "api.example.org";
const urlMap = (...hosts: unknown[]): Declared => ({
  type: URL_MAP,
  name: "hosts",
  properties: { name: "edge", hostRules: [{ hosts, pathMatcher: "api" }] },
});
const managed = (name: string, ...domains: unknown[]): Declared => ({
  type: MANAGED_CERTIFICATE,
  name,
  properties: { name, managed: { domains } },
});
const proxy = (properties: object, ...dependsOn: string[]): Declared => ({
  type: HTTPS_PROXY,
  name: "proxy",
  properties: { urlMap: UNKNOWN, ...properties },
  dependsOn: ["hosts", ...dependsOn],
});
/** As a preview shows it: ids are not known, dependencies are. */
const presenting = (...certificates: Declared[]) => [
  ...certificates,
  proxy({ sslCertificates: UNKNOWN }, ...certificates.map(({ name = "" }) => name)),
];
const messages = async (...resources: Declared[]) =>
  (await judgeStack(edgeCertificate, resources)).map(({ message }) => message);
const missing = `'hostRules' (${HOST}) must be on a certificate of proxy because browsers refuse to open a host without one; add a managed certificate with 'managed.domains' ${HOST}, beside the existing ones`;
const unclear = `cannot evaluate: 'hostRules' (${HOST}) must be on a certificate of proxy because browsers refuse to open a host without one, and the hosts of some of its certificates cannot be read; use a managed certificate, or an entry of the certificate map with this 'hostname'`;

describe("accepts", () => {
  test.each<[string, Declared[]]>([
    [
      "hosts on one certificate",
      [urlMap(HOST, "app.example.org"), ...presenting(managed("one", "app.example.org", HOST))],
    ],
    [
      "hosts on several certificates",
      [urlMap(HOST, "app.example.org"), ...presenting(managed("one", HOST), managed("two", "app.example.org"))],
    ],
    [
      "another spelling of a host, and a port",
      [urlMap("API.example.org:8443"), ...presenting(managed("one", "api.example.org."))],
    ],
    [
      "certificates by id, as an exported state has them",
      [
        urlMap(HOST),
        managed("one", HOST),
        proxy({ urlMap: "projects/p/global/urlMaps/edge", sslCertificates: ["projects/p/global/sslCertificates/one"] }),
      ],
    ],
    [
      "a certificate whose id is not known beside one that is",
      [
        urlMap(HOST),
        managed("one", HOST),
        managed("two", "b.example.org"),
        proxy({ sslCertificates: ["projects/p/global/sslCertificates/two", UNKNOWN] }, "one", "two"),
      ],
    ],
    ["every host, which nobody names", [urlMap("*"), ...presenting(managed("one", HOST))]],
    [
      "a map that only HTTP leads to",
      [
        urlMap(HOST),
        {
          type: "gcp:compute/targetHttpProxy:TargetHttpProxy",
          name: "http",
          properties: { urlMap: UNKNOWN },
          dependsOn: ["hosts"],
        },
      ],
    ],
    [
      "another load balancer's certificates for another's hosts",
      [
        urlMap(HOST),
        ...presenting(managed("one", HOST)),
        { type: URL_MAP, name: "other", properties: { name: "other", hostRules: [{ hosts: ["b.example.org"] }] } },
      ],
    ],
    [
      "a redirect without hosts",
      [
        { type: URL_MAP, name: "hosts", properties: { defaultUrlRedirect: { httpsRedirect: true } } },
        ...presenting(managed("one", HOST)),
      ],
    ],
    [
      "a regional load balancer with a Certificate Manager certificate",
      [
        {
          type: "gcp:compute/regionUrlMap:RegionUrlMap",
          name: "hosts",
          properties: { hostRules: [{ hosts: [HOST] }] },
        },
        {
          type: "gcp:certificatemanager/certificate:Certificate",
          name: "one",
          properties: { managed: { domains: ["*.example.org"] } },
        },
        {
          ...proxy({ certificateManagerCertificates: UNKNOWN }, "one"),
          type: "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
        },
      ],
    ],
  ])("%s", async (_, resources) => {
    expect(await messages(...resources)).toEqual([]);
  });
});

test("refuses a proxy without any certificate, though nobody names a host, and blames it", async () => {
  for (const none of [{}, { sslCertificates: [], certificateMap: "" }])
    expect(await judgeStack(edgeCertificate, [urlMap("*"), proxy(none)])).toEqual([
      {
        message:
          "'sslCertificates' (not set) must name a certificate because an HTTPS proxy without one refuses every connection; set 'sslCertificates' to the ids of managed certificates for all its hosts",
        resource: "proxy",
        waived: false,
      },
    ]);
});

describe("a certificate map", () => {
  const map: Declared = { type: CERTIFICATE_MAP, name: "map", properties: { name: "edge" } };
  const entry = (properties: object, ...dependsOn: string[]): Declared => ({
    type: CERTIFICATE_MAP_ENTRY,
    name: "entry",
    properties: { map: "edge", ...properties },
    dependsOn,
  });
  const behind = proxy({ certificateMap: UNKNOWN }, "map");
  const manager = (...domains: string[]): Declared => ({
    type: "gcp:certificatemanager/certificate:Certificate",
    name: "one",
    properties: { managed: { domains } },
  });

  test("has an entry for the host, or for its wildcard", async () => {
    expect(await messages(urlMap(HOST), map, entry({ hostname: HOST }), behind)).toEqual([]);
    expect(await messages(urlMap(HOST), map, entry({ hostname: "*.example.org" }), behind)).toEqual([]);
    expect(
      await messages(
        urlMap(HOST),
        map,
        entry({ hostname: HOST }),
        proxy({
          certificateMap: "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/edge",
        }),
      ),
    ).toEqual([]);
  });

  test("has a primary entry whose certificate is for it", async () => {
    const primary = entry({ matcher: "PRIMARY", certificates: UNKNOWN }, "one");
    expect(await messages(urlMap(HOST), map, manager(HOST), primary, behind)).toEqual([]);
    expect(await messages(urlMap(HOST), map, manager("b.example.org"), primary, behind)).toEqual([missing]);
  });

  test("has none for it", async () => {
    expect(await messages(urlMap(HOST), map, entry({ hostname: "app.example.org" }), behind)).toEqual([missing]);
    expect(await messages(urlMap(HOST), map, entry({ hostname: HOST, map: "other" }), behind)).toEqual([missing]);
  });

  test("that is not of this stack cannot be read", async () => {
    expect(await messages(urlMap(HOST), proxy({ certificateMap: UNKNOWN }))).toEqual([unclear]);
  });
});

describe("refuses", () => {
  test("a host on no certificate, and blames the map", async () => {
    expect(
      await judgeStack(edgeCertificate, [
        urlMap("app.example.org", HOST),
        ...presenting(managed("one", "app.example.org")),
      ]),
    ).toEqual([{ message: missing, resource: "hosts", waived: false }]);
  });

  test("a host two labels below a wildcard, the bare domain, and a proxy without certificates", async () => {
    expect(
      await messages(urlMap("a.b.example.org", "example.org"), ...presenting(managed("one", "*.example.org"))),
    ).toHaveLength(2);
    expect(await messages(urlMap(HOST), proxy({}))).toEqual([missing]);
  });

  test("a wildcard that only single hosts are there for", async () => {
    expect(await messages(urlMap("*.example.org"), ...presenting(managed("one", HOST)))).toHaveLength(1);
  });
});

describe("cannot evaluate", () => {
  test("a host that may be on an uploaded certificate, or on one of another stack", async () => {
    const uploaded: Declared = {
      type: "gcp:compute/sSLCertificate:SSLCertificate",
      name: "uploaded",
      properties: { certificate: "[secret]" },
    };
    expect(await messages(urlMap(HOST), ...presenting(uploaded))).toEqual([unclear]);
    expect(
      await messages(urlMap(HOST), proxy({ sslCertificates: ["projects/p/global/sslCertificates/elsewhere"] })),
    ).toEqual([unclear]);
    expect(await messages(urlMap(HOST), ...presenting(managed("one", HOST), uploaded))).toEqual([]);
  });

  test("hosts and domains that are not known at preview or malformed", async () => {
    expect(
      await messages({ ...urlMap(), properties: { hostRules: UNKNOWN } }, ...presenting(managed("one", HOST))),
    ).toEqual([
      "cannot evaluate: 'hostRules' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(await messages(urlMap(HOST), ...presenting(managed("one", UNKNOWN)))).toEqual([
      "cannot evaluate: 'managed.domains[0]' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(
      await messages({ ...urlMap(), properties: { hostRules: "all" } }, proxy({ sslCertificates: UNKNOWN })),
    ).toEqual(["cannot evaluate: hostRules must be a list"]);
  });
});
