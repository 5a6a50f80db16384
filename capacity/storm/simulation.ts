import { doubledInts, readF64, readI32 } from "./engine/arrays";
import { EventQueue } from "./engine/event-queue";
import { ServerQueue, TokenBucket } from "./engine/queues";
import { Draws, normalQuantile } from "./engine/random";
import { RoundRobinCpu, SLICE_SECONDS } from "./engine/round-robin-cpu";
import { type SimulationOptions, type StartGroup, type StormInput, type StormRun, waitSeconds } from "./model";
import { Tally } from "./tally";

const f64 = readF64;
const i32 = readI32;

/** Simulates storms. The input must be valid: see {@link stormInputProblems}. */
export function simulate(input: StormInput, options: SimulationOptions): StormRun {
  return new Storm(input, options).run();
}

// Kinds of events. The subject is a start for the first four, else a lane.
const BOOTED = 0;
const READY = 1;
const EXPIRED = 2;
const RELAUNCH = 3;
const DATABASE_CPU = 4;
const AT_CLIENT = 5;
const TIMER = 6;
const WAIT_END = 7;
const AT_CONNECTOR = 8;

// What a lane does. From PATH on, the stages of a connect in their order.
const IDLE = 0;
const BACK_OFF = 1;
const DEAD_DIAL = 2;
const PATH = 3;
const ADMIN_API = 4;
const CLIENT = 5;
const CONNECTOR = 6;
const POSTMASTER = 7;
const BACKEND = 8;
const CLIENT_TLS = 9;
const TLS = 10;
const SLOT = 11;
const CLIENT_AUTH = 12;
const AUTH = 13;
const CONNECTED = 14;
const QUERIES = 15;

// Subjects of the database's CPU that are not lanes, numbered after them: ending backends and the postmaster.
const CLOSED = 0;
const REFUSED = 1;
const FORKED = 2;
/** A closing connection of the first group's user; those of the other groups follow. */
const CLOSED_OF_USER = 3;

// The purpose of a random number: three bits of its index.
const FOR_SPREAD = 0;
const FOR_BOOT = 1;
const FOR_PATH = 2;
const FOR_RESTART = 3;
const FOR_JITTER = 4;
const FOR_WORK = 5;

/** What client and server do of a phase of a connect before it is the other's turn, as shares of the whole phase. */
interface Turn {
  readonly client: number;
  readonly server: number;
}

/*
 * A connect is a dozen messages, and at each of them it queues behind other connects, at the client and at the server.
 * So a few connects that share the client's CPUs leave both sides idle for a part of the time. The shares are CPU times
 * of single connects: `pg` on Node 20 and PostgreSQL 14, TLS 1.3, SCRAM (2026-11-29).
 */

/** SSLRequest; ClientHello, to which the server proposes another group; second ClientHello; Finished with the user. */
const TLS_TURNS: readonly Turn[] = [
  { client: 0.05, server: 0.15 },
  { client: 0.31, server: 0.12 },
  { client: 0.2, server: 0.66 },
  { client: 0.44, server: 0.07 },
];

/**
 * First SASL message; PBKDF2 and one HMAC after another, each of which a thread hands back to the event loop, and the
 * second message; the server's last messages.
 */
const AUTH_TURNS: readonly Turn[] = [
  { client: 0.1, server: 0.08 },
  { client: 0.215, server: 0 },
  { client: 0.215, server: 0 },
  { client: 0.215, server: 0 },
  { client: 0.215, server: 0.92 },
  { client: 0.04, server: 0 },
];

/** Clients with CPUs of their own wait for none of the others. */
const ONE_TURN: readonly Turn[] = [{ client: 1, server: 1 }];

/** The costs of a phase, by turn. */
interface Phase {
  readonly turns: number;
  readonly clientMs: Float64Array;
  readonly serverMs: Float64Array;
}

const phase = (turns: readonly Turn[], clientMs: number, serverMs: number): Phase => ({
  turns: turns.length,
  clientMs: Float64Array.from(turns, ({ client }) => client * clientMs),
  serverMs: Float64Array.from(turns, ({ server }) => server * serverMs),
});

/** The scheduler's random stream, which belongs to no start. */
const SCHEDULER = 2 ** 31 - 1;

