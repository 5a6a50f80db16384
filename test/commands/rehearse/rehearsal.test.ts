import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Calibration } from "../../../commands/rehearse/calibration";
import { brokenPath, type Cell, fewCells, gridCell, gridCells } from "../../../commands/rehearse/cells";
import { divideCores, pinnedTo } from "../../../commands/rehearse/machine";
import {
  checkDuration,
  checkMemory,
  type Rehearsal,
  type RehearsalOptions,
  rehearse,
} from "../../../commands/rehearse/rehearsal";
import { rehearsalText } from "../../../commands/rehearse/report";
import { freePort, PostgresServer } from "../../../commands/rehearse/server";
import { stagingPlan } from "../../capacity/staging-plan";
import { TemporaryFolder } from "./left-behind";

const plan = stagingPlan();
const options: RehearsalOptions = {
  storms: 2,
  signal: new AbortController().signal,
  progress: () => undefined,
  // Nothing here depends on how exactly the costs are known.
  rounds: 2,
  patience: Number.POSITIVE_INFINITY,
};

const temporary = new TemporaryFolder();
const before = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = temporary.path;
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  temporary.remove();
});

/** Measured by the first rehearsal here, for those that are about something else. */
let calibration: Calibration | undefined;

describe("a rehearsal of five cells on a real PostgreSQL", () => {
  // Each is decided by what has room, not by how fast this machine is today.
  const cells = [
    gridCell(plan, { starts: 8, connections: 2, maxConnections: 25, retries: false }),
    // Nine slots for ordinary users: no start can have its ten connections.
    gridCell(plan, { starts: 6, connections: 10, maxConnections: 12, retries: false }),
    // Ten slots, one for each start that is ready.
    gridCell(plan, { starts: 20, connections: 1, maxConnections: 13, retries: true }),
    brokenPath(plan),
  ];

  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await rehearse([...cells, limitedUser()], options);
    calibration = rehearsal.calibration;
  });

  test("finds what the model predicts, and leaves nothing behind", () => {
    const { calibration, machine } = rehearsal;
    const results = rehearsal.cells.slice(0, -1);
    expect(results.map(({ predicted }) => predicted.success)).toEqual([1, 0, 0.5, 0]);
    for (const { predicted, measured } of results)
      expect(Math.abs(predicted.success - measured.success)).toBeLessThanOrEqual(0.1);
    // Refused where the model says so, and only there.
    expect(results.map(({ predicted }) => predicted.refusals > 0)).toEqual([false, true, true, false]);
    expect(results.map(({ measured }) => measured.refusals > 0)).toEqual([false, true, true, false]);
    for (const { measured } of results)
      expect(measured.errors).toEqual(measured.refusals > 0 ? { "53300": measured.refusals } : expect.anything());
    expect(results[3]?.measured).toMatchObject({ success: 0, readyP95Seconds: null });
    // Of one connect and not of all, in ms and not in seconds: how fast a machine is, no test knows.
    for (const cost of ["connectCpuMs", "refusalCpuMs"] as const) expect(calibration[cost], cost).toBeGreaterThan(0.02);
    expect(calibration.refusalCpuMs).toBeLessThan(2 * (calibration.connectCpuMs + calibration.closeCpuMs));
    expect(machine.cores).toBeGreaterThan(0);
    expect(temporary.contents()).toEqual([]);
  });

  test("finds a user refused by its own limit, with what it held before, while another one still connects", () => {
    const result = rehearsal.cells.at(-1);
    // Ten, and all five of the other user. Without the limit all are ready.
    expect(result?.predicted.success).toBeCloseTo(0.6, 9);
    expect(Math.abs(0.6 - (result?.measured.success ?? 0))).toBeLessThanOrEqual(0.1);
    expect(result?.measured.refusals).toBeGreaterThan(0);
    expect(result?.measured.errors).toEqual({ "53300": result?.measured.refusals });
    expect(result).toMatchObject({ maxConnections: 50, userLimit: 12 });
    expect(rehearsalText(rehearsal, { width: 100, colour: false })).toMatch(/^20 x 1 in 50, 12 for the user +60 % /m);
    expect(temporary.contents()).toEqual([]);
  });
});

/**
 * Of a limit of twelve connections two are held, so that ten starts of twenty are left; there are slots for all, and
 * another user has no limit.
 */
