import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { inputError } from "../../../capacity/problem";
import { cloudName, regionIn } from "../../../policy/resources/cloud-name";
import { type CloudObject, type Collection, classify, elementsOf, isObject, itemOf, noItems } from "./classify";
import { ALL_SOURCES, isItemSource, itemCalled, type Location, SOURCES, type Source } from "./sources";

/**
 * Reads every file of a folder. What cannot be read, is in no known shape, or of another project is named and left out.
 * @throws InputError where there is no such folder, or nothing in it.
 */
export function collectFromFiles(folder: string, { project }: Pick<Location, "project">): Collection {
  const { files, notes } = filesOf(folder);
  return mergeFiles(
    files.map((file) => classifyFile(file, contentOf(join(folder, file)))),
    project,
    notes,
  );
}

/** What a file turned out to hold. */
type FileContent = {
  readonly file: string /** The source that its name stands for. */;
  readonly called: Source | undefined;
} & (
  | { readonly is: "unreadable" }
  | { readonly is: "empty list" }
  | {
      readonly is: "objects";
      readonly known: readonly CloudObject[];
      /** How many objects it has, those in no known shape included. */
      readonly count: number;
      readonly isList: boolean;
      /** Why what it does not show may be there all the same. */
      readonly missing: string | undefined;
    }
);

function classifyFile(file: string, content: { readonly value: unknown } | undefined): FileContent {
  const called = ALL_SOURCES.find((source) => isCalled(file, source));
  if (content === undefined) return { file, called, is: "unreadable" };
  const elements = elementsOf(content.value);
  if (elements.length === 0) return { file, called, is: "empty list" };
  const known = elements.flatMap((object): CloudObject[] => {
    const source = classify(object);
    // What a shape recognises is an object.
    return source === undefined ? [] : [{ source, object: object as CloudObject["object"], from: file }];
  });
  // One page of several, or one with something unknown in it, is no whole list.
  const missing =
    known.length < elements.length
      ? "has something in no known shape"
      : hasNextPage(content.value)
        ? "is one page of several"
        : undefined;
  return {
    file,
    called,
    is: "objects",
    known,
    count: elements.length,
    isList: elements[0] !== content.value && missing === undefined,
    missing,
  };
}

/** All files as one collection; of what two files show differently, the first one counts. */
function mergeFiles(files: readonly FileContent[], project: string, notes: string[]): Collection {
  const objects: CloudObject[] = [];
  const collected = new Set<Source>();
  const listed = new Set<Source>();
  const hidden = new Map<Source, string>();
  const items = noItems();
  const elsewhere = new Map<string, string[]>();
  for (const content of files) {
    const { file, called } = content;
    notes.push(...notesOn(content));
    if (content.is === "unreadable" && called) hidden.set(called, `${file} ${UNREADABLE}`);
    if (content.is === "empty list" && called) {
      collected.add(called);
      listed.add(called);
      if (isItemSource(called)) items[called].listed.add(itemCalled(called, file) ?? "");
    }
    if (content.is !== "objects") continue;
    const { known, isList, missing } = content;
    for (const one of known) {
      const other = projectOf(one);
      if (other !== undefined && other !== project) {
        elsewhere.set(other, [...new Set([...(elsewhere.get(other) ?? []), file])]);
        continue;
      }
      collected.add(one.source);
      if (isList) listed.add(one.source);
      if (missing !== undefined) hidden.set(one.source, `${file} ${missing}`);
      if (isList && isItemSource(one.source)) items[one.source].listed.add(itemOf(one) ?? "");
      const before = objects.find(
        (earlier) => earlier.source === one.source && identityOf(earlier) === identityOf(one),
      );
      if (!before) objects.push(one);
      else if (!isDeepStrictEqual(before.object, one.object))
        notes.push(`${before.from} and ${file} show ${identityOf(one)} differently: the first one is judged`);
    }
  }
  for (const [other, shown] of elsewhere)
    notes.push(
      `${shown.join(", ")} ${shown.length > 1 ? "show" : "shows"} ${other}, which is left out: the plan is of ${project}`,
    );
  return { objects, collected, listed, hidden, items, gaps: new Map(), notes };
}