const NEVER = Number.POSITIVE_INFINITY;
const NONE = -1;

/**
 * All storms of one input, one after another over the same arrays. A start has one lane for each connect that it may
 * have in progress; lanes and starts are indices. No event allocates: no object, promise or closure.
 */
class Storm {
  private readonly draws = new Draws();
  private readonly events: EventQueue;
  private readonly cpu: RoundRobinCpu;
  private readonly clients: ServerQueue;
  private readonly connector: ServerQueue;
  /**
   * The lanes that wait for the postmaster, from `forkedFor` to `arrived`, and the tickets that show whether they still
   * do.
   */
  private postmasterQueue = new Int32Array(64);
  private tickets = new Int32Array(64);
  private forkedFor = 0;
  private arrived = 0;
  private ticket = NONE;
  /** How many of them the postmaster's present turn serves. */
  private forking = 0;
  private postmasterPeak = 0;
  private readonly adminApi: TokenBucket;
  private readonly connectorSeconds: number;
  private readonly tls: Phase;
  private readonly auth: Phase;

  private readonly starts: number;
  private readonly groupOf: Int32Array;
  /** Each start's random stream. It stays when a group grows, so added starts do not change the draws of others. */
  private readonly drawsOf: Int32Array;
  private readonly firstLane: Int32Array;
  private readonly life: Int32Array;
  /** The start's own next event; lanes have others. */
  private readonly pendingEvent: Int32Array;
  private readonly unopened: Int32Array;
  private readonly busyLanes: Int32Array;
  private readonly held: Int32Array;
  private readonly bornAt: Float64Array;
  private readonly windowEnd: Float64Array;
  private readonly initEnd: Float64Array;
  private readonly pathOpensAt: Float64Array;

  private readonly lanes: number;
  private readonly startOf: Int32Array;
  private readonly stage: Int32Array;
  private readonly lanePendingEvent: Int32Array;
  private readonly failures: Int32Array;
  private readonly jitters: Int32Array;
  /** Attempts of the present life, and the cost of the present attempt as a multiple of the mean. */
  private readonly attempts: Int32Array;
  private readonly work: Float64Array;
  private readonly slot: Int32Array;
  /** The turn of the present phase, from 0. */
  private readonly turn: Int32Array;
  private readonly certificate: Int32Array;
  private readonly deadline: Float64Array;
  private readonly timer: Int32Array;
  private readonly timerAt: Float64Array;

  private readonly tally: Tally;
  private connections = 0;
  /** Authenticated connections of each group's user, until they are closed. */
  private readonly ofUser: Int32Array;
  private picks = 0;
  private undecided = 0;

  constructor(
    private readonly input: StormInput,
    private readonly options: SimulationOptions,
  ) {
    const { groups, database, connector, adminApi, costs } = input;
    this.cpu = new RoundRobinCpu(DATABASE_CPU, database.vcpus, (waiting) =>
      Math.floor(this.draws.uniform(SCHEDULER, this.picks++) * waiting),
    );
    this.clients = new ServerQueue(costs.clientVcpus);
    this.connector = new ServerQueue(connector.vms);
    this.connectorSeconds = 1 / connector.connectsPerSecond;
    const sharesCpus = costs.clientVcpus < NEVER;
    this.tls = phase(sharesCpus ? TLS_TURNS : ONE_TURN, costs.clientTlsMs, costs.refusalCpuMs - costs.startCpuMs);
    this.auth = phase(sharesCpus ? AUTH_TURNS : ONE_TURN, costs.clientAuthMs, costs.connectCpuMs - costs.refusalCpuMs);
    this.events = new EventQueue(this.cpu);
    this.adminApi = new TokenBucket(adminApi.callsPerMinute / 60, adminApi.callsPerMinute);

    const starts = groups.reduce((sum, group) => sum + group.starts, 0);
    const lanes = groups.reduce((sum, group) => sum + group.starts * lanesPerStart(group), 0);
    this.starts = starts;
    this.lanes = lanes;
    this.ofUser = new Int32Array(groups.length);
    this.groupOf = new Int32Array(starts);
    this.drawsOf = new Int32Array(starts);
    this.firstLane = new Int32Array(starts + 1);
    this.life = new Int32Array(starts);
    this.pendingEvent = new Int32Array(starts);
    this.unopened = new Int32Array(starts);
    this.busyLanes = new Int32Array(starts);
    this.held = new Int32Array(starts);
    this.bornAt = new Float64Array(starts);
    this.windowEnd = new Float64Array(starts);
    this.initEnd = new Float64Array(starts);
    this.pathOpensAt = new Float64Array(starts);
    this.startOf = new Int32Array(lanes);
    this.stage = new Int32Array(lanes);
    this.lanePendingEvent = new Int32Array(lanes);
    this.failures = new Int32Array(lanes);
    this.jitters = new Int32Array(lanes);
    this.attempts = new Int32Array(lanes);
    this.work = new Float64Array(lanes).fill(1);
    this.slot = new Int32Array(lanes);
    this.turn = new Int32Array(lanes);
    this.certificate = new Int32Array(lanes);
    this.deadline = new Float64Array(lanes);
    this.timer = new Int32Array(lanes);
    this.timerAt = new Float64Array(lanes);
    this.tally = new Tally(groups, options.replications);
    this.layOut();
  }

