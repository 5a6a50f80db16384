import { SECRET, SECRET_VERSION } from "../../config/resource-types";
import type { Settings } from "../../config/schema";
import { word } from "../shared/cloud/shell";
import { newestEnabledOf, versionStates } from "../shared/cloud/versions";
import { type Answer, fine, wrong } from "./answer";
import { existenceOf } from "./existing";
import { type Facts, isOff, unread } from "./facts";

type Secret = Settings["secrets"][string];

/** Whether every version that the plan pins can be mounted when the services roll out. */
export function judgeSecrets(facts: Facts): Answer[] {
  const secrets = Object.entries(facts.settings.secrets);
  const answers = secrets.flatMap(([variable, secret]) =>
    judgeSecret(`netra:secrets.${variable}.version`, variable, secret, facts),
  );
  if (answers.length > 0) return answers;
  const made = secrets.filter(([, { rotation }]) => rotation !== undefined).length;
  return [fine(`${secrets.length - made} manually added versions are enabled; ${made} are the stack's own`)];
}

function judgeSecret(setting: string, variable: string, secret: Secret, facts: Facts): Answer[] {
  const { settings, collection } = facts;
  const { id, version, rotation } = secret;
  const isMounted = Object.values(settings.services).some((service) => service.secrets.includes(variable));
  // A secret without a version matters only to services that mount it.
  if (rotation === undefined && !isMounted) return [];
  const exists = existenceOf(facts, { type: SECRET, name: id, id: `projects/${settings.project}/secrets/${id}` });
  if (exists === undefined) return [unread(facts, "secrets")];
  const { listed, absent } = collection.items.versions;
  const isKnown = listed.has(id) || absent.has(id) || !exists;
  if (!isKnown) return [unread(facts, "versions", id)];
  const isThere = exists && !absent.has(id);
  const states = isThere ? (versionStates(collection).get(id) ?? new Map<string, string>()) : new Map<string, string>();
  const state = states.get(String(version));
  if (state === "ENABLED") return [];
  const project = `--project=${settings.project}`;
  const enabling = `gcloud secrets versions enable ${version} --secret=${word(id)} ${project}`;
  if (state === "DISABLED")
    return [
      wrong(`'${setting}' (${version}) must be enabled because no instance that mounts ${id} can start`, [enabling]),
    ];
  const next = Math.max(0, ...[...states.keys()].map(Number)) + 1;
  const missing = { setting, secret, states, next, isThere };
  return rotation === undefined ? issuedElsewhere(missing, facts) : madeByTheStack(missing, facts);
}

interface Missing {
  readonly setting: string;
  readonly secret: Secret;
  readonly states: ReadonlyMap<string, string>;
  /** The number that the next version gets. */
  readonly next: number;
  readonly isThere: boolean;
}

/** A manually added value, which can be added before or after an update that needs it. */
function issuedElsewhere({ setting, secret: { id, version }, states, next, isThere }: Missing, facts: Facts): Answer[] {
  const { project, adopt } = facts.settings;
  const newest = newestEnabledOf(states);
  const pinned = (number: number) => (number === version ? [] : [`set '${setting}' to ${number}`]);
  if (newest !== undefined && next !== version)
    return [
      wrong(
        `'${setting}' (${version}) must be a version of ${id} that is enabled because no instance that mounts it can start`,
        pinned(newest),
      ),
    ];
  return [
    wrong(
      `'${setting}' (${version}) must exist because people add the value of ${id}, and services that mount it do not start without it`,
      [
        ...(isOff(facts, "secretmanager")
          ? [`gcloud services enable secretmanager.googleapis.com --project=${project}`]
          : []),
        ...(isThere ? [] : [`gcloud secrets create ${word(id)} --replication-policy=automatic --project=${project}`]),
        `gcloud secrets versions add ${word(id)} --project=${project} --data-file=-`,
        ...pinned(next),
        ...(isThere || adopt[id] !== undefined ? [] : [`add 'netra:adopt.${id}' as projects/${project}/secrets/${id}`]),
      ],
    ),
  ];
}

/** The update adds a version for each new rotation, and fails where Secret Manager assigns other numbers. */
function madeByTheStack({ setting, secret, states, next, isThere }: Missing, { preview }: Facts): Answer[] {
  const { id, version, rotation = 0, disabledThroughRotation = 0, format } = secret;
  const steps = preview?.steps.filter(
    ({ op, type, name }) => op === "create" && type === SECRET_VERSION && name.startsWith(`${id}-r`),
  ).length;
  // Without a preview: of Redis' one AUTH string only the current rotation is written, and what exists has got its
  // earlier rotations already.
  const made = steps ?? (isThere || format === "redis-auth" ? 1 : rotation - disabledThroughRotation);
  const expected = made === 0 ? newestEnabledOf(states) : next + made - 1;
  if (version === expected) return [];
  if (made === 0)
    return [
      wrong(
        `'${setting}' (${version}) must be a version of ${id} that is enabled because \`up\` adds none, and no instance that mounts it can start`,
        [
          expected === undefined
            ? `raise 'rotation' beside '${setting}' by one, and set that to ${next}`
            : `set '${setting}' to ${expected}`,
        ],
      ),
    ];
  return [
    wrong(
      `'${setting}' (${version}) must be ${expected} because Secret Manager gives this number to the version of ${id} that \`up\` adds`,
      [`set '${setting}' to ${expected}`],
    ),
  ];
}
