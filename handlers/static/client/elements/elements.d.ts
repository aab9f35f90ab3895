import type { Client } from "../soulwire.js";

/** The client whose events the page's elements show, unless one has been given a `client` of its own. */
export declare function provide(client: Client | null): void;

interface Heard extends HTMLElement {
  client: Client | null;
}

/** A row of `GET /api/connections`. */
export interface ConnectionRow {
  platform: string;
  status: "connected" | "needs_reauth" | "disconnected";
  last_sync?: string | null;
  reconnect_url?: string | null;
}

export declare class SoulwireStatus extends HTMLElement implements Heard {
  client: Client | null;
}
export declare class SoulwireProgress extends HTMLElement implements Heard {
  client: Client | null;
}
export declare class SoulwireStreamCard extends HTMLElement implements Heard {
  client: Client | null;
  set connection(row: ConnectionRow);
}
export declare class SoulwireNotifications extends HTMLElement implements Heard {
  client: Client | null;
  readonly unread: number;
}
export declare class SoulwireRealtime extends HTMLElement implements Heard {
  client: Client | null;
  set connections(rows: readonly ConnectionRow[]);
}

declare global {
  interface HTMLElementTagNameMap {
    "soulwire-status": SoulwireStatus;
    "soulwire-progress": SoulwireProgress;
    "soulwire-stream-card": SoulwireStreamCard;
    "soulwire-notifications": SoulwireNotifications;
    "soulwire-realtime": SoulwireRealtime;
  }
}
