import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, type Tags } from "yaml";
import { InputError, type InputProblem, inputError } from "../../../capacity/problem";
import { cloudName, regionIn } from "../../../policy/resources/cloud-name";
import { type CloudObject, type Collection, classify, elementsOf, isObject, itemOf, noItems } from "./classify";
import { ALL_SOURCES, type ItemSource, isItemSource, itemCalled, type Location, SOURCES, type Source } from "./sources";

/**
 * Reads the files of a folder. Files that cannot be read, have an unknown form, or show another project are named in
 * the notes and left out.
 * @throws InputError where there is no such folder, it is empty, or a YAML file has an error.
 */
export function collectFromFiles(folder: string, { project }: Pick<Location, "project">): Collection {
  const { files, notes } = readFiles(folder);
  const collection = mergeFiles(files.map(classifyFile), project);
  return { ...collection, notes: [...notes, ...collection.notes] };
}

interface FileRead {
  readonly file: string;
  /** `undefined`: it cannot be read. */
  readonly content: FileValue | undefined;
}

interface FileValue {
  readonly value: unknown;
  /** Several objects that somebody put into one file, which is no list of all. */
  readonly isJoined?: boolean;
}

/** What a file turned out to hold. */
type FileContent = {
  readonly file: string;
  /** The source that its name stands for. */
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
      /** Why there may be objects that it does not show. */
      readonly missing: string | undefined;
    }
);

function classifyFile({ file, content }: FileRead): FileContent {
  const called = ALL_SOURCES.find((source) => isCalled(file, source));
  if (content === undefined) return { file, called, is: "unreadable" };
  const elements = elementsOf(content.value);
  if (elements.length === 0) return { file, called, is: "empty list" };
  const known = elements.flatMap((object): CloudObject[] => {
    const source = classify(object);
    // Only objects have a shape.
    return source === undefined ? [] : [{ source, object: object as CloudObject["object"], from: file }];
  });
  // A page, or a list with an unknown object, is not the whole list.
  const missing =
    known.length < elements.length
      ? "has an object of an unknown form"
      : hasNextPage(content.value)
        ? "is one page of several"
        : undefined;
  return {
    file,
    called,
    is: "objects",
    known,
    count: elements.length,
    isList: elements[0] !== content.value && missing === undefined && content.isJoined !== true,
    missing,
  };
}

/** All files as one collection. Where two files show an object differently, the first one counts. */
function mergeFiles(files: readonly FileContent[], project: string): Collection {
  const first = new Map<string, CloudObject>();
  const objectsIn = (content: FileContent) =>
    content.is === "objects" ? content.known.filter((one) => (projectOf(one) ?? project) === project) : [];
  for (const one of files.flatMap(objectsIn)) if (!first.has(keyOf(one))) first.set(keyOf(one), one);
  const items = noItems();
  for (const [source, item] of files.flatMap((content) => listedItems(content, objectsIn(content))))
    items[source].listed.add(item);
  return {
    objects: [...first.values()],
    collected: new Set(files.flatMap((content) => [...emptyOf(content), ...objectsIn(content).map(sourceOf)])),
    listed: new Set(
      files.flatMap((content) => [...emptyOf(content), ...(isList(content) ? objectsIn(content).map(sourceOf) : [])]),
    ),
    hidden: new Map(files.flatMap((content) => hiddenBy(content, objectsIn(content)))),
    items,
    gaps: new Map(),
    notes: [
      ...files.flatMap((content) => [...notesOn(content), ...differencesIn(content, objectsIn(content), first)]),
      ...notesOnProjects(files, project),
    ],
  };
}

const sourceOf = ({ source }: CloudObject) => source;
const keyOf = (one: CloudObject) => `${one.source} ${identityOf(one)}`;
const isList = (content: FileContent) => content.is === "objects" && content.isList;
const emptyOf = ({ is, called }: FileContent): Source[] => (is === "empty list" && called ? [called] : []);

function listedItems(content: FileContent, objects: readonly CloudObject[]): [ItemSource, string][] {
  const { is, called, file } = content;
  if (is === "empty list" && called && isItemSource(called)) return [[called, itemCalled(called, file) ?? ""]];
  if (!isList(content)) return [];
  return objects.flatMap((one): [ItemSource, string][] =>
    isItemSource(one.source) ? [[one.source, itemOf(one) ?? ""]] : [],
  );
}

/** Sources of which a file may hide objects, and why. */
function hiddenBy(content: FileContent, objects: readonly CloudObject[]): [Source, string][] {
  const { file, called } = content;
  if (content.is === "unreadable" && called) return [[called, `${file} ${UNREADABLE}`]];
  if (content.is !== "objects" || content.missing === undefined) return [];
  return objects.map(({ source }) => [source, `${file} ${content.missing}`]);
}

const differencesIn = (
  { file }: FileContent,
  objects: readonly CloudObject[],
  first: ReadonlyMap<string, CloudObject>,
): string[] =>
  objects.flatMap((one) => {
    const before = first.get(keyOf(one));
    if (!before || isDeepStrictEqual(before.object, one.object)) return [];
    return [`${before.from} and ${file} show ${identityOf(one)} differently: the first one is judged`];
  });

