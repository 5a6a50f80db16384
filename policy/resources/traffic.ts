import { RUN_SERVICE_V1, RUN_WORKER_POOL } from "../../config/resource-types";
import type { Inputs } from "../framework/inputs";
import type { Resource } from "../framework/rule";
import { workloadOf } from "./workload";

/** The revision name that a program states in the template. */
interface NamedRevision {
  readonly setting: string;
  readonly name: string;
  /**
   * Whether the program derives the name from the image: it contains the image's tag, or the beginning of its digest.
   */
  readonly followsImage: boolean;
}

/** A share of the traffic, or of a worker pool's instances. */
interface Share {
  readonly inputs: Inputs;
  /** The property that names a revision. */
  readonly key: string;
}

type TypedProperties = Pick<Resource, "type" | "properties">;

export function sharesOf({ type, properties }: TypedProperties): {
  readonly setting: string;
  readonly shares: readonly Share[];
} {
  const list = type === RUN_WORKER_POOL ? "instanceSplits" : "traffics";
  const key = type === RUN_SERVICE_V1 ? "revisionName" : "revision";
  return { setting: properties.at(list), shares: properties.list(list).map((inputs) => ({ inputs, key })) };
}

/** `undefined`: Cloud Run chooses the name, or it is unknown at preview. */
export function revisionName({
  type,
  properties,
}: TypedProperties): Pick<NamedRevision, "setting" | "name"> | undefined {
  const template = properties.object("template");
  const [holder, key] =
    type === RUN_SERVICE_V1 ? ([template.object("metadata"), "name"] as const) : ([template, "revision"] as const);
  const name = holder.isUnknown(key) ? undefined : holder.text(key);
  return name ? { setting: holder.at(key), name } : undefined;
}

/** The revision's name, and whether it follows the image. */
export function namedRevision(resource: Resource): NamedRevision | undefined {
  const named = revisionName(resource);
  if (!named) return undefined;
  const images = workloadOf(resource)?.containers.flatMap(({ inputs }) => inputs.knownOnly().text("image") ?? []) ?? [];
  return { ...named, followsImage: images.some((image) => carries(named.name, image)) };
}

/** In a revision's name, hyphens replace the dots of a tag. */
function carries(name: string, image: string): boolean {
  const [, tag = "", digest = ""] = /(?::([\w.-]+))?(?:@sha256:([0-9a-f]{64}))?$/.exec(image) ?? [];
  const written = tag.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const hasTag = written !== "" && written !== "latest" && `-${name}-`.includes(`-${written}-`);
  return hasTag || name.split("-").some((part) => part.length >= 7 && digest.startsWith(part));
}
