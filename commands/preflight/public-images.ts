import { isObject } from "../shared/cloud/classify";
import type { PlannedImage } from "./image-reference";
import { registryImage } from "./image-reference";

/** Where registries are asked, and how long an answer may take. */
export interface Registries {
  /** The address of a registry's host. */
  endpoint(host: string): string;
  readonly timeoutSeconds: number;
}

export const publicRegistries: Registries = { endpoint: (host) => `https://${host}`, timeoutSeconds: 20 };

const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Whether the images exist that are in no Artifact Registry, as anybody sees them: `true`, `false`, or why nobody
 * knows. Cloud Run pulls them as anybody, too. Source: github.com/opencontainers/distribution-spec, Pulling manifests.
 */
export async function publicImages(
  images: readonly PlannedImage[],
  registries: Registries,
): Promise<ReadonlyMap<string, boolean | string>> {
  const asked = [...new Set(images.map(({ image }) => image))].filter((image) => registryImage(image) === undefined);
  return new Map(await Promise.all(asked.map(async (image) => [image, await exists(image, registries)] as const)));
}

async function exists(image: string, registries: Registries): Promise<boolean | string> {
  const { host, name, reference } = publicReference(image);
  const url = `${registries.endpoint(host)}/v2/${name}/manifests/${reference}`;
  try {
    const first = await head(url, registries, {});
    const answer = first.status === 401 ? await head(url, registries, await authorization(first, registries)) : first;
    if (answer.ok) return true;
    // Container Registry may grant access to the project's own accounts.
    if ((answer.status === 401 || answer.status === 403) && /(?:^|\.)gcr\.io$/.test(host))
      return `${host} shows it to authenticated users only`;
    if ([401, 403, 404].includes(answer.status)) return false;
    return `${host} answered ${answer.status}`;
  } catch {
    return `${host} cannot be reached`;
  }
}

const head = (url: string, { timeoutSeconds }: Registries, headers: Readonly<Record<string, string>>) =>
  fetch(url, {
    method: "HEAD",
    headers: { accept: ACCEPT, ...headers },
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });

/** An anonymous token, from the address that the registry gives. */
async function authorization({ headers }: Response, { timeoutSeconds }: Registries): Promise<Record<string, string>> {
  const challenge = headers.get("www-authenticate") ?? "";
  const { realm, ...query } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  if (realm === undefined) return {};
  const answer = await fetch(`${realm}?${new URLSearchParams(query)}`, {
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  const body: unknown = await answer.json();
  const token = isObject(body) ? (body.token ?? body.access_token) : undefined;
  return typeof token === "string" ? { authorization: `Bearer ${token}` } : {};
}

/** Without a host, Docker Hub; there without an owner, its library. */
function publicReference(image: string): { readonly host: string; readonly name: string; readonly reference: string } {
  const [, path = "", tag = "latest", digest] =
    /^(.*?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  const [first = "", ...rest] = path.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const name = isHost ? rest.join("/") : path;
  const host = isHost ? first : "docker.io";
  if (host !== "docker.io") return { host, name, reference: digest ?? tag };
  return {
    host: "registry-1.docker.io",
    name: name.includes("/") ? name : `library/${name}`,
    reference: digest ?? tag,
  };
}
