import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { inputError } from "../capacity/problem";
import { cloudName, regionIn } from "../policy/cloud-name";
import { type Collection, elementsOf, type Found, isObject, recognise } from "./recognise";
import { ALL_SOURCES, type Place, SOURCES, type Source } from "./sources";

/**
 * Reads every file of a folder. What is no JSON, in no known shape, or of another project is named and left out.
 * @throws InputError where there is no such folder, or nothing in it.
 */
export function readFolder(folder: string, { project }: Pick<Place, "project">): Collection {
  const { files, notes } = filesOf(folder);
  const found: Found[] = [];
  const collected = new Set<Source>();
  const listed = new Set<Source>();
  const hidden = new Map<Source, string>();
  const listedSecrets = new Set<string>();
  const elsewhere = new Map<string, string[]>();
  for (const file of files) {
    const content = jsonIn(join(folder, file));
    const called = ALL_SOURCES.find((source) => isCalled(file, source));
    if (content === undefined) {
      const what = `${file} is no JSON that can be read (--format=json prints it)`;
      notes.push(`${what}, and is left out`);
      if (called) hidden.set(called, what);
      continue;
    }
    const elements = elementsOf(content.value);
    if (elements.length === 0 && called) {
      collected.add(called);
      listed.add(called);
      if (called === "versions") listedSecrets.add(file.slice("versions-".length, -".json".length));
    } else if (elements.length === 0) notes.push(`${file} is an empty list, and neither content nor name says of what: it is left out`);
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
    // One page of several, or one with something unknown in it, is no whole list.
    const missing = known.length < elements.length ? "has something in no known shape" : hasNextPage(content.value) ? "is one page of several" : undefined;
    const isList = elements[0] !== content.value && missing === undefined;
    for (const one of known) {
      const other = projectOf(one.object);
      if (other !== undefined && other !== project) {
        elsewhere.set(other, [...new Set([...(elsewhere.get(other) ?? []), file])]);
        continue;
      }
      collected.add(one.source);
      if (isList) listed.add(one.source);
      if (missing !== undefined) hidden.set(one.source, `${file} ${missing}`);
      if (isList && one.source === "versions") listedSecrets.add(cloudName(String(one.object.name), "secrets")?.name ?? "");
      const before = found.find((other) => other.source === one.source && nameOf(other) === nameOf(one));
      if (!before) found.push(one);
      else if (!isDeepStrictEqual(before.object, one.object)) notes.push(`${before.from} and ${file} show ${nameOf(one)} differently: the first one is judged`);
    }
  }
  for (const [other, shown] of elsewhere)
    notes.push(`${shown.join(", ")} ${shown.length > 1 ? "show" : "shows"} ${other}, which is left out: the plan is of ${project}`);
  return { found, collected, listed, hidden, listedSecrets, gaps: new Map(), secretGaps: new Map(), absentSecrets: new Set(), notes };
}

const isCalled = (file: string, source: Source) => (source === "versions" ? /^versions-.+\.json$/.test(file) : file === SOURCES[source].file);

const hasNextPage = (value: unknown) => isObject(value) && typeof value.nextPageToken === "string" && value.nextPageToken !== "";

/** The id of the project that an object says it stands in; `undefined`: it says none, or its number. */
function projectOf({ project, name, selfLink }: Found["object"]): string | undefined {
  const named = [project, cloudName(String(name))?.project, cloudName(String(selfLink))?.project];
  return named.find((id): id is string => typeof id === "string" && !/^\d+$/.test(id));
}

/** What tells two objects of one source apart. */
function nameOf({ object }: Found): string {
  const { name, metadata, region } = object;
  const knative = metadata as { readonly name?: unknown; readonly labels?: Readonly<Record<string, unknown>> } | undefined; // of a v1 service only
  return `${name ?? knative?.name}${typeof region === "string" ? ` in ${regionIn(region)}` : ""}${location(knative?.labels)}`;
}

const location = (labels: Readonly<Record<string, unknown>> | undefined) => (labels?.[LOCATION] ? ` in ${labels[LOCATION]}` : "");
const LOCATION = "cloud.googleapis.com/location";

function filesOf(folder: string): { readonly files: readonly string[]; readonly notes: string[] } {
  const wrong = (rest: string) => inputError("--from", `(${folder}) ${rest}`);
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch {
    throw wrong("must be a folder that can be read because the collected files stand there; give another one");
  }
  const kinds = new Map(names.map((name) => [name, kindOf(join(folder, name))]));
  const files = names.filter((name) => kinds.get(name) === "a file");
  if (files.length === 0)
    throw wrong(
      "must hold collected files because there is nothing to judge in an empty folder; `npm run diagnose -- --help` prints the lines that collect them",
    );
  return { files, notes: names.flatMap((name) => (files.includes(name) ? [] : [`${name} is ${kinds.get(name)}, and is left out`])) };
}

/** A link counts for what it leads to. Who reads a pipe waits for somebody who writes. */
function kindOf(path: string): "a file" | "a folder" | "no file" {
  try {
    const stat = statSync(path);
    return stat.isFile() ? "a file" : stat.isDirectory() ? "a folder" : "no file";
  } catch {
    return "no file"; // a link that leads nowhere
  }
}

/** What a JSON file holds; PowerShell writes UTF-16. No word of the parser's: it would repeat a part of the file, and anything may stand there. */
export function jsonIn(file: string): { readonly value: unknown } | undefined {
  try {
    const bytes = readFileSync(file);
    const [first, second] = bytes;
    const encoding = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
    return { value: JSON.parse(new TextDecoder(encoding).decode(bytes)) };
  } catch {
    return undefined;
  }
}
