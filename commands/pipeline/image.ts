import { InputError, problem } from "../../capacity/problem";
import { serviceProblems, withSetting } from "./service-setting";

/** `REGISTRY/PATH[:tag]@sha256:...`: what a pipeline that has just pushed an image knows of it. */
const WITH_DIGEST = /^[\w.-]+(?::\d+)?\/[a-z0-9][a-z0-9._/-]*(?::[\w][\w.+-]{0,127})?@sha256:[0-9a-f]{64}$/;

/**
 * The text of a stack file with another image of a service: no other character changes, comments stay.
 * @param service the service's key in `netra:services`.
 * @throws InputError with everything that is wrong with the two.
 */
export function withImage(text: string, file: string, service: string, image: string): string {
  const problems = serviceProblems(text, file, [service]);
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
  return withSetting(text, file, service, "image", image);
}
