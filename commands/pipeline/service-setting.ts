import { isDeepStrictEqual } from "node:util";
import { closest } from "fastest-levenshtein";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import { z } from "zod";
import { InputError, type InputProblem, problem } from "../../capacity/problem";

/* Changes one setting of a service in the text of a stack file; all other characters stay, including comments. */

const stackFile = z.looseObject({ config: z.looseObject({ "netra:services": z.record(z.string(), z.unknown()) }) });

/** The values of a stack file, with aliases resolved. */
type Content = z.output<typeof stackFile>;

/** The services of a stack file by key; `undefined` if the text is not a stack file with services. */
export const servicesIn = (text: string): Content["config"]["netra:services"] | undefined =>
  contentOf(read(text))?.config["netra:services"];

/** The Google Cloud project of a stack file; `undefined` if it names none. */
export function projectIn(text: string): string | undefined {
  const project = contentOf(read(text))?.config["gcp:project"];
  return typeof project === "string" ? project : undefined;
}

/** The problems of given service keys, or of the file. */
export function serviceProblems(text: string, file: string, services: readonly string[]): InputProblem[] {
  const known = servicesIn(text);
  if (!known)
    return [
      {
        setting: file,
        message: `'${file}' must be a stack file with a section 'netra:services' because it holds the service's settings; run \`npm run check\` to see what is wrong with it`,
      },
    ];
  const names = Object.keys(known);
  return [...new Set(services)].flatMap((service) =>
    names.includes(service)
      ? []
      : [
          problem({
            setting: "SERVICE",
            value: service,
            must: `be one of ${names.join(", ")}`,
            because: `'netra:services' of ${file} has no other service`,
            fix: names.length > 0 ? closest(service, names) : "one that is",
          }),
        ],
  );
}

/**
 * The text of a stack file with another value of a service's setting. A missing setting is added after `image`.
 * @param value must need no quotes in YAML.
 * @throws InputError if the form of the setting or of `image` prevents the edit.
 */
export function withSetting(text: string, file: string, service: string, key: string, value: string | number): string {
  const document = read(text);
  const content = contentOf(document);
  const settings = document.getIn(["config", "netra:services", service], true);
  const edited = isMap(settings)
    ? (replaced(text, settings, key, value) ?? inserted(text, settings, key, value))
    : undefined;
  Object.assign(content?.config["netra:services"][service] ?? {}, { [key]: value });
  // A block, an anchor or a comment in that place could give the edited text another meaning.
  if (edited !== undefined && isDeepStrictEqual(contentOf(read(edited)), content)) return edited;
  const isReplaced = key === "image" || (isMap(settings) && pairOf(settings, key) !== undefined);
  const setting = `netra:services.${service}.${isReplaced ? key : "image"}`;
  const because = isReplaced ? "it is replaced" : `'${key}' is added after it`;
  throw new InputError([
    {
      setting,
      message: `'${setting}' must be a plain value because ${because}; write it into ${file} on one line, without an anchor or a merge`,
    },
  ]);
}

const pairOf = (settings: YAMLMap, key: string): Pair | undefined =>
  settings.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

function replaced(text: string, settings: YAMLMap, key: string, value: string | number): string | undefined {
  const node = pairOf(settings, key)?.value;
  if (!isScalar(node) || !node.range) return undefined;
  const [start, end] = node.range;
  return `${text.slice(0, start)}${value}${text.slice(end)}`;
}

function inserted(text: string, settings: YAMLMap, key: string, value: string | number): string | undefined {
  const image = pairOf(settings, "image");
  if (
    !image ||
    pairOf(settings, key) ||
    !isScalar(image.key) ||
    !image.key.range ||
    !isScalar(image.value) ||
    !image.value.range
  )
    return undefined;
  const [start, end] = [image.key.range[0], image.value.range[1]];
  const quote = /["']/.exec(text.charAt(start))?.[0] ?? "";
  const entry = `${quote}${key}${quote}: ${value}`;
  if (settings.flow) return `${text.slice(0, end)}, ${entry}${text.slice(end)}`;
  const indent = text.slice(text.lastIndexOf("\n", start) + 1, start);
  const [rest = "", newline = "\n"] = /[^\r\n]*(\r?\n)?/.exec(text.slice(end)) ?? [];
  const line = end + rest.length;
  return rest.endsWith("\n")
    ? `${text.slice(0, line)}${indent}${entry}${newline}${text.slice(line)}`
    : `${text}${newline}${indent}${entry}`;
}

const read = (text: string) => parseDocument(text, { logLevel: "error", merge: true });

function contentOf(document: ReturnType<typeof read>): Content | undefined {
  if (document.errors.length > 0) return undefined;
  try {
    return stackFile.safeParse(JSON.parse(JSON.stringify(document.toJS()))).data;
  } catch {
    return undefined; // an alias without its anchor, or too many aliases
  }
}