  private layOut(): void {
    let start = 0;
    let lane = 0;
    this.input.groups.forEach((group, g) => {
      for (let i = 0; i < group.starts; i++, start++) {
        this.groupOf[start] = g;
        this.drawsOf[start] = (g << 20) | i;
        for (let n = 0; n < lanesPerStart(group); n++, lane++) this.startOf[lane] = start;
        this.firstLane[start + 1] = lane;
      }
    });
  }

  run(): StormRun {
    for (let storm = 0; storm < this.options.replications; storm++) {
      this.draws.select(this.options.seed, storm);
      this.runStorm();
      this.tally.end(storm, this.events.now);
    }
    return this.tally.run(
      { connector: this.connector.peak, postmaster: this.postmasterPeak, databaseCpu: this.cpu.peak },
      this.events.taken,
    );
  }

  private runStorm(): void {
    const { events, starts } = this;
    events.clear();
    this.cpu.clear();
    this.picks = 0;
    this.clients.clear();
    this.connector.clear();
    this.forkedFor = 0;
    this.arrived = 0;
    this.forking = 0;
    this.adminApi.clear();
    this.stage.fill(IDLE);
    this.slot.fill(0);
    this.lanePendingEvent.fill(NONE);
    this.timer.fill(NONE);
    this.timerAt.fill(NEVER);
    this.held.fill(0);
    this.life.fill(0);
    this.connections = this.input.database.heldConnections;
    this.input.groups.forEach(({ userConnections }, g) => {
      this.ofUser[g] = userConnections;
    });
    this.tally.begin(this.connections);
    this.undecided = starts;
    for (let start = 0; start < starts; start++) {
      const spread = this.group(start).spreadSeconds;
      this.launch(start, spread > 0 ? spread * this.draw(start, FOR_SPREAD) : 0);
    }
    while (this.undecided > 0 && events.next()) this.dispatch(events.kind, events.subject);
  }

  private dispatch(kind: number, subject: number): void {
    switch (kind) {
      case DATABASE_CPU:
        if (subject < this.lanes) this.proceed(subject, i32(this.stage, subject) + 1);
        else if (subject === this.lanes + CLOSED) this.changeConnections(-1);
        else if (subject === this.lanes + FORKED) this.onForked();
        else if (subject >= this.lanes + CLOSED_OF_USER) this.onClosedOfUser(subject - this.lanes - CLOSED_OF_USER);
        break;
      case AT_CLIENT:
        this.clients.leave();
        if (this.events.sequence === i32(this.lanePendingEvent, subject))
          this.proceed(subject, i32(this.stage, subject) + 1);
        break;
      case AT_CONNECTOR:
        this.connector.leave();
        if (this.events.sequence === i32(this.lanePendingEvent, subject)) this.proceed(subject, POSTMASTER);
        break;
      case WAIT_END:
        if (this.events.sequence === i32(this.lanePendingEvent, subject)) this.onWaitEnd(subject);
        break;
      case TIMER:
        if (this.events.sequence === i32(this.timer, subject)) this.onDeadline(subject);
        break;
      default:
        if (this.events.sequence === i32(this.pendingEvent, subject)) this.onStartEvent(kind, subject);
    }
  }

