import { projectText } from "../commands/shared/stack-file";

/** The fenced blocks of a language in a Markdown text, in their order. */
export const blocksIn = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block);

/** Those of one of the project's documents. */
export const fencedBlocks = (document: string, language: string): string[] => blocksIn(projectText(document), language);
