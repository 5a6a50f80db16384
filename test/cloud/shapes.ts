import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/*
 * Which outputs a resource has, as the provider's types say: an output that is never absent is there after creation, so
 * a preview does not know it where the program leaves it out; any other is null then.
 */

const SDK = dirname(require.resolve("@pulumi/gcp/package.json"));

/** What a property holds. */
export type Holds = "text" | "flag" | "number" | "list" | "object";

export interface Property {
  readonly holds: Holds;
  /** Whether it is there after every creation. */
  readonly isFilledIn: boolean;
  /** The shape of what stands below it, of a list's items. */
  readonly below?: string;
}
type Shape = Readonly<Record<string, Property>>;
/** By type token, and what stands below a property by the name of the SDK's interface. */
export type Shapes = Readonly<Record<string, Shape>>;

const shapes: Record<string, Shape> = {};

/**
 * The shapes of these types and of all that stands below them, beside those that were asked for before. A type that is
 * not the provider's has an empty one.
 */
export function shapesOf(types: readonly string[]): Shapes {
  for (const name of types) {
    if (shapes[name]) continue;
    shapes[name] = read(name);
    shapesOf(Object.values(shapes[name]).flatMap(({ below }) => below ?? []));
  }
  return shapes;
}

function read(name: string): Shape {
  if (name.startsWith("outputs.")) return membersOf(interfaceOf(name).members);
  const [, module, file, resource] = /^gcp:(\w+)\/(\w+):(\w+)$/.exec(name) ?? [];
  return module && file && resource ? membersOf(classIn(declarationOf(module, file), resource).members) : {};
}

/** The token of `urlmap.d.ts` says `uRLMap`. */
function declarationOf(module: string, file: string): string {
  const found = readdirSync(join(SDK, module)).find((name) => name.toLowerCase() === `${file}.d.ts`.toLowerCase());
  if (!found) throw new Error(`the provider has no ${module}/${file}`);
  return join(SDK, module, found);
}

const parse = (file: string) => ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);

function classIn(file: string, name: string): ts.ClassDeclaration {
  const found = parse(file).statements.find(
    (statement): statement is ts.ClassDeclaration => ts.isClassDeclaration(statement) && statement.name?.text === name,
  );
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
      for (const [name, inner] of interfacesIn(statement.body.statements, `${module}.${statement.name.text}`))
        found.set(name, inner);
  return found;
}

/**
 * The outputs among the members of a resource's class (`readonly ingress: pulumi.Output<string>`) or of an interface
 * below it.
 */
function membersOf(members: readonly (ts.ClassElement | ts.TypeElement)[]): Shape {
  const shape: Record<string, Property> = {};
  for (const member of members) {
    if (
      !(ts.isPropertyDeclaration(member) || ts.isPropertySignature(member)) ||
      !member.type ||
      !ts.isIdentifier(member.name)
    )
      continue;
    const type = ts.isPropertyDeclaration(member) ? outputOf(member.type) : member.type;
    if (type) shape[member.name.text] = propertyOf(type, member.questionToken !== undefined);
  }
  return shape;
}

/** T of `pulumi.Output<T>`. */
const outputOf = (type: ts.TypeNode) =>
  ts.isTypeReferenceNode(type) && nameOf(type.typeName) === "pulumi.Output" ? type.typeArguments?.[0] : undefined;

function propertyOf(stated: ts.TypeNode, isOptional: boolean): Property {
  const parts = ts.isUnionTypeNode(stated) ? [...stated.types] : [stated];
  const isAbsent = (part: ts.TypeNode) => part.kind === ts.SyntaxKind.UndefinedKeyword;
  const type = parts.find((part) => !isAbsent(part)) ?? stated;
  const below = shapeBelow(type);
  return {
    holds: heldBy(type),
    isFilledIn: !isOptional && !parts.some(isAbsent),
    ...(below === undefined ? {} : { below }),
  };
}

function heldBy(type: ts.TypeNode): Holds {
  if (ts.isArrayTypeNode(type)) return "list";
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return "flag";
  if (type.kind === ts.SyntaxKind.NumberKeyword) return "number";
  return type.kind === ts.SyntaxKind.StringKeyword ? "text" : "object";
}

function shapeBelow(type: ts.TypeNode): string | undefined {
  const item = ts.isArrayTypeNode(type) ? type.elementType : type;
  const name = ts.isTypeReferenceNode(item) ? nameOf(item.typeName) : "";
  return name.startsWith("outputs.") ? name : undefined;
}

const nameOf = (name: ts.EntityName): string =>
  ts.isIdentifier(name) ? name.text : `${nameOf(name.left)}.${name.right.text}`;