function limitedUser(): Cell {
  const cell = gridCell(plan, { starts: 20, connections: 1, maxConnections: 50, retries: false, userLimit: 12 });
  const limited = cell.storm.groups.map((group) => ({ ...group, userConnections: 2 }));
  const others = limited.map((group) => ({
    ...group,
    service: "other",
    starts: 5,
    userLimit: Number.POSITIVE_INFINITY,
    userConnections: 0,
  }));
  const storm = {
    ...cell.storm,
    groups: [...limited, ...others],
    database: { ...cell.storm.database, heldConnections: 5 },
  };
  return { ...cell, starts: 25, storm };
}

describe("a rehearsal beside other work", () => {
  const cell = gridCell(plan, { starts: 5, connections: 1, maxConnections: 25, retries: false });
  const core = divideCores().server;
  let busy: ChildProcess;
  beforeAll(() => {
    const [command, args] = pinnedTo(core === undefined ? [] : [core], process.execPath, ["-e", "for (;;);"]);
    busy = spawn(command, args, { stdio: "ignore" });
  });
  afterAll(() => {
    busy.kill("SIGKILL");
  });

  test("repeats the storms, calls the cell disturbed, and does not count it", async () => {
    const { cells, quiet, errors, ok } = await rehearse([cell], { ...options, calibration });
    expect(cells.map(({ verdict, storms }) => [verdict, storms])).toEqual([["disturbed", 2]]);
    expect(quiet).toMatchObject({ storms: 4, disturbed: 4 });
    expect(quiet.taken.find(({ cores }) => core === undefined || cores.includes(core))?.share).toBeGreaterThan(0.05);
    expect([errors.readyP95.worst, ok]).toEqual([null, true]);
  });

  test("gives up when the machine is never quiet, and reports how much of which core others took", async () => {
    await expect(rehearse([cell], { ...options, calibration, patience: 3 })).rejects.toThrow(
      /^the machine must be quiet because whatever else runs distorts the times, and in 3 storms in a row others took \d+(\.\d)? % of cores? .* \(accepted: 5 %\); end what else runs, or rehearse on another machine$/,
    );
    expect(temporary.contents()).toEqual([]);
  });
});

describe("a rehearsal that cannot go on", () => {
  test("reports a server that is killed in the middle of a storm, and leaves nothing behind", async () => {
    const killed = rehearse([gridCell(plan, { starts: 20, connections: 4, maxConnections: 100, retries: false })], {
      ...options,
      calibration,
      storms: 50,
      serverIs: (pid) => setTimeout(() => process.kill(pid, "SIGKILL"), 300),
    });
    await expect(killed).rejects.toThrow(
      "PostgreSQL must run until the rehearsal is over because the storms need it, and it ended with SIGKILL; nothing of it is left",
    );
    expect(temporary.contents()).toEqual([]);
  });

  test("reports the same where a connection is the first to notice", async () => {
    const cell = gridCell(plan, { starts: 5, connections: 1, maxConnections: 25, retries: false });
    const holding: Cell = {
      ...cell,
      storm: { ...cell.storm, database: { ...cell.storm.database, heldConnections: 10 } },
    };
    const killed = rehearse([holding], { ...options, calibration, serverIs: (pid) => process.kill(pid, "SIGKILL") });
    await expect(killed).rejects.toThrow(
      /^PostgreSQL must run until the rehearsal is over because the storms need it, and it ended with SIGKILL/,
    );
    expect(temporary.contents()).toEqual([]);
  });

  test("reports why PostgreSQL does not start", async () => {
    const server = await PostgresServer.create(undefined);
    try {
      await expect(server.start({ maxConnections: 1_000_000, reservedConnections: 3 })).rejects.toThrow(
        /^PostgreSQL must start because the storms need one, and it does not: .*1000000 is outside the valid range for parameter "max_connections"/,
      );
    } finally {
      await server.remove();
    }
    expect(temporary.contents()).toEqual([]);
  });

  test("needs a free port", async () => {
    // An address of no interface: nothing can listen there.
    await expect(freePort("192.0.2.1")).rejects.toThrow(
      "a TCP port of 192.0.2.1 must be free because the server listens on one, and none is (listen EADDRNOTAVAIL: address not available 192.0.2.1); end what holds them",
    );
  });

  test("needs memory for its connections", () => {
    const cells = [gridCell(plan, { starts: 5, connections: 1, maxConnections: 20_000, retries: false })];
    expect(() => checkMemory(cells, 4096)).toThrow(
      /^'max_connections' \(20000\) must fit into this machine's memory because each connection may take 5 MiB: \d+ MiB are needed and 4096 MiB are free; set 'max_connections' to \d+ or free some memory$/,
    );
    expect(() => checkMemory(fewCells(plan), 4096)).not.toThrow();
  });

  test("takes no longer than an hour, and reports how long it would", () => {
    const cell = (maxConnections: number) => ({ cell: { maxConnections }, run: { stormSeconds: 0.7 } });
    expect(() => checkDuration([cell(25)], 7200)).toThrow(
      "'--storms' (7200) must keep the rehearsal within 1 hour because a machine is seldom quiet for longer, and it would take 2.0 hours; set '--storms' to 3599",
    );
    // With one restart of the server for each number of connections.
    expect([checkDuration([cell(25), cell(25)], 10), checkDuration([cell(25), cell(50)], 10)]).toEqual([21, 22]);
  });
});

