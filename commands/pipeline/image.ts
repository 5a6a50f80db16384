import { InputError, problem } from "../../capacity/problem";
import { projectIn, serviceProblems, withSetting } from "./service-setting";

/** `REGISTRY/PATH[:tag]@sha256:...`, as known to a pipeline that has pushed the image. */
const WITH_DIGEST = /^[\w.-]+(?::\d+)?\/[a-z0-9][a-z0-9._/-]*(?::[\w][\w.+-]{0,127})?@sha256:[0-9a-f]{64}$/;

/**
 * The text of a stack file with another image of a service; all other characters stay, including comments.
 * @param service the service's key in `netra:services`.
 * @param registry the only registry whose images are taken, `HOST/PATH`. Default: Artifact Registry in the stack's project.
 * @throws InputError with all problems of service and image.
 */
export function withImage(text: string, file: string, service: string, image: string, registry?: string): string {
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
  if (!isOf(image, registry, projectIn(text)))
    problems.push(
      problem({
        setting: "IMAGE",
        value: image,
        must: registry ? `be of ${registry}` : `be of Artifact Registry in ${projectIn(text) ?? "the stack's project"}`,
        because: registry ? "--registry trusts no other one" : "whoever may push to another one could run code here",
        fix: registry ? "one of that registry" : "one that was pushed there, or trust another registry with --registry",
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  return withSetting(text, file, service, "image", image);
}

/** Source: docs.cloud.google.com/artifact-registry/docs/docker/names, which also answers for gcr.io. */
function isOf(image: string, registry: string | undefined, project: string | undefined): boolean {
  if (registry !== undefined) return image.startsWith(`${registry.replace(/\/$/, "")}/`);
  const [, owner] = /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:(?:us|eu|asia)\.)?gcr\.io)\/([^/]+)\//.exec(image) ?? [];
  return owner !== undefined && owner === project;
}