function notesOnProjects(files: readonly FileContent[], project: string): string[] {
  const byProject = new Map<string, Set<string>>();
  for (const content of files)
    for (const one of content.is === "objects" ? content.known : []) {
      const other = projectOf(one);
      if (other !== undefined && other !== project)
        byProject.set(other, (byProject.get(other) ?? new Set()).add(content.file));
    }
  return [...byProject].map(
    ([other, names]) =>
      `${[...names].join(", ")} ${names.size > 1 ? "show" : "shows"} ${other}, which is left out: the plan is of ${project}`,
  );
}

const UNREADABLE = "is neither JSON nor YAML (--format=json prints it)";

/** What is left out of a file. */
function notesOn(content: FileContent): string[] {
  const { file, called } = content;
  switch (content.is) {
    case "unreadable":
      return [`${file} ${UNREADABLE}, and is left out`];
    case "empty list":
      return called
        ? []
        : [`${file} is an empty list, and neither its content nor its name shows of what: it is left out`];
    case "objects": {
      const unknown = content.count - content.known.length;
      if (unknown === 0) return [];
      if (unknown === content.count) return [`${file} has an unknown form, and is left out`];
      return [`${file} has ${unknown} of ${content.count} objects of an unknown form, which are left out`];
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

/** The id of an object's project; `undefined`: it shows none, or only the number. */
function projectOf({ source, object: { project, projectId, name, selfLink } }: CloudObject): string | undefined {
  if (source === "images") return undefined; // an image may stand in a project of its own
  const named = [project, projectId, cloudName(String(name))?.project, cloudName(String(selfLink))?.project];
  return named.find((id): id is string => typeof id === "string" && !/^\d+$/.test(id));
}

/** Identifies an object within its source. */
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

function readFiles(folder: string): { readonly files: readonly FileRead[]; readonly notes: readonly string[] } {
  const wrong = (rest: string) => inputError("--from", `(${folder}) ${rest}`);
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch {
    throw wrong("must be a folder that can be read because the collected files are in it; give another one");
  }
  const kinds = new Map(names.map((name) => [name, kindOf(join(folder, name))]));
  const files = names.filter((name) => kinds.get(name) === "a file");
  if (files.length === 0)
    throw wrong(
      "must hold collected files because there is nothing to judge in an empty folder; `npm run diagnose -- --help` prints the lines that collect them",
    );
  const problems: InputProblem[] = [];
  const read = files.map((file) => ({ file, content: contentOf(join(folder, file), problems) }));
  if (problems.length > 0) throw new InputError(problems);
  return {
    files: read,
    notes: names.flatMap((name) => (files.includes(name) ? [] : [`${name} is ${kinds.get(name)}, and is left out`])),
  };
}

/** The kind that a link resolves to. Reading a pipe would block, so only files are read. */
function kindOf(path: string): "a file" | "a folder" | "not a file" {
  try {
    const stat = statSync(path);
    return stat.isFile() ? "a file" : stat.isDirectory() ? "a folder" : "not a file";
  } catch {
    return "not a file"; // a link that leads nowhere
  }
}

/** What gcloud printed, as JSON or in its default form. A YAML file with an error is added to the problems. */
function contentOf(file: string, problems: InputProblem[]): FileValue | undefined {
  return jsonIn(file) ?? yamlIn(file, problems);
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
 * YAML of a kind: only objects and lists count.
 */
function yamlIn(file: string, problems: InputProblem[]): FileValue | undefined {
  try {
    const text = textIn(file).trimStart();
    // This is meant to be JSON.
    if (/^[[{"]/.test(text)) return undefined;
    const documents = parseAllDocuments(text, { logLevel: "silent", customTags: withoutExponents });
    if (!Array.isArray(documents)) return undefined; // an empty file: the command that wrote it failed
    const [error] = documents.flatMap(({ errors }) => errors);
    if (error) {
      if (/\.ya?ml$/.test(file)) problems.push(yamlProblem(file, error.linePos?.[0].line));
      return undefined;
    }
    const values = documents.map((document): unknown => document.toJS());
    if (values.length === 0 || !values.every((value) => isObject(value) || Array.isArray(value))) return undefined;
    const isList = text.startsWith("---");
    return values.length === 1 && !isList ? { value: values[0] } : { value: values.flat(), isJoined: !isList };
  } catch {
    return undefined;
  }
}

/** gcloud leaves `12e45` without quotes, which is a text in its version of YAML. */
const withoutExponents = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || !("format" in tag) || tag.format !== "EXP");

/** No word of the parser's, as for JSON. */
function yamlProblem(file: string, line: number | undefined): InputProblem {
  const at = line === undefined ? "" : ` (line ${line})`;
  return {
    setting: file,
    message: `'${file}'${at} must be valid YAML because its objects are judged; collect it again, put a line '---' between two objects, or remove the file`,
  };
}

/** PowerShell writes UTF-16. @throws where the file cannot be read. */
function textIn(file: string): string {
  const bytes = readFileSync(file);
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}