  // A start.

  /** The container starts, and boots unless its probe window closes first. */
  private launch(start: number, at: number): void {
    const { boot, path, probeWindowSeconds } = this.group(start);
    const windowEnd = at + probeWindowSeconds;
    const bootSeconds =
      boot.sigma > 0 ? boot.medianSeconds * Math.exp(boot.sigma * this.normal(start, FOR_BOOT)) : boot.medianSeconds;
    this.bornAt[start] = at;
    this.windowEnd[start] = windowEnd;
    if (path.kind === "slow") {
      const { min, max } = path.opensAfterSeconds;
      this.pathOpensAt[start] = at + min + (max - min) * this.draw(start, FOR_PATH);
    }
    this.scheduleStartEvent(start, at + bootSeconds, BOOTED);
  }

  /** Schedules the start's next event, or the end of its probe window if that comes first. */
  private scheduleStartEvent(start: number, at: number, kind: number): void {
    const windowEnd = f64(this.windowEnd, start);
    this.pendingEvent[start] =
      at > windowEnd ? this.events.schedule(windowEnd, EXPIRED, start) : this.events.schedule(at, kind, start);
  }

  private onStartEvent(kind: number, start: number): void {
    switch (kind) {
      case BOOTED:
        this.initialise(start);
        break;
      case READY:
        this.pendingEvent[start] = NONE;
        if (i32(this.life, start) > 0) break;
        this.undecided--;
        this.tally.success(i32(this.groupOf, start), this.events.now - f64(this.bornAt, start));
        break;
      case EXPIRED:
        if (i32(this.life, start) === 0) this.tally.probeWindow++;
        this.failStart(start);
        break;
      case RELAUNCH:
        this.life[start] = i32(this.life, start) + 1;
        this.launch(start, this.events.now);
    }
  }

  private initialise(start: number): void {
    const group = this.group(start);
    this.pendingEvent[start] = NONE;
    this.initEnd[start] = Math.min(this.events.now + group.initTimeoutSeconds, f64(this.windowEnd, start));
    this.unopened[start] = group.processes * group.connectionsPerProcess;
    const from = i32(this.firstLane, start);
    const to = i32(this.firstLane, start + 1);
    this.busyLanes[start] = to - from;
    for (let lane = from; lane < to; lane++) {
      this.jitters[lane] = 0;
      this.attempts[lane] = 0;
      // The first lane of a process fetches the certificate for all of its lanes.
      this.certificate[lane] = group.callsAdminApi && (lane - from) % group.connectsAtOnce === 0 ? 0 : 1;
    }
    // A lane may use up the start's attempts at once, which ends the other lanes too.
    for (let lane = from; lane < to && i32(this.busyLanes, start) > 0; lane++) this.nextConnection(lane);
  }

  private nextConnection(lane: number): void {
    const start = i32(this.startOf, lane);
    const unopened = i32(this.unopened, start);
    if (unopened > 0) {
      this.unopened[start] = unopened - 1;
      this.failures[lane] = 0;
      this.attempt(lane);
      return;
    }
    this.stage[lane] = IDLE;
    this.deadline[lane] = NEVER;
    const busy = i32(this.busyLanes, start) - 1;
    this.busyLanes[start] = busy;
    if (busy === 0) this.scheduleStartEvent(start, this.events.now + this.group(start).remainingSeconds, READY);
  }

  private failStart(start: number): void {
    const to = i32(this.firstLane, start + 1);
    for (let lane = i32(this.firstLane, start); lane < to; lane++) this.abortConnect(lane);
    this.busyLanes[start] = 0;
    this.pendingEvent[start] = NONE;
    const group = i32(this.groupOf, start);
    for (let held = i32(this.held, start); held > 0; held--) this.closeOfUser(group);
    this.held[start] = 0;
    if (i32(this.life, start) === 0) this.undecided--;
    const { min, max } = this.input.restartSeconds;
    const seconds = max > min ? min + (max - min) * this.draw(start, FOR_RESTART) : min;
    this.pendingEvent[start] = this.events.schedule(this.events.now + seconds, RELAUNCH, start);
  }

  // One connect.

