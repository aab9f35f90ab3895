import type { ReactNode, ReactElement } from "react";
import type { Event, Events, Options, Pulse, State, Status, TransportName } from "./soulwire.js";

/** What `connect` takes, for all hooks below it. */
export declare function SoulwireProvider(props: Options & { children?: ReactNode }): ReactElement;

export interface StreamOptions extends Options {
  /** Each event once, in order, however many hooks and transports there are. */
  onEvent?: (event: Event) => void;
  /** What was missed can't be had one by one: read the state anew. */
  onReload?: (reason: string) => void;
}

export declare function useServerSentEvents(
  userId: string,
  options?: Omit<StreamOptions, "userId">,
): { connected: boolean; lastEvent: Event | null; status: Status; reconnect: () => void };

export declare function useWebSocket(options?: StreamOptions): {
  status: State;
  transport: TransportName | null;
  reason: string | null;
  lastEvent: Event | null;
  /** False: there is no socket to send it by. */
  send: (message: { type: string; [field: string]: unknown }) => boolean;
  reconnect: () => void;
};

export declare function useConnectionHeartbeat(): Status & Pulse & { isAlive: boolean; reconnect: () => void };

export type Notification = Events["notification"] & { readonly id: string; readonly read: boolean };

/** Those that came since the page was opened, newest first. */
export declare function useRealtimeNotifications(): {
  notifications: readonly Notification[];
  unreadCount: number;
  markAsRead: (id: string) => void;
  markAllAsRead: () => void;
  dismiss: (id: string) => void;
  isConnected: boolean;
};

/** One long read; `id` is `platform/dataType`, such as `github/events`. */
export interface StreamProgress {
  readonly id: string;
  readonly platform: string;
  readonly dataType: string | null;
  /** 0 to 100. */
  readonly progress: number;
  readonly done: number;
  readonly total: number;
  /** The same in words. */
  readonly message: string;
  readonly at: string;
}

/** `progress` is null as long as nothing is known of this stream. */
export declare function useStreamProgress(id: string): {
  progress: number | null;
  done: number | null;
  total: number | null;
  message: string | null;
  isConnected: boolean;
};

/** The one that moved last comes first. */
export declare function useAllStreamsProgress(): { streams: readonly StreamProgress[]; isConnected: boolean };

export declare function useServiceWorker(options?: { url?: string }): {
  supported: boolean;
  /** The worker is registered and active. */
  ready: boolean;
  registration: ServiceWorkerRegistration | null;
  error: Error | null;
  permission: NotificationPermission | "unsupported";
  /** Asks for the sync `sync-platform-data` once the network is there. False: this browser can't. */
  requestSync: () => Promise<boolean>;
  requestPermission: () => Promise<NotificationPermission | "unsupported">;
};
