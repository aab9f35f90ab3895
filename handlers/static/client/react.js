/* React hooks over the client. All hooks for one user share one connection, which ends when the last is unmounted. */

import { createContext, createElement, useCallback, useContext, useEffect } from "react";
import { useInsertionEffect, useRef, useState, useSyncExternalStore } from "react";
import { NOTHING } from "./notifications.js";
import { acquire } from "./shared.js";
import { useServiceWorker } from "./react-worker.js";

export { useServiceWorker };

const Given = createContext({});
const CONNECTING = Object.freeze({ state: "connecting", transport: null, user: null, code: null, reason: null });
const NO_STREAMS = Object.freeze([]);
const UNKNOWN = Object.freeze({ progress: null, done: null, total: null, message: null });
const NO_PULSE = Object.freeze({ heardAt: null, roundTrip: null });
const PULSE_EVERY = 500;

/** What `connect` takes, for all hooks below. */
export function SoulwireProvider({ children, ...options }) {
  return createElement(Given.Provider, { value: options }, children);
}

/** The events of a user. `onEvent` gets each once, in order, however many hooks and transports there are. */
export function useServerSentEvents(userId, { onEvent, onReload, ...options } = {}) {
  const { status, lastEvent, reconnect } = useStream({ ...options, userId }, onEvent, onReload);
  return { connected: status.state === "live", lastEvent, status, reconnect };
}

/** The same, and a way to say something to the server. */
export function useWebSocket({ onEvent, onReload, ...options } = {}) {
  const { status, lastEvent, reconnect, shared } = useStream(options, onEvent, onReload);
  const send = useCallback((message) => shared?.client.send(message) ?? false, [shared]);
  return { status: status.state, transport: status.transport, reason: status.reason, lastEvent, send, reconnect };
}

/** Whether the server is there: when it was last heard of, and how long its last answer took. */
export function useConnectionHeartbeat() {
  const shared = useShared();
  const status = useStatus(shared);
  const [pulse, setPulse] = useState(NO_PULSE);
  useEffect(() => (shared ? watchPulse(shared.client, setPulse) : undefined), [shared]);
  const reconnect = useCallback(() => shared?.client.reconnect(), [shared]);
  return { isAlive: status.state === "live", ...status, ...pulse, reconnect };
}

/** Those that came since the page was opened, newest first. */
export function useRealtimeNotifications() {
  const shared = useShared();
  const { notifications, unreadCount } = useSnapshot(shared?.notifications, NOTHING);
  const markAsRead = useCallback((id) => shared?.notifications.markAsRead(id), [shared]);
  const markAllAsRead = useCallback(() => shared?.notifications.markAllAsRead(), [shared]);
  const dismiss = useCallback((id) => shared?.notifications.dismiss(id), [shared]);
  const isConnected = useStatus(shared).state === "live";
  return { notifications, unreadCount, markAsRead, markAllAsRead, dismiss, isConnected };
}

/** How far one long read is: `github/events`. `progress` is null as long as nothing is known of it. */
export function useStreamProgress(id) {
  const { streams, isConnected } = useAllStreamsProgress();
  const { progress, done, total, message } = streams.find((one) => one.id === id) ?? UNKNOWN;
  return { progress, done, total, message, isConnected };
}

export function useAllStreamsProgress() {
  const shared = useShared();
  const streams = useSnapshot(shared?.progress, NO_STREAMS);
  return { streams, isConnected: useStatus(shared).state === "live" };
}

/** Takes part in the connection as long as it is mounted; null before. `listen(client)` returns what ends it. */
function useShared(options, listen) {
  const all = { ...useContext(Given), ...options };
  const latest = useLatest({ all, listen });
  const [shared, setShared] = useState(null);
  useEffect(() => {
    const got = acquire(following(latest));
    const off = latest.current.listen?.(got.client);
    setShared(got);
    return () => {
      off?.();
      got.release();
    };
  }, [all.url, all.userId, latest]);
  return shared;
}

function useStream(options, onEvent, onReload) {
  const [lastEvent, setLastEvent] = useState(null);
  const latest = useLatest({ onEvent, onReload });
  const shared = useShared(options, (client) => {
    const heard = client.on("*", (event) => {
      if (!("offset" in event)) return;
      setLastEvent(event);
      latest.current.onEvent?.(event);
    });
    const reload = client.onReload((reason) => latest.current.onReload?.(reason));
    return () => [heard, reload].forEach((off) => off());
  });
  const reconnect = useCallback(() => shared?.client.reconnect(), [shared]);
  return { status: useStatus(shared), lastEvent, reconnect, shared };
}

function useStatus(shared) {
  const watch = useCallback((fn) => shared?.client.onStatus(fn) ?? (() => {}), [shared]);
  return useSyncExternalStore(watch, () => shared?.client.status ?? CONNECTING, () => CONNECTING);
}

function useSnapshot(store, nothing) {
  const watch = useCallback((fn) => store?.onChange(fn) ?? (() => {}), [store]);
  return useSyncExternalStore(watch, () => store?.snapshot ?? nothing, () => nothing);
}

/** A ref to what the latest render was given. */
function useLatest(value) {
  const ref = useRef(value);
  useInsertionEffect(() => {
    ref.current = value;
  });
  return ref;
}

/** The options of `connect`; the token is asked of the latest render's function. */
function following(latest) {
  const { all } = latest.current;
  const getToken = all.getToken && ((asked) => latest.current.all.getToken?.(asked) ?? null);
  return { ...all, getToken };
}

/** Not at every event: nobody reads that fast. */
function watchPulse(client, tell) {
  let timer = 0;
  const now = () => {
    timer = 0;
    tell(client.pulse);
  };
  const off = client.onPulse(() => {
    timer ||= setTimeout(now, PULSE_EVERY);
  });
  now();
  return () => {
    off();
    clearTimeout(timer);
  };
}
