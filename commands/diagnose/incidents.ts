import { z } from "zod";
import { type Finding, finding } from "./findings";

/*
 * Google's public incident feed. Source: https://status.cloud.google.com/incidents.json, with incidents.schema.json
 * beside it.
 */

export const INCIDENTS_URL = "https://status.cloud.google.com/incidents.json";

/** Reads the feed, without credentials; a text is the reason why it cannot be read. */
export async function readFeed(url: string, timeoutSeconds: number): Promise<{ readonly feed: unknown } | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1000) });
    return response.ok ? { feed: await response.json() } : `the incident feed answered ${response.status}`;
  } catch {
    return "the incident feed cannot be reached";
  }
}

/** Incidents that ended earlier are ignored, days. */
const RECENT_DAYS = 7;

/**
 * The products of the stack that the feed knows by id; networking appears under two titles. Serverless VPC Access has
 * none of its own.
 */
const PRODUCTS: readonly { readonly title: string; readonly id?: string }[] = [
  { title: "Cloud Run", id: "9D7d2iNBQWN24zc1VamE" },
  { title: "Google Cloud SQL", id: "hV87iK5DcEXKgWU2kDri" },
  { title: "Virtual Private Cloud (VPC)", id: "BSGtCUnz6ZmyajsjgTKv" },
  { title: "Google Cloud Networking" },
];
const KNOWN = {
  impact: ["SERVICE_INFORMATION", "SERVICE_DISRUPTION", "SERVICE_OUTAGE"],
  severity: ["low", "medium", "high"],
};

const reference = z.object({ id: z.string().optional(), title: z.string().optional() });
const incident = z.object({
  number: z.string().optional(),
  begin: z.string(),
  end: z.string().nullish(),
  modified: z.string().optional(),
  external_desc: z.string().default(""),
  status_impact: z.string().optional(),
  severity: z.string().optional(),
  service_name: z.string().optional(),
  affected_products: z.array(reference).default([]),
  uri: z.string().optional(),
  currently_affected_locations: z.array(reference).default([]),
  previously_affected_locations: z.array(reference).default([]),
});
type Incident = z.output<typeof incident>;

/** The feed's incidents in one region. */
export interface RegionAnswer {
  readonly findings: readonly Finding[];
  /** Why the question stays open. */
  readonly open?: string;
  readonly answer: string;
}

/** Reads the feed as it was parsed. `now` in milliseconds. */
export function judgeIncidents(feed: unknown, region: string, now: number): RegionAnswer {
  if (!Array.isArray(feed)) return { findings: [], answer: "", open: "the feed is not a list of incidents" };
  const read = feed.map((entry) => incident.safeParse(entry).data);
  const unread = read.filter((one) => one === undefined).length;
  const all = read.flatMap((one) => one ?? []);
  const ofProducts = all.filter(concernsStack);
  const recently = now - RECENT_DAYS * 86_400_000;
  const ongoing = ofProducts.filter(({ end }) => !end);
  const here = ongoing.filter((one) => isIn(one.currently_affected_locations, region) || locationsOf(one).length === 0);
  const past = ofProducts.filter((one) => {
    const touched = locationsOf(one).length === 0 || isIn(locationsOf(one), region);
    return !here.includes(one) && touched && (!one.end || Date.parse(one.end) >= recently);
  });
  const unknown = all.filter((one) => here.includes(one) || past.includes(one)).flatMap(unknownValues);
  // Otherwise an incident with an invalid date would be dropped silently.
  const dates = ofProducts
    .filter(({ end }) => end && Number.isNaN(Date.parse(end)))
    .map((one) => `${incidentName(one)} has an end time in an unknown form`);
  const remarks = [
    ...past.map((one) => `${one.end ? "ended" : "no longer in the region"}: ${described(one)}`),
    ...unknown,
    ...dates,
  ];
  const newest = all.flatMap(({ modified, begin }) => Date.parse(modified ?? begin) || []).toSorted((a, b) => b - a)[0];
  const asOf = newest === undefined ? "" : ` (newest entry ${new Date(newest).toISOString().slice(0, 10)})`;
  return {
    findings: here.map((one) =>
      finding("regional-incident", {
        resource: incidentName(one),
        evidence: [
          {
            field: "status_impact",
            value: `${one.status_impact ?? "not stated"}, severity ${one.severity ?? "not stated"}`,
          },
        ],
        consequences: [`${described(one)}: the stack may not be the cause of failures until it ends`],
        mend: [`follow https://status.cloud.google.com/${one.uri ?? "summary"}; roll nothing out until it is over`],
      }),
    ),
    answer: [
      `${here.length === 0 ? "no incident" : here.map(described).join("; ")}${here.length === 0 ? ` in ${region} for Cloud Run, Cloud SQL and VPC` : ""}${asOf}`,
      ...remarks,
    ].join("; "),
    ...(unread > 0
      ? { open: `${unread} of ${feed.length} entries of the feed have an unknown form` }
      : dates.length > 0
        ? { open: dates.join("; ") }
        : {}),
  };
}

function concernsStack({ affected_products: products, service_name }: Incident): boolean {
  const named = products.length > 0 ? products : [{ title: service_name }];
  // One that names no product may concern any.
  if (named.every(({ id, title }) => !id && !title)) return true;
  return named.some(({ id, title }) =>
    PRODUCTS.some((product) => (id && product.id === id) || (title && product.title === title)),
  );
}

/** An incident that names no location affects every region. */
const locationsOf = (one: Incident) => [...one.currently_affected_locations, ...one.previously_affected_locations];

function isIn(locations: Incident["currently_affected_locations"], region: string): boolean {
  return locations.some(
    ({ id, title }) => id === region || id === "global" || title === region || title?.endsWith(`(${region})`),
  );
}

function unknownValues(one: Incident): string[] {
  const { status_impact: impact, severity } = one;
  return [
    ...(impact !== undefined && !KNOWN.impact.includes(impact)
      ? [`${incidentName(one)} has the unknown status_impact '${impact}'`]
      : []),
    ...(severity !== undefined && !KNOWN.severity.includes(severity)
      ? [`${incidentName(one)} has the unknown severity '${severity}'`]
      : []),
  ];
}

const incidentName = ({ number, uri }: Incident) => `incident ${number ?? uri ?? "without a number"}`;

function described(one: Incident): string {
  const products =
    one.affected_products.map(({ title }) => title).join(", ") || (one.service_name ?? "no product named");
  return `${incidentName(one)} (${products}, since ${one.begin.slice(0, 16)}${one.end ? ` until ${one.end.slice(0, 16)}` : ""}): ${one.external_desc.split("\n")[0]?.slice(0, 120)}`;
}
