import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { UNKNOWN } from "./harness";

/*
 * What the engine hands to stack rules at a preview. The provider's types say what that is: an output that is never
 * absent is there after creation, so it is unknown where the program leaves it out; any other is null.
 */

const SDK = dirname(require.resolve("@pulumi/gcp/package.json"));

/** What the engine puts in the place of an unknown value, by its kind. Source: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go. */
const SENTINELS = {
  text: UNKNOWN,
  flag: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  list: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
} as const;
type Kind = keyof typeof SENTINELS;

/** The provider's bridge marks every unknown as a text; a provider of another make marks each by its kind. */
export type Marking = "as the bridge does" | "by kind";

interface Property {
  readonly kind: Kind;
  /** Whether it is there after every creation. */
  readonly isFilledIn: boolean;
  /** What stands below it, read when asked for: types may contain themselves. */
  readonly shape: () => Shape | undefined;
}
type Shape = ReadonlyMap<string, Property>;

type Properties = Readonly<Record<string, unknown>>;

/** Whether the property at that path (`template.containers.startupProbe`; a list's items have no index) is to be unknown. */
export type Chosen = (path: string) => boolean;

/** The outputs of a resource that a program declares with these inputs. Only the chosen ones of those that are filled in are unknown. */
export function previewOutputs(type: string, inputs: Properties, marking: Marking = "as the bridge does", chosen: Chosen = () => true): Properties {
  return filledIn(shapeOf(type), inputs, "", { marking, chosen, left: () => undefined });
}

/** The paths of the properties that are filled in and that these inputs leave out. */
export function leftOut(type: string, inputs: Properties): string[] {
  const paths = new Set<string>();
  filledIn(shapeOf(type), inputs, "", { marking: "as the bridge does", chosen: () => true, left: (path) => paths.add(path) });
  return [...paths];
}

interface Filling {
  readonly marking: Marking;
  readonly chosen: Chosen;
  readonly left: (path: string) => void;
}

function filledIn(shape: Shape, stated: Properties, path: string, filling: Filling): Properties {
  const result: Record<string, unknown> = { ...stated };
  for (const [key, property] of shape) {
    const at = path ? `${path}.${key}` : key;
    const value = stated[key];
    if (value !== undefined && value !== null) result[key] = withinValue(property, value, at, filling);
    else if (!property.isFilledIn) result[key] = null;
    else {
      filling.left(at);
      if (filling.chosen(at)) result[key] = filling.marking === "by kind" ? SENTINELS[property.kind] : UNKNOWN;
    }
  }
  return result;
}

function withinValue(property: Property, value: unknown, path: string, filling: Filling): unknown {
  const shape = property.shape();
  if (!shape) return value;
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? filledIn(shape, item, path, filling) : item));
  return isObject(value) ? filledIn(shape, value, path, filling) : value;
}

const isObject = (value: unknown): value is Properties => value !== null && typeof value === "object" && !Array.isArray(value);

const shapes = new Map<string, Shape>();

/** The outputs of a type: empty for one that is not the provider's. */
function shapeOf(type: string): Shape {
  const [, module, file, name] = /^gcp:(\w+)\/(\w+):(\w+)$/.exec(type) ?? [];
  const known = shapes.get(type);
  if (known) return known;
  const shape = module && file && name ? membersOf(classIn(declarationOf(module, file), name).members) : new Map<string, Property>();
  shapes.set(type, shape);
  return shape;
}

/** The token of `urlmap.d.ts` says `uRLMap`. */
function declarationOf(module: string, file: string): string {
  const found = readdirSync(join(SDK, module)).find((name) => name.toLowerCase() === `${file}.d.ts`.toLowerCase());
  if (!found) throw new Error(`the provider has no ${module}/${file}`);
  return join(SDK, module, found);
}

const parse = (file: string) => ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);

function classIn(file: string, name: string): ts.ClassDeclaration {
  const found = parse(file).statements.find((statement): statement is ts.ClassDeclaration => ts.isClassDeclaration(statement) && statement.name?.text === name);
  if (!found) throw new Error(`${file} has no class ${name}`);
  return found;
}

/** `outputs.cloudrunv2.ServiceTemplate`, by module and name. */
let interfaces: ReadonlyMap<string, ts.InterfaceDeclaration> | undefined;

function interfaceOf(name: string): ts.InterfaceDeclaration {
  interfaces ??= interfacesIn(parse(join(SDK, "types/output.d.ts")).statements, "outputs");
  const found = interfaces.get(name);
  if (!found) throw new Error(`the provider's outputs have no ${name}`);
  return found;
}

function interfacesIn(statements: readonly ts.Statement[], module: string): Map<string, ts.InterfaceDeclaration> {
  const found = new Map<string, ts.InterfaceDeclaration>();
  for (const statement of statements)
    if (ts.isInterfaceDeclaration(statement)) found.set(`${module}.${statement.name.text}`, statement);
    else if (ts.isModuleDeclaration(statement) && statement.body && ts.isModuleBlock(statement.body))
      for (const [name, inner] of interfacesIn(statement.body.statements, `${module}.${statement.name.text}`)) found.set(name, inner);
  return found;
}

/** The outputs among the members of a resource's class (`readonly ingress: pulumi.Output<string>`) or of an interface below it. */
function membersOf(members: readonly (ts.ClassElement | ts.TypeElement)[]): Shape {
  const shape = new Map<string, Property>();
  for (const member of members) {
    if (!(ts.isPropertyDeclaration(member) || ts.isPropertySignature(member)) || !member.type || !ts.isIdentifier(member.name)) continue;
    const type = ts.isPropertyDeclaration(member) ? outputOf(member.type) : member.type;
    if (type) shape.set(member.name.text, propertyOf(type, member.questionToken !== undefined));
  }
  return shape;
}

/** T of `pulumi.Output<T>`. */
const outputOf = (type: ts.TypeNode) => (ts.isTypeReferenceNode(type) && nameOf(type.typeName) === "pulumi.Output" ? type.typeArguments?.[0] : undefined);

function propertyOf(stated: ts.TypeNode, isOptional: boolean): Property {
  const parts = ts.isUnionTypeNode(stated) ? [...stated.types] : [stated];
  const isAbsent = (part: ts.TypeNode) => part.kind === ts.SyntaxKind.UndefinedKeyword;
  const type = parts.find((part) => !isAbsent(part)) ?? stated;
  return { kind: kindOf(type), isFilledIn: !isOptional && !parts.some(isAbsent), shape: once(() => shapeBelow(type)) };
}

function kindOf(type: ts.TypeNode): Kind {
  if (ts.isArrayTypeNode(type)) return "list";
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return "flag";
  if (type.kind === ts.SyntaxKind.NumberKeyword) return "number";
  return type.kind === ts.SyntaxKind.StringKeyword ? "text" : "object";
}

function shapeBelow(type: ts.TypeNode): Shape | undefined {
  const item = ts.isArrayTypeNode(type) ? type.elementType : type;
  const name = ts.isTypeReferenceNode(item) ? nameOf(item.typeName) : "";
  return name.startsWith("outputs.") ? membersOf(interfaceOf(name).members) : undefined;
}

const nameOf = (name: ts.EntityName): string => (ts.isIdentifier(name) ? name.text : `${nameOf(name.left)}.${name.right.text}`);

function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}