  private attempt(lane: number): void {
    const start = i32(this.startOf, lane);
    const { path, connectTimeoutSeconds, connectionsPerInstance } = this.group(start);
    const { now } = this.events;
    const isClosed = path.kind === "slow" && now < f64(this.pathOpensAt, start);
    this.setDeadline(
      lane,
      isClosed ? f64(this.initEnd, start) : Math.min(now + connectTimeoutSeconds, f64(this.initEnd, start)),
    );
    if (this.input.costs.sigma > 0) this.drawWork(lane, start);
    if (path.kind === "broken") {
      this.stage[lane] = DEAD_DIAL;
      this.waitUntil(lane, now + path.dialSeconds);
    } else if (i32(this.held, start) >= connectionsPerInstance) this.refuse(lane);
    else if (isClosed) {
      this.stage[lane] = PATH;
      this.waitUntil(lane, f64(this.pathOpensAt, start));
    } else this.proceed(lane, ADMIN_API);
  }

  /** Lognormal with mean 1. */
  private drawWork(lane: number, start: number): void {
    const { sigma } = this.input.costs;
    const n = i32(this.attempts, lane);
    this.attempts[lane] = n + 1;
    const z = normalQuantile(this.draw(start, FOR_WORK, lane - i32(this.firstLane, start), n));
    this.work[lane] = Math.exp(sigma * z - (sigma * sigma) / 2);
  }

  /**
   * Enters the stages from `first` on until one takes time or ends the attempt. A stage without cost needs no event.
   */
  private proceed(lane: number, first: number): void {
    let stage = first;
    while (this.enter(lane, stage)) stage++;
  }

  /** Enters a stage. Returns true if it takes no time and does not end the attempt. */
  private enter(lane: number, stage: number): boolean {
    const { costs, database } = this.input;
    const { now } = this.events;
    this.stage[lane] = stage;
    switch (stage) {
      case ADMIN_API: {
        if (i32(this.certificate, lane) === 1) return true;
        this.certificate[lane] = 1;
        const granted = this.adminApi.take(now, this.input.adminApi.callsPerProcess);
        if (granted <= now) return true;
        this.tally.adminApiWaits++;
        this.waitUntil(lane, granted);
        return false;
      }
      case CLIENT:
        return this.atClient(lane, costs.clientMs);
      case CONNECTOR:
        if (!this.group(i32(this.startOf, lane)).throughConnector) return true;
        this.lanePendingEvent[lane] = this.events.schedule(
          this.connector.admit(now, this.connectorSeconds),
          AT_CONNECTOR,
          lane,
        );
        return false;
      case POSTMASTER:
        if (costs.postmasterMs === 0) return true;
        this.queueForPostmaster(lane);
        return false;
      case BACKEND:
        this.turn[lane] = 0;
        return this.compute(lane, costs.startCpuMs);
      case CLIENT_TLS:
        return costs.clientTlsMs === 0 || this.atClient(lane, f64(this.tls.clientMs, i32(this.turn, lane)));
      case TLS:
        return this.compute(lane, f64(this.tls.serverMs, i32(this.turn, lane)));
      case SLOT:
        if (this.tls.turns > 1 && this.beginsTurn(lane, this.tls.turns, CLIENT_TLS)) return false;
        if (this.connections >= database.maxConnections) {
          this.endBackend();
          return this.refuse(lane);
        }
        this.slot[lane] = 1;
        this.changeConnections(1);
        return true;
      case CLIENT_AUTH:
        return costs.clientAuthMs === 0 || this.atClient(lane, f64(this.auth.clientMs, i32(this.turn, lane)));
      case AUTH:
        return this.compute(lane, f64(this.auth.serverMs, i32(this.turn, lane)));
      case CONNECTED: {
        if (this.auth.turns > 1 && this.beginsTurn(lane, this.auth.turns, CLIENT_AUTH)) return false;
        this.slot[lane] = 0;
        const start = i32(this.startOf, lane);
        const group = i32(this.groupOf, start);
        const ofUser = i32(this.ofUser, group);
        if (ofUser >= this.group(start).userLimit) {
          // PostgreSQL counts it before it checks the user's limit, and until it is closed.
          this.ofUser[group] = ofUser + 1;
          this.closeOfUser(group);
          return this.refuse(lane);
        }
        if (this.connections > database.maxConnections - database.reservedConnections) {
          this.changeConnections(-1);
          this.endBackend();
          return this.refuse(lane);
        }
        this.ofUser[group] = ofUser + 1;
        this.held[start] = i32(this.held, start) + 1;
        // The attempt has succeeded; only the initialisation's time-out limits the queries.
        this.deadline[lane] = f64(this.initEnd, start);
        return true;
      }
      case QUERIES:
        return this.compute(lane, this.group(i32(this.startOf, lane)).queryCpuMs);
      default:
        this.nextConnection(lane);
        return false;
    }
  }

