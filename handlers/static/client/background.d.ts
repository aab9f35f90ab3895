/** The session's cookie signs these requests, or the token that is given. */
export interface How {
  /** Where Soulwire is; default: where the page comes from. */
  url?: string;
  token?: string | null;
}

/** The registration, once the worker is at work. Null where the browser has no workers, or the page isn't secure. */
export declare function register(path?: string): Promise<ServiceWorkerRegistration | null>;
/** Have all platforms read once the network is there. False: this browser has no background sync, or doesn't allow it. */
export declare function requestSync(registration: ServiceWorkerRegistration | null): Promise<boolean>;
/** Have them read now and then while no page is open; `every` in milliseconds. */
export declare function requestPeriodicSync(registration: ServiceWorkerRegistration | null, every?: number): Promise<boolean>;
/** Asks for permission where it hasn't been asked for. Null: not allowed. */
export declare function subscribePush(registration: ServiceWorkerRegistration | null, how?: How): Promise<PushSubscription | null>;
export declare function unsubscribePush(registration: ServiceWorkerRegistration | null, how?: How): Promise<void>;
/** Calls `fn(activate)` when a newer worker waits; `activate()` takes it over and loads the page anew. */
export declare function onUpdate(registration: ServiceWorkerRegistration, fn: (activate: () => void) => void): () => void;
