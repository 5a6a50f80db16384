import { isDeepStrictEqual } from "node:util";
import { closest } from "fastest-levenshtein";
import { isScalar, parseDocument } from "yaml";
import { z } from "zod";
import { InputError, type InputProblem, problem } from "../capacity/problem";

/** `REGISTRY/PATH[:tag]@sha256:...`: what a pipeline that has just pushed an image knows of it. */
const WITH_DIGEST = /^[\w.-]+(?::\d+)?\/[a-z0-9][a-z0-9._/-]*(?::[\w][\w.+-]{0,127})?@sha256:[0-9a-f]{64}$/;

/**
 * The text of a stack file with another image of a service: no other character changes, comments stay.
 * @param service the service's key in `netra:services`.
 * @throws InputError with everything that is wrong with the two.
 */
export function withImage(text: string, file: string, service: string, image: string): string {
  const document = read(text);
  const content = contentOf(document);
  const names = Object.keys(content?.config["netra:services"] ?? {});
  const problems: InputProblem[] = [];
  if (!content)
    problems.push({
      setting: file,
      message: `'${file}' must be a stack file with a section 'netra:services' because the image stands there; run \`npm run check\` to see what is wrong with it`,
    });
  else if (!names.includes(service))
    problems.push(
      problem({
        setting: "SERVICE",
        value: service,
        must: `be one of ${names.join(", ")}`,
        because: `no other is in 'netra:services' of ${file}`,
        fix: names.length > 0 ? closest(service, names) : "one that is",
      }),
    );
  if (!WITH_DIGEST.test(image))
    problems.push(
      problem({
        setting: "IMAGE",
        value: image,
        must: "name its registry and end with @sha256: and 64 hexadecimal digits",
        because: "a tag can be moved, and the next instance would start another program",
        fix: "REGISTRY/NAME@sha256:DIGEST, as `docker push` and `gcloud builds` print it",
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  const node = document.getIn(["config", "netra:services", service, "image"], true);
  if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    const replaced = `${text.slice(0, start)}${image}${text.slice(end)}`;
    Object.assign(content?.config["netra:services"][service] ?? {}, { image });
    // A block, an anchor that others refer to, a comment where the text was missing: there it would say something else.
    if (isDeepStrictEqual(contentOf(read(replaced)), content)) return replaced;
  }
  const setting = `netra:services.${service}.image`;
  throw new InputError([
    {
      setting,
      message: `'${setting}' must be stated as text of its own because it is replaced there; write it into ${file} on one line, without an anchor or a merge`,
    },
  ]);
}

const read = (text: string) => parseDocument(text, { logLevel: "silent", merge: true });

const stackFile = z.looseObject({ config: z.looseObject({ "netra:services": z.record(z.string(), z.unknown()) }) });

/** What a stack file says, in which what an alias repeats is a value of its own; `undefined` where it is none. */
function contentOf(document: ReturnType<typeof read>): z.output<typeof stackFile> | undefined {
  if (document.errors.length > 0) return undefined;
  try {
    return stackFile.safeParse(JSON.parse(JSON.stringify(document.toJS()))).data;
  } catch {
    return undefined; // an alias without its anchor, or far too many
  }
}
