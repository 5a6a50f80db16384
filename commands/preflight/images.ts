import { collectingLine } from "../shared/cloud/sources";
import { type Answer, fine, nameList, open, wrong } from "./answer";
import { type Facts, objectsOf, unread } from "./facts";
import { type PlannedImage, plannedImages, type RegistryImage, registryImage } from "./image-reference";
import { image as imageSchema } from "./schemas";

/** Whether every image that the plan runs can be pulled. */
export function judgeImages(facts: Facts): Answer[] {
  const answers = plannedImages(facts.settings).flatMap((planned) => {
    const image = registryImage(planned.image);
    return image ? judgeImage(planned, image, facts) : judgePublic(planned, facts);
  });
  return answers.length > 0
    ? answers
    : [fine(`there: ${nameList(plannedImages(facts.settings).map(({ image }) => shortName(image)))}`)];
}

const shortName = (image: string) => (image.split("/").at(-1) ?? "").replace(/@sha256:(.{12}).*/, "@sha256:$1");

function judgeImage(
  { setting, image }: PlannedImage,
  { registry, location, project, repository, name, tag, digest }: RegistryImage,
  facts: Facts,
): Answer[] {
  const { collection, settings } = facts;
  const { listed, absent } = collection.items.images;
  const line = collectingLine("images", settings, registry);
  if (absent.has(registry))
    return [
      wrong(`the repository of '${setting}' (${registry}) must exist because Cloud Run pulls the image from it`, [
        `gcloud artifacts repositories create ${repository} --repository-format=docker --location=${location} --project=${project}`,
        pushing(image),
      ]),
    ];
  const known = objectsOf(facts, "images", imageSchema);
  if ("open" in known) return [known.open];
  const isShown = known.objects.some((shown) => {
    const [shownName, shownDigest] = shown.uri?.split("@") ?? [shown.package, shown.version];
    return shownName === name && (digest === undefined ? shown.tags.includes(tag ?? "latest") : shownDigest === digest);
  });
  if (!isShown && !listed.has(registry)) return [unread(facts, "images", registry)];
  if (!isShown)
    return [
      wrong(`'${setting}' (${image}) must exist because Cloud Run refuses a service whose image it cannot find`, [
        pushing(image),
        `or set '${setting}' to one that exists: ${line}`,
      ]),
    ];
  if (project === settings.project) return [];
  return [
    open(
      image,
      `it exists in another project, ${project}, whose repository the Cloud Run service agent of ${settings.project} must be allowed to read (roles/artifactregistry.reader)`,
      `gcloud artifacts repositories get-iam-policy ${repository} --location=${location} --project=${project}`,
    ),
  ];
}

const pushing = (image: string) => `docker push ${image.replace(/@sha256:.*/, "")}`;

/** Cloud Run pulls from public registries, too. */
function judgePublic({ setting, image }: PlannedImage, { publicImages }: Facts): Answer[] {
  const exists = publicImages.get(image) ?? "its registry was not asked";
  if (exists === true) return [];
  if (exists === false)
    return [
      wrong(`'${setting}' (${image}) must exist because Cloud Run refuses what it cannot find`, [
        `set '${setting}' to an image that exists: docker manifest inspect ${image}`,
      ]),
    ];
  return [open(image, exists, `docker manifest inspect ${image}`)];
}