const UNREADABLE = "is no JSON that can be read (--format=json prints it)";

/** What of a file is left out. */
function notesOn(content: FileContent): string[] {
  const { file, called } = content;
  switch (content.is) {
    case "unreadable":
      return [`${file} ${UNREADABLE}, and is left out`];
    case "empty list":
      return called ? [] : [`${file} is an empty list, and neither content nor name says of what: it is left out`];
    case "objects": {
      const unknown = content.count - content.known.length;
      if (unknown === 0) return [];
      if (unknown === content.count) return [`${file} is in no shape that is known here, and is left out`];
      return [`${file} has ${unknown} of ${content.count} objects in no known shape, which are left out`];
    }
  }
}

const withoutEnding = (file: string) => file.replace(/\.(?:json|ya?ml)$/, "");

const isCalled = (file: string, source: Source) =>
  isItemSource(source)
    ? itemCalled(source, file) !== undefined
    : withoutEnding(file) === withoutEnding(SOURCES[source].file) && file !== withoutEnding(file);

const hasNextPage = (value: unknown) =>
  isObject(value) && typeof value.nextPageToken === "string" && value.nextPageToken !== "";

/** The id of the project that an object says it stands in; `undefined`: it says none, or its number. */
function projectOf({ source, object: { project, projectId, name, selfLink } }: CloudObject): string | undefined {
  if (source === "images") return undefined; // an image may stand in a project of its own
  const named = [project, projectId, cloudName(String(name))?.project, cloudName(String(selfLink))?.project];
  return named.find((id): id is string => typeof id === "string" && !/^\d+$/.test(id));
}

/** What tells two objects of one source apart. */
function identityOf({ object }: CloudObject): string {
  const { name, metadata, region, uri, package: image, version } = object;
  const knative = metadata as
    | { readonly name?: unknown; readonly labels?: Readonly<Record<string, unknown>> }
    | undefined; // of a v1 service only
  return `${name ?? knative?.name ?? uri ?? `${image}@${version}`}${typeof region === "string" ? ` in ${regionIn(region)}` : ""}${location(knative?.labels)}`;
}

const location = (labels: Readonly<Record<string, unknown>> | undefined) =>
  labels?.[LOCATION] ? ` in ${labels[LOCATION]}` : "";
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
  return {
    files,
    notes: names.flatMap((name) => (files.includes(name) ? [] : [`${name} is ${kinds.get(name)}, and is left out`])),
  };
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

/** What gcloud printed, as JSON or in its default form. */
function contentOf(file: string): { readonly value: unknown } | undefined {
  return jsonIn(file) ?? yamlIn(file);
}

/**
 * What a JSON file holds. No word of the parser's: it would repeat a part of the file, and anything may stand there.
 */
export function jsonIn(file: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(textIn(file)) };
  } catch {
    return undefined;
  }
}

/**
 * YAML as gcloud prints it: an object, or the objects of a list as documents that each begin with `---`. Any text is
 * YAML of a kind:
 * only objects and lists count.
 */
function yamlIn(file: string): { readonly value: unknown } | undefined {
  try {
    const text = textIn(file);
    // What begins like JSON was meant to be JSON.
    if (/^\s*[[{"]/.test(text)) return undefined;
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return undefined;
    const values = documents.map((document): unknown => document.toJS());
    if (values.length === 0 || !values.every((value) => isObject(value) || Array.isArray(value))) return undefined;
    return { value: values.length === 1 && !text.startsWith("---") ? values[0] : values.flat() };
  } catch {
    return undefined;
  }
}

/** PowerShell writes UTF-16. @throws where the file cannot be read. */
function textIn(file: string): string {
  const bytes = readFileSync(file);
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}