  /** Returns true if there is nothing to compute. */
  private compute(lane: number, ms: number): boolean {
    if (ms === 0) return true;
    this.cpu.add(this.events.now, (ms / 1000) * f64(this.work, lane), lane);
    return false;
  }

  private atClient(lane: number, ms: number): boolean {
    if (ms === 0) return true;
    this.lanePendingEvent[lane] = this.events.schedule(
      this.clients.admit(this.events.now, (ms / 1000) * f64(this.work, lane)),
      AT_CLIENT,
      lane,
    );
    return false;
  }

  /** Ends a turn of a phase, and begins the next one at `first` if there is one. */
  private beginsTurn(lane: number, turns: number, first: number): boolean {
    const next = i32(this.turn, lane) + 1;
    this.turn[lane] = next % turns;
    if (next === turns) return false;
    this.proceed(lane, first);
    return true;
  }

  private queueForPostmaster(lane: number): void {
    if (this.arrived === this.postmasterQueue.length) {
      this.postmasterQueue = doubledInts(this.postmasterQueue);
      this.tickets = doubledInts(this.tickets);
    }
    this.lanePendingEvent[lane] = --this.ticket;
    this.tickets[this.arrived] = this.ticket;
    this.postmasterQueue[this.arrived++] = lane;
    this.postmasterPeak = Math.max(this.postmasterPeak, this.arrived - this.forkedFor);
    if (this.forking === 0) this.fork();
  }

  /**
   * The postmaster is one process that competes with its backends. In one turn it forks as many backends as a slice
   * permits.
   */
  private fork(): void {
    const seconds = this.input.costs.postmasterMs / 1000;
    this.forking = Math.min(this.arrived - this.forkedFor, Math.max(1, Math.floor(SLICE_SECONDS / seconds)));
    this.cpu.add(this.events.now, this.forking * seconds, this.lanes + FORKED);
  }

  private onForked(): void {
    const from = this.forkedFor;
    const to = from + this.forking;
    this.forkedFor = to;
    this.forking = 0;
    if (to < this.arrived) this.fork();
    for (let i = from; i < to; i++) {
      const lane = i32(this.postmasterQueue, i);
      // It also forks for lanes that have given up.
      if (i32(this.lanePendingEvent, lane) === i32(this.tickets, i)) this.proceed(lane, BACKEND);
    }
  }

  private waitUntil(lane: number, until: number): void {
    this.lanePendingEvent[lane] = this.events.schedule(until, WAIT_END, lane);
  }

  private onWaitEnd(lane: number): void {
    const stage = i32(this.stage, lane);
    if (stage === BACK_OFF || stage === PATH) this.attempt(lane);
    else if (stage === DEAD_DIAL) {
      this.tally.dialFailures++;
      this.attemptFailed(lane);
    } else this.proceed(lane, stage + 1);
  }

  private refuse(lane: number): false {
    this.tally.refusals++;
    this.abortConnect(lane);
    this.attemptFailed(lane);
    return false;
  }

  /** Schedules the next attempt, or fails the start after the last one. */
  private attemptFailed(lane: number): void {
    const start = i32(this.startOf, lane);
    const { retry, connectTimeoutSeconds } = this.group(start);
    const failures = i32(this.failures, lane) + 1;
    this.failures[lane] = failures;
    if (failures >= retry.attempts) {
      if (i32(this.life, start) === 0) this.tally.attempts++;
      this.failStart(start);
      return;
    }
    const seconds = waitSeconds(retry, failures);
    const jitter =
      retry.jitter > 0
        ? retry.jitter * this.draw(start, FOR_JITTER, lane - i32(this.firstLane, start), this.nextJitter(lane))
        : 0;
    const again = this.events.now + seconds * (1 + jitter);
    this.stage[lane] = BACK_OFF;
    this.setDeadline(lane, Math.min(again + connectTimeoutSeconds, f64(this.initEnd, start)));
    this.waitUntil(lane, again);
  }

