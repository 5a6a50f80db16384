import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Written {
  readonly id: number;
  readonly number: number;
  body: string;
  title?: string;
  state: string;
  readonly user: { readonly login: string };
  readonly pull_request?: object;
}

/**
 * The calls of GitHub's API that the pipelines make, over a repository in memory. A comment's `number` is its issue's.
 */
export class GitHubApi {
  readonly issues: Written[] = [];
  readonly comments: Written[] = [];
  pulls: {
    readonly number: number;
    readonly head: { readonly sha: string; readonly label: string };
    readonly state: string;
  }[] = [];
  /** `METHOD path`, without queries. */
  readonly calls: string[] = [];
  /** Every call is refused with this status. */
  broken: number | undefined;
  private ids = 100;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<GitHubApi> {
    const server = createServer();
    const api = new GitHubApi(server);
    server.on("request", async (request, response) => {
      let text = "";
      for await (const part of request) text += part;
      const [status, answer] =
        request.headers.authorization === "Bearer a token"
          ? api.answer(request.method ?? "", request.url ?? "", text)
          : [401, { message: "Bad credentials" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // it listens on a port
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  add(to: "issues" | "comments", one: Partial<Written> & { readonly body: string }): Written {
    const id = this.ids++;
    const made = { id, number: id, state: "open", user: { login: "github-actions[bot]" }, ...one };
    this[to].push(made);
    return made;
  }

  private answer(method: string, url: string, text: string): [number, unknown] {
    const { pathname, searchParams: query } = new URL(url, this.url);
    const path = pathname.replace("/repos/netra/staging/", "");
    this.calls.push(`${method} ${path}`);
    if (this.broken !== undefined) return [this.broken, { message: "Resource not accessible by integration" }];
    const body = text === "" ? {} : JSON.parse(text);
    const page = <T>(entries: readonly T[]) => {
      const [size, number] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
      return entries.slice((number - 1) * size, number * size);
    };
    if (method === "GET" && path === "pulls")
      return [
        200,
        page(this.pulls.filter(({ state, head }) => state === query.get("state") && head.label === query.get("head"))),
      ];
    if (method === "GET" && path === "issues")
      return [
        200,
        page(
          this.issues.filter(({ state, user }) => state === query.get("state") && user.login === query.get("creator")),
        ),
      ];
    if (method === "POST" && path === "issues") return [201, this.add("issues", body)];
    const [, issue, ofIssue] = /^issues\/(\d+)(\/comments)?$/.exec(path) ?? [];
    if (method === "GET" && ofIssue) return [200, page(this.comments.filter(({ number }) => number === Number(issue)))];
    if (method === "POST" && ofIssue) return [201, this.add("comments", { ...body, number: Number(issue) })];
    const [, comment] = /^issues\/comments\/(\d+)$/.exec(path) ?? [];
    const changed = issue
      ? this.issues.find(({ number }) => number === Number(issue))
      : this.comments.find(({ id }) => id === Number(comment));
    if (method === "PATCH" && changed) return [200, Object.assign(changed, body)];
    return [404, { message: "Not Found" }];
  }
}
