import { type IncomingHttpHeaders, request } from 'node:http';
import { type PageEvent, type Problem, pageRoutes } from '@jami-plugin-store/contract';

export interface Visit {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  json<Value>(): Value;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | undefined;
}

/** One request over a connection of its own. */
export function visit(origin: string, path: string, asked: Asked = {}): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = asked;
    const outgoing = request(`${origin}${path}`, { method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: whole,
          json: () => JSON.parse(whole.toString()),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A browser's part: it opens the address, keeps the cookie, and says where it comes from. */
export class PageVisitor {
  readonly origin: string;
  readonly #cookie: string;

  private constructor(origin: string, cookie: string) {
    this.origin = origin;
    this.#cookie = cookie;
  }

  static async open(address: string): Promise<PageVisitor> {
    const { origin, hash } = new URL(address);
    const code = hash.replace('#code=', '');
    const body = JSON.stringify({ code });
    const headers = { origin, 'content-type': 'application/json' };
    const answer = await visit(origin, pageRoutes.session, { method: 'POST', headers, body });
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
    if (answer.status !== 204 || cookie === undefined) throw new Error(`No session: ${answer.body}`);
    return new PageVisitor(origin, cookie);
  }

  ask(path: string, asked: Asked & { json?: unknown } = {}): Promise<Visit> {
    const { json, ...rest } = asked;
    return visit(this.origin, path, {
      ...rest,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      headers: {
        origin: this.origin,
        cookie: this.#cookie,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
    });
  }

  async get<Value>(path: string): Promise<Value> {
    const answer = await this.ask(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return answer.json<Value>();
  }

  /** The refusal's code. */
  async refused(path: string, asked: Asked & { json?: unknown } = {}): Promise<string> {
    const answer = await this.ask(path, asked);
    if (answer.status < 400) throw new Error(`${path} was not refused: ${answer.status}`);
    return answer.json<Problem>().code;
  }

  /** The page's events from now on. */
  async listen(): Promise<PageListener> {
    return await PageListener.open(this.origin, this.#cookie);
  }
}

/** Reads server-sent events as they come, and waits for those it is asked for. */
export class PageListener implements Disposable {
  readonly events: PageEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => void;

  private constructor(stop: () => void) {
    this.#stop = stop;
  }

  static open(origin: string, cookie: string): Promise<PageListener> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${origin}${pageRoutes.events}`,
        { headers: { cookie }, agent: false },
        (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`No events: ${answer.statusCode}`));
          const listener = new PageListener(() => outgoing.destroy());
          let rest = '';
          answer.setEncoding('utf8').on('data', (text: string) => {
            const messages = (rest + text).split('\n\n');
            rest = messages.pop() ?? '';
            for (const message of messages) listener.#take(message);
          });
          answer.on('error', () => undefined);
          resolve(listener);
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  #take(message: string): void {
    const data = /^data: (.*)$/m.exec(message)?.[1];
    if (data === undefined) return;
    this.events.push(JSON.parse(data) as PageEvent);
    for (const look of [...this.#waiting]) look();
  }

  /** The first event that fits, of those that came and those to come. */
  until<Event extends PageEvent>(fits: (event: PageEvent) => event is Event): Promise<Event>;
  until(fits: (event: PageEvent) => boolean): Promise<PageEvent>;
  until(fits: (event: PageEvent) => boolean): Promise<PageEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