  private nextJitter(lane: number): number {
    const n = i32(this.jitters, lane);
    this.jitters[lane] = n + 1;
    return n;
  }

  // Deadlines.

  /**
   * Sets the lane's deadline. The timer is scheduled again only if it would ring too late; if it rings early, it is set
   * again then.
   */
  private setDeadline(lane: number, at: number): void {
    this.deadline[lane] = at;
    if (f64(this.timerAt, lane) <= at) return;
    this.timerAt[lane] = at;
    this.timer[lane] = this.events.schedule(at, TIMER, lane);
  }

  private onDeadline(lane: number): void {
    this.timerAt[lane] = NEVER;
    const at = f64(this.deadline, lane);
    if (i32(this.stage, lane) === IDLE) return;
    if (at > this.events.now) {
      this.setDeadline(lane, at);
      return;
    }
    const start = i32(this.startOf, lane);
    this.tally.timeouts++;
    if (this.events.now >= f64(this.initEnd, start)) {
      const windowClosed = f64(this.initEnd, start) >= f64(this.windowEnd, start);
      if (i32(this.life, start) === 0 && windowClosed) this.tally.probeWindow++;
      else if (i32(this.life, start) === 0) this.tally.initTimeout++;
      this.failStart(start);
    } else {
      this.abortConnect(lane);
      this.attemptFailed(lane);
    }
  }

  /** Ends whatever the lane does. */
  private abortConnect(lane: number): void {
    const { now } = this.events;
    const stage = i32(this.stage, lane);
    if (stage === BACKEND || stage === TLS || stage === AUTH || stage === QUERIES) this.cpu.remove(now, lane);
    this.lanePendingEvent[lane] = NONE;
    this.stage[lane] = IDLE;
    if (i32(this.slot, lane) === 1) {
      this.slot[lane] = 0;
      if (this.input.costs.closeCpuMs === 0) this.changeConnections(-1);
      else this.closeConnection(CLOSED);
    }
  }

  // Connections that end.

  /** Ends a backend that has refused its client. Its slot, if it had one, is already free. */
  private endBackend(): void {
    const { exitCpuMs } = this.input.costs;
    if (exitCpuMs > 0) this.cpu.add(this.events.now, exitCpuMs / 1000, this.lanes + REFUSED);
  }

  /** Closes a connection. Its slot and its place in the user's limit are free once the database has done the work. */
  private closeConnection(work: number): void {
    this.cpu.add(this.events.now, this.input.costs.closeCpuMs / 1000, this.lanes + work);
  }

  private closeOfUser(group: number): void {
    if (this.input.costs.closeCpuMs === 0) this.onClosedOfUser(group);
    else this.closeConnection(CLOSED_OF_USER + group);
  }

  private onClosedOfUser(group: number): void {
    this.ofUser[group] = i32(this.ofUser, group) - 1;
    this.changeConnections(-1);
  }

  private changeConnections(by: number): void {
    this.connections += by;
    this.tally.connectionsAre(this.connections);
  }

  // Random draws.

  private group(start: number): StartGroup {
    return this.input.groups[i32(this.groupOf, start)] as StartGroup; // layOut stores only indices of groups
  }

  /** A draw for the start's present life. Index: 3 bits purpose, 8 life, 8 lane, 13 counter. */
  private draw(start: number, purpose: number, lane = 0, counter = 0): number {
    return this.draws.uniform(
      i32(this.drawsOf, start),
      this.drawIndex(start, purpose) | ((lane & 0xff) << 11) | (counter << 19),
    );
  }

  private normal(start: number, purpose: number): number {
    return this.draws.normal(i32(this.drawsOf, start), this.drawIndex(start, purpose));
  }

  private drawIndex(start: number, purpose: number): number {
    return purpose | ((i32(this.life, start) & 0xff) << 3);
  }
}

const lanesPerStart = (group: StartGroup) => group.processes * group.connectsAtOnce;
