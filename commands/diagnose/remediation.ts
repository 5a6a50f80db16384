import type { Deployed } from "../shared/cloud/deployed";
import { applied, type Command, commandText, isRefused, merged, type Repair } from "./remedy-commands";
import { STAGES, type Stage } from "./triage";

/*
 * Which commands are printed, and in which order. No repair is trusted: the rules judge the resources after each
 * command. A repair that does not fix its finding, or that breaks something on the way, is left out.
 */

/** What commands can fix, with the rules' names for it. */
export interface Remediable {
  /** The rules' findings, as {@link Judge} names them; empty: no rule judges it. */
  readonly faults: readonly string[];
  readonly repairs: readonly Repair[];
}

/** Everything that rules refuse or cannot evaluate, with its stage. */
export type Faults = ReadonlyMap<string, Stage>;
export type Judge = (deployed: readonly Deployed[]) => Faults;

export interface Remediation<Finding extends Remediable> {
  /** In the order in which to run them. */
  readonly commands: readonly Command[];
  /**
   * The lines to copy for each finding that commands mend, whatever has to come first included; all of them in their
   * order.
   */
  readonly lines: ReadonlyMap<Finding, readonly string[]>;
  /** Findings that the commands for other findings fix. */
  readonly remediatedByOthers: readonly Finding[];
}

/** The commands for findings that are sorted by urgency. */
export function remediate<Finding extends Remediable>(
  findings: readonly Finding[],
  deployed: readonly Deployed[],
  judge: Judge,
): Remediation<Finding> {
  const judgeOnce = remembering(judge, deployed);
  let kept = findings.filter(({ repairs }) => repairs.length > 0);
  while (kept.length > 0) {
    const trial = new Trial(kept, judgeOnce);
    const dropped = trial.dropped();
    if (dropped.length === 0) return trial.remediation(findings);
    kept = kept.filter((finding) => !dropped.includes(finding));
  }
  return { commands: [], lines: new Map(), remediatedByOthers: [] };
}

/** The rules' judgement after some commands, whose order does not matter. */
type JudgeAfter = (commands: readonly Command[]) => Faults;

function remembering(judge: Judge, deployed: readonly Deployed[]): JudgeAfter {
  const known = new Map<string, Faults>();
  return (commands) => {
    const changing = commands.filter(({ target }) => target.resource);
    const key = changing.map(commandText).toSorted().join("\n");
    const faults = known.get(key) ?? judge(applied(deployed, changing));
    known.set(key, faults);
    return faults;
  };
}

/** A dry run that fixes one set of findings. */
class Trial<Finding extends Remediable> {
  private readonly before: Faults;
  private readonly after: Faults;
  /** Each command with the faults that remain after it. */
  private readonly steps: { readonly command: Command; readonly faults: Faults }[] = [];

  constructor(
    private readonly kept: readonly Finding[],
    private readonly judgedAfter: JudgeAfter,
  ) {
    this.before = judgedAfter([]);
    this.after = this.afterAll(kept);
  }

  /** Findings to leave out. Empty: the commands can be printed. */
  dropped(): readonly Finding[] {
    const refused = this.kept.filter(({ repairs }) => merged(repairs).some(isRefused));
    if (refused.length > 0) return refused;
    const unmended = this.kept.filter(({ faults }) => faults.some((fault) => this.after.has(fault)));
    if (unmended.length > 0) return unmended;
    if (this.isWorse(this.after, STAGES))
      return this.culprit(this.kept, (others) => !this.isWorse(this.afterAll(others), STAGES));
    return this.order();
  }

  /** Repeatedly takes the first command that makes nothing worse. */
  private order(): readonly Finding[] {
    let remaining = merged(this.kept.flatMap(({ repairs }) => repairs));
    while (remaining.length > 0) {
      const step = this.nextStep(remaining);
      if (!step) return this.culpritAmong(remaining);
      this.steps.push(step);
      remaining = remaining.filter((command) => command !== step.command);
    }
    return [];
  }

  private nextStep(remaining: readonly Command[]): { readonly command: Command; readonly faults: Faults } | undefined {
    for (const command of remaining) {
      if (remaining.some((other) => other.target.line === command.after)) continue;
      const faults = remaining.length === 1 ? this.after : this.judgedAfter([...this.commands, command]);
      if (!this.isWorse(faults)) return { command, faults };
    }
    return undefined;
  }

  remediation(findings: readonly Finding[]): Remediation<Finding> {
    const lines = new Map<Finding, readonly string[]>();
    const shown = new Set<number>();
    for (const finding of this.kept) {
      const own = this.positionsOf(finding);
      // Commands that must come before its last one and are not shown for an earlier finding.
      const last = this.positionOfRemoval(finding, Math.max(...own));
      const positions = this.steps.map((_, i) => i).filter((i) => i <= last && (own.includes(i) || !shown.has(i)));
      for (const i of positions) shown.add(i);
      lines.set(
        finding,
        this.steps.flatMap(({ command }, i) => (positions.includes(i) ? [commandText(command)] : [])),
      );
    }
    const remediatedByOthers = findings.filter(
      (one) => !this.kept.includes(one) && one.faults.length > 0 && !one.faults.some((fault) => this.after.has(fault)),
    );
    return { commands: this.commands, lines, remediatedByOthers };
  }

  private get commands(): Command[] {
    return this.steps.map(({ command }) => command);
  }

  private positionsOf({ repairs }: Finding): number[] {
    const lines = repairs.map(({ target }) => target.line);
    return this.steps.flatMap(({ command }, i) => (lines.includes(command.target.line) ? [i] : []));
  }

  /** Another finding may hide this one for a while. */
  private positionOfRemoval({ faults }: Finding, last: number): number {
    const later = this.steps.findLastIndex((step) => faults.some((fault) => step.faults.has(fault)));
    return Math.max(last, later < this.steps.length - 1 ? later + 1 : last);
  }

  /** The least urgent candidate whose removal works; default: the least urgent one. */
  private culprit(candidates: readonly Finding[], works: (others: readonly Finding[]) => boolean): Finding[] {
    const found =
      candidates.findLast((finding) => works(this.kept.filter((other) => other !== finding))) ?? candidates.at(-1);
    return found ? [found] : [];
  }

  /** The finding whose part of the remaining commands breaks something. */
  private culpritAmong(remaining: readonly Command[]): Finding[] {
    const isLeft = ({ target }: Repair) => remaining.some((command) => command.target.line === target.line);
    return this.culprit(
      this.kept.filter(({ repairs }) => repairs.some(isLeft)),
      (others) => {
        const left = merged(others.flatMap(({ repairs }) => repairs)).filter(isLeft);
        return left.some((command) => !this.isWorse(this.judgedAfter([...this.commands, command])));
      },
    );
  }

  private afterAll(findings: readonly Finding[]): Faults {
    return this.judgedAfter(merged(findings.flatMap(({ repairs }) => repairs)));
  }

  /** Between commands, services may differ in what they will share; at the end nothing may be worse. */
  private isWorse(faults: Faults, stages: readonly Stage[] = ["path", "capacity"]): boolean {
    return [...faults].some(([fault, stage]) => stages.includes(stage) && !this.before.has(fault));
  }
}
