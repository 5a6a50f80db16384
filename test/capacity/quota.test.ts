import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type QuotaUser, regionalDemand, regionalQuotaProblems } from "../../capacity/quota";

const user = (label: string, instances: number, cpu: number, memoryMib: number, rolls = true): QuotaUser => ({
  ...{ label, setting: "maxInstances", settingAmongOthers: `maxInstances of ${label}` },
  ...{ instances, cpu, memoryMib, rolls },
});
const quota = { regionalCpu: 20, regionalMemoryGib: 40 };
/** Each rolls out after all that stand before it. */
const inTurn = (users: readonly QuotaUser[]) => (one: QuotaUser) => users.slice(users.indexOf(one) + 1);
const atOnce = () => [];

const [auth, backend, frontend] = [
  user("auth", 3, 1, 512),
  user("backend", 5, 2, 4096),
  user("frontend", 3, 1, 512),
] as const;
const services = [auth, backend, frontend];

test("a rollout has the largest service in use twice, and the others once", () => {
  expect(regionalDemand(services, quota, inTurn(services))).toEqual({
    cpu: { total: 26, rolling: [backend] },
    memoryGib: { total: 43, rolling: [backend] },
    fits: false,
  });
});

test("services that roll out at once are in use twice each", () => {
  expect(regionalDemand(services, quota, atOnce)).toMatchObject({
    cpu: { total: 32, rolling: services },
    memoryGib: { total: 46 },
  });
});

test("a job counts while it runs, and has no second revision", () => {
  const all = [...services, user("migrate", 1, 1, 512, false)];
  expect(regionalDemand(all, quota, inTurn(all))).toMatchObject({
    cpu: { total: 27, rolling: [backend] },
    memoryGib: { total: 43.5 },
  });
});

describe("a demand beyond the quota", () => {
  const messages = (users: readonly QuotaUser[]) =>
    regionalQuotaProblems(users, quota, inTurn(users)).map(({ problem }) => problem.message);

  test("names the service that rolls, and the most instances that both quotas allow", () => {
    expect(messages(services)).toEqual([
      "'maxInstances' (5) must keep all services within the 20 vCPU of 'regionalCpu' (they need 26, backend in two revisions) because all that runs in the region counts, and in a rollout both revisions run: beyond the quota instances do not start; set 'maxInstances' to 3",
      "'maxInstances' (5) must keep all services within the 40 GiB of 'regionalMemoryGib' (they need 43, backend in two revisions) because all that runs in the region counts, and in a rollout both revisions run: beyond the quota instances do not start; set 'maxInstances' to 3",
    ]);
  });

  test("of one service alone is refused at the deploy", () => {
    expect(messages([user("backend", 11, 2, 512)])).toEqual([
      "'maxInstances' (11) must keep all services within the 20 vCPU of 'regionalCpu' (they need 44, backend in two revisions) because Google compares the maximum of one service x its size with the regional quota at the deploy, and refuses it; set 'maxInstances' to 5",
    ]);
  });

  test("is put right by what is proposed", () => {
    const some = fc.uniqueArray(
      fc
        .record({
          label: fc.constantFrom("a", "b", "c", "d", "e"),
          instances: fc.integer({ min: 1, max: 50 }),
          cpu: fc.constantFrom(0.5, 1, 2, 4),
          memoryMib: fc.constantFrom(512, 1024, 4096),
          rolls: fc.boolean(),
        })
        .map(({ label, instances, cpu, memoryMib, rolls }) => user(label, instances, cpu, memoryMib, rolls)),
      { minLength: 1, maxLength: 4, selector: ({ label }) => label },
    );
    fc.assert(
      fc.property(some, fc.boolean(), (users, isInTurn) => {
        const orderOf = isInTurn ? inTurn : () => atOnce;
        for (const { problem, largest } of regionalQuotaProblems(users, quota, orderOf(users))) {
          const [way = []] = problem.ways ?? [];
          const least = users.map((one) => ({ ...one, instances: 1 }));
          expect(way.length > 0 || !regionalDemand(least, quota, orderOf(least)).fits).toBe(true);
          if (way.length === 0) continue;
          const names = (one: QuotaUser) =>
            one === largest ? [one.setting, one.settingAmongOthers] : [one.settingAmongOthers];
          const fixed = users.map((one) => ({
            ...one,
            instances: Number(way.find(([setting]) => names(one).includes(setting))?.[1] ?? one.instances),
          }));
          expect(regionalQuotaProblems(fixed, quota, orderOf(fixed))).toEqual([]);
        }
      }),
    );
  });
});