describe("a server of the rehearsal", () => {
  test("speaks TLS, asks for SCRAM, and is gone when it is stopped", async () => {
    const server = await PostgresServer.create(undefined);
    try {
      await server.start({ maxConnections: 20, reservedConnections: 3 });
      const client = await server.superuser();
      const { rows } = await client.query(
        "SELECT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), current_setting('max_connections'), rolpassword LIKE 'SCRAM-SHA-256$4096:%' AS scram, current_setting('server_version') LIKE '14.%' AS is14 FROM pg_authid WHERE rolname = 'staging'",
      );
      expect(rows).toEqual([{ ssl: true, current_setting: "20", scram: true, is14: true }]);
      await client.end();
      await server.start({ maxConnections: 30, reservedConnections: 3 });
    } finally {
      await server.remove();
    }
    await expect(dial(server.port)).rejects.toThrow("ECONNREFUSED");
    expect(temporary.contents()).toEqual([]);
  });

  test("lets a user have its connections and no more, whoever else connects, and any number where it has no limit", async () => {
    const server = await PostgresServer.create(undefined);
    try {
      await server.start({ maxConnections: 20, reservedConnections: 3 });
      await server.createUser("limited", 2);
      await server.createUser("other", Number.POSITIVE_INFINITY);
      const clients = [await server.user("limited"), await server.user("limited")];
      await expect(server.user("limited")).rejects.toMatchObject({
        code: "53300",
        message: 'too many connections for role "limited"',
      });
      for (let i = 0; i < 3; i++) clients.push(await server.user("other"));
      await server.createUser("limited", 3);
      clients.push(await server.user("limited"));
      await Promise.all(clients.map((client) => client.end()));
    } finally {
      await server.remove();
    }
    expect(temporary.contents()).toEqual([]);
  });

  const dial = (port: number) =>
    new Promise<void>((resolve, reject) => {
      connect(port, "127.0.0.1").once("connect", resolve).once("error", reject);
    });
});

describe("what is rehearsed", () => {
  const names = (cells: readonly Cell[]) => cells.map(({ name }) => name);

  test("the whole grid, the broken path and the plan's scenarios", () => {
    const cells = gridCells(plan);
    expect(cells).toHaveLength(4 * 3 * 4 * 2 + 2 + 5);
    expect(new Set(names(cells)).size).toBe(cells.length);
    expect(names(cells).slice(-7)).toEqual([
      "20 x 4 in 100, 40 for the user",
      "broken path",
      "cold-start",
      "rollout-auth",
      "rollout-backend",
      "recovery",
      "scale-out",
    ]);
  });

  test("by default nine cells", () => {
    expect(names(fewCells(plan))).toEqual([
      "10 x 1 in 25",
      "20 x 4 in 50",
      "5 x 10 in 50, retries",
      "20 x 4 in 100",
      "20 x 10 in 100",
      "20 x 4 in 100, 40 for the user",
      "40 x 4 in 200",
      "broken path",
      "cold-start",
    ]);
  });

  test("back-off and restarts a twentieth of the plan's, time-outs the plan's own", () => {
    const [group] = gridCell(plan, { starts: 5, connections: 4, maxConnections: 50, retries: true }).storm.groups;
    expect(group).toMatchObject({
      retry: { attempts: 5, baseSeconds: 0.1, factor: 2, capSeconds: 1.5, jitter: 0.5 },
      connectTimeoutSeconds: 10,
      initTimeoutSeconds: 75,
      probeWindowSeconds: 120,
    });
  });
});
