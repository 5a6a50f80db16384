import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { CONNECTOR, RUN_SERVICE, SQL_INSTANCE } from "../../config/resource-types";
import { migrating, stagingConfiguration } from "../stack-settings";
import { breakage, broken, CANARY, edited, edits, SECRETS } from "./mutations";

/** What is fuzzed: inputs, and what one is held to. */
export interface Target {
  readonly name: string;
  /** One check of a drawn input. Rejects with what is broken. */
  readonly property: () => fc.IAsyncProperty<unknown>;
  readonly close?: () => void;
}

export const TEMPORARY = tmpdir();

/** Files of one case, gone after it. */
export async function inFolder(
  run: (folder: string, write: (name: string, content: string) => string) => Promise<void>,
) {
  const folder = mkdtempSync(join(TEMPORARY, "netra-fuzz-"));
  try {
    await run(folder, (name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const STACKS = [
  stagingConfiguration(),
  stagingConfiguration(migrating()),
  stagingConfiguration({
    "netra:services": { auth: { environment: SECRETS, probe: { path: `/health?x=${CANARY}` } } },
  }),
];
export const stack = fc.constantFrom(...STACKS.keys());
export const yaml = (config: unknown) => stringify({ config }, { aliasDuplicateObjects: false });

/** A digest or a stream with a replacement, an update and a secret literal. */
const service = (value: string) => ({
  name: "netra-auth-staging",
  template: {
    containers: [
      { image: "x", envs: Object.entries(SECRETS).map(([name, secret]) => ({ name, value: secret + value })) },
    ],
  },
});
export const PREVIEW = {
  steps: [
    {
      op: "update",
      type: RUN_SERVICE,
      name: "auth",
      old: service(""),
      new: service("x"),
      changed: ["template.containers[0].envs"],
    },
    {
      op: "replace",
      type: CONNECTOR,
      name: "staging-connector",
      old: { minInstances: 3 },
      new: { minInstances: 2 },
      replaceReasons: ["minInstances"],
    },
    { op: "delete", type: SQL_INSTANCE, name: "db", old: { name: "db" } },
  ],
  config: { "netra:acknowledge": { db: { change: "delete", reason: "moved" } } },
  errors: [{ message: `cannot connect to ${SECRETS.DATABASE}` }],
};
export const DIAGNOSIS = {
  findings: [
    {
      stage: "s",
      rules: ["r"],
      resource: "r",
      evidence: [{ field: "envs[MY_TOKEN]", value: SECRETS.MY_TOKEN }],
      consequences: [SECRETS.DATABASE],
      mend: ["x"],
    },
  ],
  questions: [{ question: "q", open: [{ missing: SECRETS.CALLBACK }] }],
};

/** A file as its program wrote it, with edits of its values or of its text. */
export const damage = fc.oneof(
  { weight: 3, arbitrary: fc.record({ edits }) },
  { weight: 1, arbitrary: fc.record({ breakage }) },
  { weight: 1, arbitrary: fc.constant({ edits: [] }) },
);
export type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

/** The text, and whether it cannot be valid. */
export function damaged(value: unknown, how: Damage, text: (value: unknown) => string = JSON.stringify) {
  if ("breakage" in how) return { text: broken(text(value), how.breakage), isGarbage: false };
  const { value: changed, isSpoilt } = edited(value, how.edits);
  return { text: text(changed) ?? "", isGarbage: isSpoilt };
}
