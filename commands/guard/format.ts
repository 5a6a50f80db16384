import { countsText } from "../../engine/preview";
import { paint, type Terminal, wrapped } from "../../report/terminal";
import type { Announcement, GuardVerdict, Refusal } from "./judge";

/** What a terminal shows: what matters least first, the verdict last. */
export function guardText(
  { ok, refused, announced, warnings, unusedAcknowledgements, changes }: GuardVerdict,
  terminal: Terminal,
): string {
  const { bold, green, red } = paint(terminal);
  const open = refused.filter(({ acknowledged }) => acknowledged === undefined);
  const decided = refused.filter(({ acknowledged }) => acknowledged !== undefined);
  const silenced = announced.filter(({ effect }) => effect === "silence").map(({ resource }) => resource);
  const listed = (title: string, texts: readonly string[]) =>
    texts.length > 0 ? [[bold(title), ...texts.map((text) => wrapped(text, terminal, "- "))].join("\n")] : [];
  return [
    ...listed("Warnings of the preview:", warnings),
    ...listed("Alerts and channels that no longer notify anybody:", silenced.length > 0 ? [silenced.join(", ")] : []),
    ...listed(
      "Acknowledgements to remove, because this preview does not need them:",
      unusedAcknowledgements.map((name) => `netra:acknowledge.${name}`),
    ),
    ...listed("Acknowledged and allowed:", decided.map(decidedText)),
    ...listed("Interrupts service:", announced.filter(({ effect }) => effect !== "silence").map(announcementText)),
    ...open.map(({ message }, i) => wrapped(message, terminal, `${i + 1}. `)),
    wrapped(
      ok
        ? `${green("PASSED")}: nothing is refused. Steps: ${countsText(changes)}.`
        : `${red("REFUSED")}: ${open.length === 1 ? "1 change" : `${open.length} changes`} must not be applied. Steps: ${countsText(changes)}.`,
      terminal,
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

const decidedText = ({ resource, change, acknowledged }: Refusal) => `${change} of ${resource}: ${acknowledged}`;

const announcementText = ({ resource, change, effect, consequence, advice }: Announcement) =>
  `${resource}, ${change} (${effect}): ${consequence}${advice === undefined ? "" : `. Advice: ${advice}`}`;
