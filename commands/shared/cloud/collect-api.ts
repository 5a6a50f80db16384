import { type CloudObject, type Collection, classify, type Gap, noItems } from "./classify";
import { deployedFrom } from "./deployed";
import { mountedSecrets } from "./mounted-secrets";
import { type Cloud, readList, readObject, Unanswered } from "./rest";
import {
  DIAGNOSIS_SOURCES,
  filledIn,
  type ItemSource,
  type Items,
  isItemSource,
  type Location,
  SOURCES,
  type Source,
} from "./sources";

/** What to read of a project. */
export interface Reading {
  readonly sources: readonly Source[];
  /** The items to read one by one, once all lists are known. */
  readonly items: (soFar: Collection) => Items;
}

/** What a diagnosis reads. It reads the versions of mounted secrets only. */
const diagnosisOf = (location: Location): Reading => ({
  sources: DIAGNOSIS_SOURCES,
  items: (soFar) => ({
    versions: mountedSecrets(deployedFrom(soFar, location).deployed, location).flatMap(({ secret, isElsewhere }) =>
      isElsewhere ? [] : [secret],
    ),
  }),
});

/** Reads a project through the REST APIs. Default: what a diagnosis reads. */
export async function collectFromApi(
  cloud: Cloud,
  location: Location,
  { sources, items: itemsOf }: Reading = diagnosisOf(location),
): Promise<Collection> {
  const objects: CloudObject[] = [];
  const collected = new Set<Source>();
  const listed = new Set<Source>();
  const hidden = new Map<Source, string>();
  const gaps = new Map<Source, Gap>();
  const items = noItems();
  const notes: string[] = [];
  const read = async (source: Source, item?: string) => {
    const { api, path, items: field, method } = SOURCES[source];
    const filled = filledIn(path, location, item);
    const answered =
      field === undefined ? [await readObject(cloud, api, filled, method)] : await readList(cloud, api, filled, field);
    // Everything that a source's API lists belongs to that source; an object that looks different is left out.
    const known = answered.filter((object) => classify(object) === source);
    objects.push(
      ...known.map((object) => ({ source, object: object as CloudObject["object"], from: `${api}.googleapis.com` })),
    );
    if (known.length < answered.length) {
      const what = `${api}.googleapis.com listed an object of an unknown form`;
      notes.push(`${what}, which is left out`);
      hidden.set(source, what);
    } else listed.add(source);
    collected.add(source);
  };
  const readItem = async (source: ItemSource, item: string) => {
    try {
      await read(source, item);
      items[source].listed.add(item);
    } catch (error) {
      const gap = gapOf(error, source);
      if (error instanceof Unanswered && error.status === 404) items[source].absent.add(item);
      else items[source].gaps.set(item, gap);
    }
  };
  await Promise.all(
    sources
      .filter((source) => !isItemSource(source))
      .map((source) => read(source).catch((error: unknown) => gaps.set(source, gapOf(error, source)))),
  );
  const soFar: Collection = { objects, collected, listed, hidden, items, gaps, notes };
  for (const [source, wanted] of Object.entries(itemsOf(soFar))) {
    // The keys are those of Items.
    for (const item of new Set(wanted)) await readItem(source as ItemSource, item);
  }
  return soFar;
}

function gapOf(error: unknown, source: Source): Gap {
  if (!(error instanceof Unanswered)) throw error;
  const { message, status, mend } = error;
  if (mend !== undefined) return { why: message, mend };
  return { why: status === 403 ? `${message} (${SOURCES[source].role} lets it be read)` : message };
}
