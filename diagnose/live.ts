import { deployedFrom } from "./deployed";
import { type Collection, type Found, recognise } from "./recognise";
import { type Cloud, listed, Unanswered } from "./rest";
import { mountedSecrets } from "./secrets";
import { ALL_SOURCES, filledIn, type Place, SOURCES, type Source } from "./sources";

/** Asks the REST APIs for everything a diagnosis reads; of the secrets' versions, those of the secrets that services take. */
export async function readCloud(cloud: Cloud, place: Place): Promise<Collection> {
  const found: Found[] = [];
  const collected = new Set<Source>();
  const whole = new Set<Source>();
  const hidden = new Map<Source, string>();
  const listedSecrets = new Set<string>();
  const gaps = new Map<Source, string>();
  const secretGaps = new Map<string, string>();
  const absentSecrets = new Set<string>();
  const notes: string[] = [];
  const read = async (source: Source, secret?: string) => {
    const { api, path, items } = SOURCES[source];
    const objects = await listed(cloud, api, filledIn(path, place, secret), items);
    // What the API of a source lists is of that source; an object that does not look like it is left out.
    const known = objects.filter((object) => recognise(object) === source);
    found.push(...known.map((object) => ({ source, object: object as Found["object"], from: `${api}.googleapis.com` })));
    if (known.length < objects.length) {
      const what = `${api}.googleapis.com listed an object in no known shape`;
      notes.push(`${what}, which is left out`);
      hidden.set(source, what);
    } else whole.add(source);
    collected.add(source);
    if (secret !== undefined) listedSecrets.add(secret);
  };
  await Promise.all(
    ALL_SOURCES.filter((source) => source !== "versions").map((source) =>
      read(source).catch((error: unknown) => gaps.set(source, reasonOf(error, `(${SOURCES[source].role} lets it be read)`))),
    ),
  );
  const soFar: Collection = { found, collected, listed: whole, hidden, listedSecrets, gaps, secretGaps, absentSecrets, notes };
  const secrets = new Set(mountedSecrets(deployedFrom(soFar, place).deployed, place).flatMap(({ secret, isElsewhere }) => (isElsewhere ? [] : [secret])));
  for (const secret of secrets)
    await read("versions", secret).catch((error: unknown) => {
      const reason = reasonOf(error, `(${SOURCES.versions.role} lets it be read)`);
      if (error instanceof Unanswered && error.status === 404) absentSecrets.add(secret);
      else secretGaps.set(secret, reason);
    });
  return soFar;
}

function reasonOf(error: unknown, hint: string): string {
  if (!(error instanceof Unanswered)) throw error;
  return error.status === 403 && !error.message.includes("is off") ? `${error.message} ${hint}` : error.message;
}
