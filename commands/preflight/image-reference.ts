import type { Settings } from "../../config/schema";

/** An image that the plan runs. */
export interface PlannedImage {
  /** Where the stack file names it. */
  readonly setting: string;
  readonly image: string;
}

/** Every image of the settings, of services and of jobs. */
export function plannedImages(settings: Settings): PlannedImage[] {
  const within = (value: unknown, path: string): PlannedImage[] => {
    if (value === null || typeof value !== "object") return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      key === "image" && typeof inner === "string"
        ? [{ setting: `${path}.image`, image: inner }]
        : within(inner, `${path}.${key}`),
    );
  };
  const sections: readonly (readonly [string, unknown])[] = Object.entries(settings);
  return sections.flatMap(([section, value]) => within(value, `netra:${section}`));
}

/** An image in Artifact Registry. */
export interface RegistryImage {
  /** The repository, as `us-central1-docker.pkg.dev/P/R`. */
  readonly registry: string;
  readonly location: string;
  readonly project: string;
  readonly repository: string;
  /** The image without tag and digest. */
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const IN_REGISTRY =
  /^(?<name>(?<registry>(?<location>[a-z0-9-]+)-docker\.pkg\.dev\/(?<project>[^/]+)\/(?<repository>[^/]+))\/[^:@]+)(?::(?<tag>[^@]+))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** Parses an image's address; `undefined`: it is not in Artifact Registry. */
export function registryImage(image: string): RegistryImage | undefined {
  const { registry, location, project, repository, name, tag, digest } = IN_REGISTRY.exec(image)?.groups ?? {};
  if (
    registry === undefined ||
    location === undefined ||
    project === undefined ||
    repository === undefined ||
    name === undefined
  )
    return undefined;
  return { registry, location, project, repository, name, tag, digest };
}

export const registriesOf = (settings: Settings): string[] => [
  ...new Set(plannedImages(settings).flatMap(({ image }) => registryImage(image)?.registry ?? [])),
];
