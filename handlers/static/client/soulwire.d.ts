/** In which state a client is; README.md says what leads from one to another. */
export type State = "connecting" | "live" | "offline" | "error";
export type TransportName = "websocket" | "sse" | "polling";

export interface Options {
  /** Where Soulwire is; default: where the page comes from. */
  url?: string;
  /** A token of the app, asked for whenever a stream opens or a token ends. Null, or no function: the session's cookie. */
  getToken?: (asked: { why: "connect" | "expiring" | "expired" | "refused" }) => Promise<string | null> | string | null;
  /** Whose events these are. A token of anybody else is then refused. */
  userId?: string;
  /** Where to begin: after this one. Default: now. */
  cursor?: string;
  /** Keeps the cursor beyond the page, such as `sessionStorage`. Needs `userId`. */
  storage?: Pick<Storage, "getItem" | "setItem">;
}

export interface Status {
  readonly state: State;
  /** Over what events come; null while none do. */
  readonly transport: TransportName | null;
  readonly user: string | null;
  /** Why it isn't live: a code of `CODES`, and words for people. */
  readonly code: number | null;
  readonly reason: string | null;
}

export interface Pulse {
  /** When the server was last heard of, in milliseconds since 1970. */
  readonly heardAt: number | null;
  /** How long its last answer took, in milliseconds. */
  readonly roundTrip: number | null;
}

export interface Event {
  readonly type: string;
  readonly offset: number;
  readonly cursor: string;
  readonly at: string;
  readonly platform?: string;
  readonly message?: unknown;
  readonly [field: string]: unknown;
}

interface ConnectionChange extends Event {
  readonly platform: string;
  readonly status: "connected" | "needs_reauth" | "disconnected";
  readonly method?: "webhook" | "polling" | null;
  readonly reason?: string | null;
  readonly hint?: string | null;
}

/** Soulwire's own events. The app's have the type `Event`. */
export interface Events {
  connected: ConnectionChange;
  connection_status: ConnectionChange;
  needs_reauth: Event & { readonly platform: string; readonly reason: string; readonly hint: string; readonly reconnect_url: string };
  token_refresh: Event & { readonly platform: string; readonly token_expires_at: string | null };
  platform_sync: Event & { readonly platform: string; readonly count: number; readonly duration_ms: number; readonly more?: true };
  new_data: Event & {
    readonly platform: string;
    readonly dataType: string;
    readonly count: number;
    /** These four of one new thing alone. */
    readonly who?: string | null;
    readonly what?: string | null;
    readonly where?: string | null;
    readonly url?: string | null;
  };
  extraction_progress: Event & {
    readonly platform: string;
    readonly dataType: string | null;
    readonly progress: number;
    readonly done: number;
    readonly total: number;
    readonly message: string;
  };
  webhook_received: Event & {
    readonly platform: string;
    readonly delivery_id: string;
    readonly kind: string;
    readonly who?: string | null;
    readonly what?: string | null;
    readonly where?: string | null;
    readonly url?: string | null;
  };
  notification: Event & {
    readonly id?: string;
    readonly level?: "info" | "warning" | "error" | "success";
    readonly source?: string;
    readonly title?: string;
    readonly body?: string;
    readonly persistent?: boolean;
  };
  problem: Event & { readonly code: string };
}

type Off = () => void;

export declare class Client {
  constructor(options?: Options);
  /** A new object whenever something of it changes. */
  readonly status: Status;
  readonly pulse: Pulse;
  /** Where this page stands in the user's sequence. */
  readonly cursor: string | null;
  /** Calls `fn` for each event of this type; `*` is all. Returns what ends it. */
  on<T extends keyof Events>(type: T, fn: (event: Events[T]) => void): Off;
  on(type: string, fn: (event: Event) => void): Off;
  /** Calls `fn` now, and whenever the status changes. */
  onStatus(fn: (status: Status) => void): Off;
  onPulse(fn: (pulse: Pulse) => void): Off;
  /** What was missed can't be had one by one: read the state anew. */
  onReload(fn: (reason: string) => void): Off;
  /** A message to the server. False: there is no socket to send it by. */
  send(message: { type: string; [field: string]: unknown }): boolean;
  /** Try now, also after an error. */
  reconnect(): void;
  close(): void;
}

/** Opens a user's stream. Listeners that are added in the same turn miss nothing. */
export declare function connect(options?: Options): Client;

/** Why a stream ended. From 4500 on, the client doesn't come back by itself. */
export declare const CODES: {
  readonly LOST: 0;
  readonly GOING_AWAY: 4000;
  readonly TOKEN_EXPIRED: 4001;
  readonly TOO_SLOW: 4008;
  readonly NO_PONG: 4010;
  readonly TOO_MANY_REQUESTS: 4013;
  readonly NOT_NOW: 4020;
  readonly NO_AUTH: 4500;
  readonly INVALID_TOKEN: 4501;
  readonly BAD_MESSAGE: 4502;
  readonly NOT_ALLOWED: 4503;
  readonly TOO_MANY_STREAMS: 4504;
  readonly REVOKED: 4505;
};

/** What leads from one state to another. */
export declare const STATES: Readonly<Record<State, Readonly<Record<string, State>>>>;
