import { InputError, problem } from "../../capacity/problem";
import { serviceProblems, withSetting } from "./service-setting";

/** `REGISTRY/PATH[:tag]@sha256:...`, as known to a pipeline that has pushed the image. */
const WITH_DIGEST = /^[\w.-]+(?::\d+)?\/[a-z0-9][a-z0-9._/-]*(?::[\w][\w.+-]{0,127})?@sha256:[0-9a-f]{64}$/;

/**
 * The text of a stack file with another image of a service; all other characters stay, including comments.
 * @param service the service's key in `netra:services`.
 * @throws InputError with all problems of both.
 */
export function withImage(text: string, file: string, service: string, image: string): string {
  const problems = serviceProblems(text, file, [service]);
  if (!WITH_DIGEST.test(image))
    problems.push(
      problem({
        setting: "IMAGE",
        value: image,
        must: "name its registry and end with @sha256: and 64 hexadecimal digits",
        because: "a tag can be moved, and the next instance would then start another image",
        fix: "REGISTRY/NAME@sha256:DIGEST, as `docker push` and `gcloud builds` print it",
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  return withSetting(text, file, service, "image", image);
}
