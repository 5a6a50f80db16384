import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../capacity/problem";
import { type Collection, elementsOf, type Found, recognise } from "./recognise";
import { ALL_SOURCES, SOURCES, type Source } from "./sources";

/**
 * Reads every file of a folder. What is no JSON, or in no known shape, is named and left out.
 * @throws InputError where there is no such folder, or nothing in it.
 */
export function readFolder(folder: string): Collection {
  const files = filesOf(folder);
  const notes: string[] = [];
  const found: Found[] = [];
  const collected = new Set<Source>();
  for (const file of files) {
    const content = parsed(join(folder, file));
    if (content === undefined) {
      notes.push(`${file} is no JSON that can be read, and is left out`);
      continue;
    }
    const elements = elementsOf(content.value);
    const empty = elements.length === 0 ? ALL_SOURCES.find((source) => isCalled(file, source)) : undefined;
    if (empty) collected.add(empty);
    else if (elements.length === 0) notes.push(`${file} is an empty list, and neither content nor name says of what: it is left out`);
    const known = elements.flatMap((object): Found[] => {
      const source = recognise(object);
      // What a shape recognises is an object.
      return source === undefined ? [] : [{ source, object: object as Found["object"], from: file }];
    });
    if (known.length < elements.length)
      notes.push(
        known.length === 0
          ? `${file} is in no shape that is known here, and is left out`
          : `${file} has ${elements.length - known.length} of ${elements.length} objects in no known shape, which are left out`,
      );
    for (const one of known) {
      collected.add(one.source);
      const before = found.find((other) => other.source === one.source && nameOf(other) === nameOf(one));
      if (!before) found.push(one);
      else if (!isDeepStrictEqual(before.object, one.object)) notes.push(`${before.from} and ${file} show ${nameOf(one)} differently: the first one is judged`);
    }
  }
  return { found, collected, gaps: new Map(), secretGaps: new Map(), absentSecrets: new Set(), notes };
}

const isCalled = (file: string, source: Source) => (source === "versions" ? /^versions-.+\.json$/.test(file) : file === SOURCES[source].file);

/** What tells two objects of one source apart. */
function nameOf({ object }: Found): string {
  const { name, metadata, region } = object;
  const knative = metadata as { readonly name?: unknown; readonly labels?: Readonly<Record<string, unknown>> } | undefined; // of a v1 service only
  return `${name ?? knative?.name}${typeof region === "string" ? ` in ${region.split("/").at(-1)}` : ""}${location(knative?.labels)}`;
}

const location = (labels: Readonly<Record<string, unknown>> | undefined) => (labels?.[LOCATION] ? ` in ${labels[LOCATION]}` : "");
const LOCATION = "cloud.googleapis.com/location";

function filesOf(folder: string): string[] {
  const wrong = (rest: string) => new InputError([{ setting: "--from", message: `'--from' (${folder}) ${rest}` }]);
  let files: string[];
  try {
    files = readdirSync(folder, { withFileTypes: true })
      .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
      .toSorted();
  } catch {
    throw wrong("must be a folder that can be read because the collected files stand there; give another one");
  }
  if (files.length > 0) return files;
  throw wrong(
    "must hold collected files because there is nothing to judge in an empty folder; `npm run diagnose -- --help` prints the lines that collect them",
  );
}

/** No word of the parser's: it would repeat a part of the file, and anything may stand there. */
function parsed(file: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(readFileSync(file, "utf8")) };
  } catch {
    return undefined;
  }
}
