import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judgeIncidents, readFeed } from "../../../commands/diagnose/incidents";
import { QUIET_FEED } from "./fixtures";
import { refuse, restServer } from "./rest-server";

const [ended] = JSON.parse(readFileSync(QUIET_FEED, "utf8"));
const NOW = Date.parse("2026-11-24T12:00:00Z");
const IOWA = [{ title: "Iowa (us-central1)", id: "us-central1" }];
const ongoing = {
  ...ended,
  number: "42",
  begin: "2026-11-24T09:30:00+00:00",
  end: undefined,
  currently_affected_locations: IOWA,
  external_desc: "Cloud SQL connects slowly\nmore",
};
const judged = (...feed: object[]) => judgeIncidents(feed, "us-central1", NOW);

test("reports that there is none for the region and the products, with the date of the feed", () => {
  expect(judged(ended)).toEqual({
    findings: [],
    answer: "no incident in us-central1 for Cloud Run, Cloud SQL and VPC (newest entry 2026-06-14)",
  });
  expect(judged()).toEqual({ findings: [], answer: "no incident in us-central1 for Cloud Run, Cloud SQL and VPC" });
});

test("names one that goes on in the region, or everywhere, or nowhere in particular", () => {
  for (const places of [IOWA, [{ title: "Global", id: "global" }], []]) {
    const { findings, answer } = judged({
      ...ongoing,
      currently_affected_locations: places,
      previously_affected_locations: [],
    });
    expect(findings).toEqual([
      {
        stage: "path",
        rules: ["regional-incident"],
        questions: ["region"],
        mendedByUp: false,
        resource: "incident 42",
        evidence: [{ field: "status_impact", value: "SERVICE_OUTAGE, severity high" }],
        consequences: [
          "incident 42 (Google Cloud Run, Google Cloud SQL, since 2026-11-24T09:30): Cloud SQL connects slowly: the stack may not be the cause of failures until it ends",
        ],
        mend: [
          "follow https://status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW; roll nothing out until it is over",
        ],
      },
    ]);
    expect(answer).toContain("incident 42");
  }
});

test("one that has left every place is over there, though nobody has closed it", () => {
  const { findings, answer } = judged({
    ...ongoing,
    currently_affected_locations: [],
    previously_affected_locations: IOWA,
  });
  expect(findings).toEqual([]);
  expect(answer).toContain("no longer in the region: incident 42");
});

test("passes over other regions and other products", () => {
  expect(
    judged({
      ...ongoing,
      currently_affected_locations: [{ title: "Tokyo (asia-northeast1)", id: "asia-northeast1" }],
      previously_affected_locations: [],
    }).answer,
  ).toMatch(/^no incident/);
  expect(judged({ ...ongoing, affected_products: [{ title: "Gmail", id: "prPt2Yra2CbGsbEm9cpC" }] })).toMatchObject({
    findings: [],
  });
});

test("knows a product by its id, else by its title, else by the service of the whole incident", () => {
  const of = (change: object) => judged({ ...ongoing, ...change }).findings.length;
  expect(of({ affected_products: [{ title: "Renamed", id: "hV87iK5DcEXKgWU2kDri" }] })).toBe(1);
  expect(of({ affected_products: [{ title: "Google Cloud Networking", id: "unknown" }] })).toBe(1);
  expect(of({ affected_products: [], service_name: "Virtual Private Cloud (VPC)" })).toBe(1);
  expect(of({ affected_products: [], service_name: "Gmail" })).toBe(0);
});

test("takes one that names no product for one of any, and a region by its title where it has no id", () => {
  const { findings } = judged({ ...ongoing, affected_products: [], service_name: undefined });
  expect(findings.flatMap(({ consequences }) => consequences)).toEqual([
    "incident 42 (no product named, since 2026-11-24T09:30): Cloud SQL connects slowly: the stack may not be the cause of failures until it ends",
  ]);
  const by = (title: string) =>
    judged({ ...ongoing, currently_affected_locations: [{ title }], previously_affected_locations: [] }).findings
      .length;
  expect([by("Iowa (us-central1)"), by("Tokyo (asia-northeast1)")]).toEqual([1, 0]);
});

test("one that ended within seven days is named and no finding; an older one is not named", () => {
  const { findings, answer } = judged({ ...ended, end: "2026-11-20T01:18:00+00:00" });
  expect(findings).toEqual([]);
  expect(answer).toContain("ended: incident 1111111111111111111");
  expect(judged({ ...ended, end: "2026-11-16T01:18:00+00:00" }).answer).not.toContain("ended");
});

test("unknown values are reported", () => {
  expect(judged({ ...ongoing, status_impact: "SERVICE_DEGRADED", severity: "critical" }).answer).toMatch(
    /incident 42 has the unknown status_impact 'SERVICE_DEGRADED'; incident 42 has the unknown severity 'critical'$/,
  );
  expect(judged({ ...ongoing, end: "soon" }).open).toBe("incident 42 has an end time in an unknown form");
});

test("what cannot be read leaves the question open", () => {
  expect(judged(ended, { begin: 7 }).open).toBe("1 of 2 entries of the feed have an unknown form");
  expect(judgeIncidents({ incidents: [] }, "us-central1", NOW).open).toBe("the feed is not a list of incidents");
});

describe("reading the feed", () => {
  const server = restServer();
  const read = (timeoutSeconds = 5) => readFeed(server.cloud().endpoint("incidents.json"), timeoutSeconds);

  test("as it is", async () => {
    server.answers.set("incidents.json", [ended]);
    expect(await read()).toEqual({ feed: [ended] });
  });

  test("an error, something else than JSON, and no answer say so", async () => {
    server.answers.set("incidents.json", refuse(503, "UNAVAILABLE"));
    expect(await read()).toBe("the incident feed answered 503");
    server.answers.set("incidents.json", (_, response) => response.end("<html>"));
    expect(await read()).toBe("the incident feed cannot be reached");
    server.answers.set("incidents.json", () => undefined);
    expect(await read(0.2)).toBe("the incident feed cannot be reached");
  });
});
