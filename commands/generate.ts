import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planBudget } from "../capacity/checks";
import type { DatabaseClientPlan, ServicePlan } from "../capacity/plan";
import { planOf, readSettings, type Settings, stackFileSchema } from "../config";
import { rules } from "../policy/rules";
import { budgetTable } from "../report/markdown";
import { rulesTable, settingsTable } from "../report/rules-table";
import { command, EXIT, run } from "./command";
import { PROJECT_ROOT, projectText, readStackFile } from "./stack-file";

/*
 * What is derived from the staging plan and from the rules, and committed so that people and other tools can read it.
 * A test compares the files with what stands here.
 */

/** Every generated file with its whole content. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const settings = readSettings(readStackFile("staging"));
  return {
    "policy/defaults.json": json(packDefaults(settings)),
    "stack.schema.json": json(stackFileSchema()),
    "README.md": withSections("README.md", { budget: budgetTable({ budget: planBudget(planOf(settings)) }) }),
    "policy/README.md": withSections("policy/README.md", { rules: rulesTable(rules), settings: settingsTable(rules) }),
  };
}

/** What the pack takes from its own configuration: the floors of staging. */
function packDefaults(settings: Settings): object {
  const { connector, database, limits, images, network, services, targets } = planOf(settings);
  const starts = Object.values(services);
  const clients = starts.flatMap(({ name, bootSeconds, database: client }) => (client ? [{ name, bootSeconds, client }] : []));
  return {
    connector: { machineType: connector.machineType, minInstances: connector.minInstances, maxInstances: connector.maxInstances },
    database: {
      usableShare: database.usableShare,
      reservedConnections: database.reservedConnections,
      migrationConnections: database.migrationConnections,
    },
    limits,
    otherCidrs: network.otherCidrs,
    // What no resource says of itself; the slowest service stands for one that the pack does not know.
    bootSeconds: Math.max(...starts.map((service) => service.bootSeconds)),
    initTimeoutSeconds: Math.max(...starts.map((service) => service.database?.initTimeoutSeconds ?? 0)),
    imageTagPattern: images.tagPattern,
    startup: { targetPercent: targets.startupSuccessPercent, services: Object.fromEntries(clients.map(startBehaviour)), slowest: slowestOf(clients) },
  };
}

type Client = Pick<ServicePlan, "name" | "bootSeconds"> & { readonly client: DatabaseClientPlan };

const startBehaviour = ({ name, bootSeconds, client }: Client) =>
  [name, { bootSeconds, startupQueryCpuMs: client.startupQueryCpuMs, retry: client.retry }] as const;

/** What a service is taken for that the pack does not know. */
function slowestOf(clients: readonly Client[]) {
  const slowest = clients.toSorted((a, b) => b.bootSeconds - a.bootSeconds)[0];
  if (!slowest) throw new Error("the staging plan has no service with a database");
  return { ...startBehaviour(slowest)[1], startupQueryCpuMs: Math.max(...clients.map(({ client }) => client.startupQueryCpuMs)) };
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/** The file with the text between the two markers of each section replaced. */
function withSections(file: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [section, content]) => {
    const [begin, end] = [`<!-- generated: ${section} -->`, `<!-- end: ${section} -->`];
    const [head, rest] = text.split(begin);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined) throw new Error(`${file} needs the markers ${begin} and ${end}`);
    return `${head}${begin}\n\n${content}\n\n${end}${tail}`;
  }, projectText(file));
}

if (require.main === module)
  void run(command("generate", "Writes the files that are derived from the staging plan and from the rules."), async () => {
    for (const [file, content] of Object.entries(generatedFiles())) writeFileSync(join(PROJECT_ROOT, file), content);
    return EXIT.sound;
  });
